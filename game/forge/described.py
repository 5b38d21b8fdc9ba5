"""Does a model play whom its brief describes? Its moves' frequencies against that persona's policy.

The brief's last line describes a persona and nothing else tells who plays. The model plays its own
episodes, and at each of its decisions the persona's policy says how likely it would have made each
move. Moves count by their verb and by the drives that the referee would find in them. The distance is
the total variation between the model's frequencies and the policy's mean probabilities; the floor is
what as many draws from the policy itself would have.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from random import Random
from typing import Any

import numpy as np

from game.agents.scripted import ScriptedAgent
from game.engine.client import EngineClient
from game.engine.protocol import ModelInfo, Sampler
from game.events import Token
from game.forge.candidate import Candidate, Tally, at_once
from game.forge.corpus import HELD_OUT_SEED
from game.forge.episodes import cast, episode_table
from game.forge.personas import PERSONAS, Persona
from game.referee.ledger import as_if
from game.scenario.schema import Scenario
from game.table.episode import Table
from game.table.protocol import GroundedMove, Turn, View
from game.world.state import World

SEED = HELD_OUT_SEED + 55_000_000
"""Worlds of these episodes: apart from training and from the rest of the gate."""
RESAMPLED = 200
"""Draws from the policy that the floor is a mean over."""
HARDLY = 0.02
"""A move that a policy makes less often than this it would hardly make."""
LINES = ("lines", "held_out")
"""Descriptions that the corpus has, and descriptions that it has not."""
Chances = Mapping[str, float]
"""What moves count as, and how likely each is."""


@dataclass(frozen=True)
class Decision:
    """What the model did, how likely its persona does each thing there, and how likely anybody does."""

    did: str
    persona: Chances
    anybody: Chances


@dataclass(frozen=True)
class Distance:
    """Total variation over `n` decisions.

    `ignoring`: the policy's distance from that of the whole population. `astray`: the share of decisions that the
    policy would hardly make (less than `HARDLY`): it tells a base that plays somebody else from one that has lost its
    way.
    """

    n: int
    variation: float
    floor: float
    ignoring: float
    astray: float

    @property
    def above(self) -> float:
        """What is left of the distance above the sampling floor."""
        return self.variation - self.floor


class Described(Candidate):
    """A candidate that plays under a description; its decisions are kept."""

    def __init__(
        self, client: EngineClient, info: ModelInfo, sampler: Sampler, persona: Persona, line: str, kept: list[Decision]
    ) -> None:
        super().__init__(client, info, sampler, Tally())
        self.persona, self.line, self.kept = persona, line, kept

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        brief = view.messages[0]
        told = replace(brief, content=f"{brief.content}\n{self.line}")
        async for item in super().act(replace(view, messages=(told, *view.messages[1:]))):
            if isinstance(item, Turn):
                self.kept.append(decision(view, item.move, self.persona))
            yield item


def counts_as(world: World, move: GroundedMove) -> str:
    """What a move is counted as: the scenario, the verb, and the drives that it would show."""
    drives = sorted({f.drive for f in as_if(world, move)})
    return " ".join([world.scenario.id, move.name, *drives])


def decision(view: View, chosen: int, persona: Persona) -> Decision:
    """A decision, with the persona's policy and the population's at it."""
    assert view.scene is not None
    kinds = [counts_as(view.scene.world, move) for move in view.moves]
    policies = {p.name: _summed(kinds, ScriptedAgent(p.bench).policy(view)[0]) for p in PERSONAS.values()}
    anybody = {kind: sum(p.share * policies[p.name][kind] for p in PERSONAS.values()) for kind in set(kinds)}
    return Decision(kinds[chosen], policies[persona.name], anybody)


def _summed(kinds: Sequence[str], p: Sequence[float]) -> dict[str, float]:
    out = dict.fromkeys(kinds, 0.0)
    for kind, chance in zip(kinds, p, strict=True):
        out[kind] += chance
    return out


def by_what_they_show(decisions: Sequence[Decision]) -> list[Decision]:
    """The same decisions, where moves of a scenario that show the same drives are one."""

    def shown(kind: str) -> str:
        scenario, _, *drives = kind.split(" ")
        return " ".join([scenario, *drives])

    def summed(chances: Chances) -> Chances:
        return _summed([shown(kind) for kind in chances], list(chances.values()))

    return [Decision(shown(d.did), summed(d.persona), summed(d.anybody)) for d in decisions]


def distance(decisions: Sequence[Decision]) -> Distance:
    """How far what was done is from what the persona does. Raises ValueError without decisions."""
    if not decisions:
        raise ValueError("nothing was decided")
    column = {kind: n for n, kind in enumerate(sorted({kind for d in decisions for kind in d.persona}))}
    policy, anybody = np.zeros((2, len(decisions), len(column)))
    for row, d in enumerate(decisions):
        for kind, n in column.items():
            policy[row, n], anybody[row, n] = d.persona.get(kind, 0.0), d.anybody.get(kind, 0.0)
    wanted = policy.mean(0)

    def from_wanted(did: np.ndarray[Any, Any]) -> float:
        found = np.bincount(did, minlength=len(column)) / len(decisions)
        return float(np.abs(found - wanted).sum() / 2)

    rng, up_to = np.random.default_rng(1), policy.cumsum(1)
    drawn = ((up_to < rng.random((len(decisions), 1)) * up_to[:, -1:]).sum(1) for _ in range(RESAMPLED))
    return Distance(
        len(decisions),
        from_wanted(np.array([column[d.did] for d in decisions])),
        float(np.mean([from_wanted(did) for did in drawn])),
        float(np.abs(anybody.mean(0) - wanted).sum() / 2),
        sum(d.persona.get(d.did, 0.0) < HARDLY for d in decisions) / len(decisions),
    )


@dataclass
class _Group:
    """The decisions under one persona's descriptions of one kind."""

    persona: Persona
    told: str
    kept: list[Decision] = field(default_factory=list)


async def frequencies(
    client: EngineClient, info: ModelInfo, sampler: Sampler, scenarios: Mapping[str, Scenario], episodes: int
) -> list[dict[str, Any]]:
    """For each persona and kind of description: `episodes` of every scenario, and the distance over all of them."""
    groups = [_Group(persona, told) for persona in PERSONAS.values() for told in LINES]
    tables: list[Table] = []
    for g, group in enumerate(groups):
        for scenario in scenarios.values():
            for i in range(episodes):
                seed = SEED + g * 1000 + i
                line = Random(f"{seed}/{scenario.id}/line").choice(getattr(group.persona, group.told))
                table = episode_table(scenario, cast(scenario, seed), vary=False, meddle=False)
                table.agent = Described(client, info, sampler, group.persona, line, group.kept)
                tables.append(table)
    await at_once(tables)
    out = []
    for group in groups:
        found, shown = distance(group.kept), distance(by_what_they_show(group.kept))
        row = {"persona": group.persona.name, "told": group.told, **asdict(found), "above": found.above}
        row |= {"shown": shown.above, "shown_floor": shown.floor}
        out.append({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
    return out
