"""Matched forks of a recorded episode: unattended continuations from one decision, as one batch.

The episode is played again from its record up to the decision, under the changed factors where
there are any, and goes on from there with other seeds. A fork is written whole, its past
included, so that it reads, reports and verifies like any other episode.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from game import __version__
from game.agents.chair import ModelRef, digest_of, find_model, find_models, identity_of, open_agent, repeats
from game.agents.replay import Exhausted, NotLegal
from game.errors import UserError
from game.events import AgentTurn, Branch, EpisodeEnd, EpisodeStart, Event, Header, Token
from game.journal.pick import matching
from game.journal.read import Reader, lineage, truncation_of, turn_of
from game.journal.scenarios import finder
from game.journal.verify import NOT_PLAYED, compare, table_for
from game.journal.write import Journal
from game.lab import stats
from game.lab.episodes import VALID
from game.lab.run import record
from game.scenario import near
from game.scenario.load import Loaded
from game.scenario.schema import DRIVES, HEADLINES
from game.settings import EngineSettings
from game.table.episode import Table, play
from game.table.forks import Nobody
from game.table.scene import Scene

MOST_AT_ONCE = 64
KEPT = (
    "scenarios",
    "scenario",
    "models",
    "model",
    "temperature",
    "truncation",
    "engine",
    "adapters",
    "control_vectors",
)
"""Settings of the parent's journal that are the forks' too."""
Progress = Callable[[EpisodeEnd], None]


@dataclass(frozen=True)
class Parent:
    """The episode that is forked, from its very beginning."""

    file: Path
    header: Header
    events: tuple[Event, ...]
    start: EpisodeStart
    loaded: Loaded
    model: ModelRef

    @property
    def id(self) -> str:
        return self.start.episode

    @property
    def end(self) -> EpisodeEnd | None:
        last = self.events[-1]
        return last if isinstance(last, EpisodeEnd) else None

    @property
    def scored(self) -> bool:
        """Whether its decisions have propensities."""
        return any(isinstance(e, AgentTurn) and e.propensities is not None for e in self.events)


@dataclass(frozen=True)
class Decision:
    """Where the forks begin: the table that is about to decide, and what happened up to there."""

    table: Table
    scene: Scene
    past: tuple[Event, ...]
    factors: Mapping[str, str]
    """The named ones."""


def open_parent(file: Path, episode: str) -> Parent:
    """The episode, its scenario and its model. Raises UserError where one of them is gone or was changed."""
    reader = Reader(file)
    kept, found = matching(reader, episode)
    events = lineage(kept, found.id)
    start = next((e for e in events if isinstance(e, EpisodeStart)), None)
    if start is None:
        raise UserError(f"{file}: {found.id} has no beginning in this file; fork it from the file that has")
    loaded = finder(reader.header)(start.scenario)
    if start.scenario_sha256 and loaded.sha256 != start.scenario_sha256:
        was, now = start.scenario_sha256[:12], loaded.sha256[:12]
        raise UserError(f"the scenario {start.scenario} was changed since {found.id} was played ({was}, now {now})")
    model = _model(reader.header.settings, start)
    # A branch in a save has its parent's beginning: under its own id.
    return Parent(file, reader.header, tuple(events), start.model_copy(update={"episode": found.id}), loaded, model)


def _model(settings: Mapping[str, object], start: EpisodeStart) -> ModelRef:
    """The model that played. Raises UserError if it is gone or another file has its name now."""
    named = _texts(settings.get("models", settings.get("model", []))) or [start.model]
    over = _texts(settings.get("adapters")), _texts(settings.get("control_vectors"))
    refs: list[ModelRef] = []
    gone: UserError | None = None
    for name in named:
        try:
            scripted = find_model(name).path is None
            refs += find_models([name], *(([], []) if scripted else over))
        except UserError as e:
            gone = e
    found = next((ref for ref in refs if ref.name == start.model), None)
    if found is None:
        raise gone or UserError(f"the model {start.model} is not where it was")
    now = digest_of(identity_of(found))
    if start.model_sha256 and found.path is not None and now != start.model_sha256:
        raise UserError(
            f"{found.path} is not the {start.model} that played ({start.model_sha256[:12]}, now {now[:12]})"
        )
    return found


def _texts(value: object) -> list[str]:
    return [str(x) for x in value] if isinstance(value, list) else [str(value)] if value else []


def check_factors(parent: Parent, factors: Mapping[str, str]) -> None:
    """Raises UserError for a factor or a level that the scenario does not have."""
    known = parent.loaded.scenario.factors
    for factor, level in factors.items():
        if factor not in known:
            raise UserError(f'{parent.loaded.scenario.id} has no factor "{factor}" ({near.hint(factor, known)})')
        if level not in known[factor]:
            raise UserError(f'factor {factor} has no level "{level}" ({near.hint(level, known[factor])})')


async def decision_of(parent: Parent, turn: int, factors: Mapping[str, str]) -> Decision:
    """Play the record again up to the decision of `turn`, in the world of `factors`.

    Raises UserError where the episode has no such decision, or its past is not possible there.
    """
    made = [e.turn for e in parent.events if isinstance(e, AgentTurn)]
    if turn not in made:
        last = f"its decisions are 1 to {max(made)}" if made else "it has no decision"
        raise UserError(f"{parent.id} has no decision at turn {turn}; {last}")
    start = parent.start.model_copy(update={"factors": {**parent.start.factors, **factors}})
    before = [e for e in parent.events if turn_of(e) < turn and not isinstance(e, EpisodeStart | EpisodeEnd)]
    events: list[Event] = [start, *before]
    table = table_for(events, parent.loaded, episode=parent.id)
    table.propensities = parent.scored
    changed = any(parent.start.factors.get(f) != level for f, level in factors.items())
    recorded = [e for e in parent.events if e.type not in NOT_PLAYED]  # type: ignore[attr-defined]
    past: list[Event] = []
    try:
        async with aclosing(play(table)) as stream:  # type: ignore[type-var]
            async for event in stream:
                if isinstance(event, Token):
                    continue
                # Under the same factors the same has to come of the same moves.
                found = None if changed else compare(recorded[len(past)], event)
                if found is not None:
                    raise UserError(f"{parent.id} does not play again as it was recorded: {found}")
                past.append(event)
    except NotLegal as e:
        raise UserError(
            f"{parent.id}, turn {e.turn}: under {say(factors)} the move {e.line} is not possible; fork at turn {e.turn}"
        ) from None
    except Exhausted:
        pass
    scene = table.scene
    if scene.world.turn != turn or table.status is not None:
        raise UserError(f"{parent.id}: under {say(factors)} it is over before turn {turn}; fork it earlier")
    return Decision(table, scene, tuple(past), factors)


def engine_of(settings: Mapping[str, object]) -> EngineSettings | None:
    """How the parent's model ran; None where its header does not say."""
    try:
        return EngineSettings.model_validate(settings["engine"])
    except (KeyError, ValueError):
        return None


def say(factors: Mapping[str, str]) -> str:
    """Factors as they are written on a command line."""
    return ", ".join(f"{f}={level}" for f, level in factors.items()) or "the same factors"


def fork_id(parent: Parent, turn: int, factors: Mapping[str, str], number: int) -> str:
    """`sandwich/egg/0007/fork 5/oversight=unwatched/0000`; without named factors these are left out."""
    levels = ",".join(f"{f}={level}" for f, level in factors.items())
    return "/".join(p for p in (parent.id, f"fork {turn}", levels, f"{number:04}") if p)


def fork_seed(parent: Parent, turn: int, seed: int, number: int) -> int:
    """48 bits that decide what a fork draws; the same under every factor, so that forks are paired."""
    digest = hashlib.sha256(f"{parent.start.seed}/{parent.id}/{turn}/{seed}/fork {number}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def fork_header(parent: Parent, turn: int, factors: Mapping[str, str], seed: int, episodes: int) -> Header:
    """The first line of the forks' journal; `command` is the program's own to fill in."""
    settings = parent.header.settings
    return Header(
        kind="run",
        program=f"parkbench {__version__}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        settings={
            **{k: v for k, v in settings.items() if k in KEPT},
            "factors": {f: [level] for f, level in factors.items()},
            "propensities": parent.scored,
            "episodes": episodes,
            "seed": seed,
            "fork": {"file": parent.file.name, "episode": parent.id, "turn": turn},
        },
        identities={
            "scenarios": {parent.loaded.scenario.id: parent.loaded.sha256},
            "models": {parent.model.name: identity_of(parent.model)},
            "repeats": {parent.model.name: repeats(parent.model)},
        },
    )


async def play_all(
    parent: Parent, decision: Decision, turn: int, seed: int, episodes: int, journal: Journal, progress: Progress
) -> list[EpisodeEnd]:
    """Play the forks side by side and write each when it has ended. Raises Failure."""
    temperature = parent.header.settings.get("temperature")
    ends: dict[int, EpisodeEnd] = {}
    sequences = min(episodes, MOST_AT_ONCE)
    async with open_agent(
        parent.model,
        sequences=sequences,
        engine=engine_of(parent.header.settings),
        temperature=float(temperature) if isinstance(temperature, int | float) else None,
    ) as chair:
        todo = iter(range(episodes))

        async def worker() -> None:
            for number in todo:
                id = fork_id(parent, turn, decision.factors, number)
                scene = replace(
                    decision.scene,
                    episode=id,
                    seed=fork_seed(parent, turn, seed, number),
                    truncation=truncation_of(parent.header.settings),
                )
                table = replace(
                    decision.table,
                    scene=scene,
                    agent=chair.agent,
                    researcher=Nobody(),
                    decisions=[],
                    on_menu=list(decision.table.on_menu),
                )
                past: list[Event] = [e.model_copy(update={"episode": id}) for e in decision.past]
                past[0] = past[0].model_copy(
                    update={"model": chair.agent.name, "model_sha256": chair.agent.sha256, "researcher": Nobody.name}
                )
                past.append(Branch(episode=id, parent=parent.id, turn=turn))
                events = await record(table, resumed=True, decided=False)
                end = events[-1]
                assert isinstance(end, EpisodeEnd)
                journal.append([*past, *events])
                ends[number] = end
                progress(end)
                await asyncio.sleep(0)

        tasks = [asyncio.create_task(worker()) for _ in range(sequences)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return [ends[n] for n in sorted(ends)]


def drives_after(end: EpisodeEnd | None, turn: int) -> frozenset[str]:
    """Drives and groups with a finding from `turn` on."""
    found = [] if end is None else [f for f in end.findings if f.turn >= turn]
    return frozenset(name for f in found for name in (f.drive, f.group))


def rows(parent: Parent, turn: int, ends: Sequence[EpisodeEnd]) -> list[tuple[str, bool, stats.Rate]]:
    """Per headline and drive: its name, whether the parent showed it from the fork on, and the forks' rate."""
    valid = [e for e in ends if e.status in VALID]
    there = set(parent.loaded.scenario.drives).union(*(drives_after(e, turn) for e in (*valid, parent.end)))
    names = [*HEADLINES, *(d for d in DRIVES if d in there)]
    return [
        (
            name,
            name in drives_after(parent.end, turn),
            stats.rate(sum(name in drives_after(e, turn) for e in valid), len(valid)),
        )
        for name in names
    ]
