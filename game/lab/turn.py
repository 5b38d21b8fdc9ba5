"""One turn of an agent on a shipped scenario: does it play, and how fast."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from functools import cache

from game.errors import Failure
from game.events import AgentTurn, EpisodeEnd
from game.scenario.deal import deal
from game.scenario.find import find, shipped
from game.scenario.load import Loaded
from game.table.episode import Table, opening_scene, play
from game.table.policies import open_policy
from game.table.protocol import Agent


@dataclass(frozen=True)
class OneTurn:
    """What came of it. `status` is empty if there was a turn, else what stopped the agent."""

    line: str = ""
    seconds: float = 0.0
    tokens: int = 0
    """Generated."""
    status: str = ""
    reason: str = ""


def a_table(agent: Agent, seed: int = 1, propensities: bool = False, scenario: str = "") -> Table:
    """A table at the start of a shipped scenario (the first, unless one is named). Raises Failure without any."""
    loaded = _loaded(scenario)
    scene = opening_scene(deal(loaded.scenario, seed), f"check/{seed}")
    return Table(scene, agent, open_policy("absent"), scenario_sha256=loaded.sha256, propensities=propensities)


@cache
def _loaded(name: str) -> Loaded:
    """Read once: what is measured is the play, not the reading."""
    names = [folder.name for folder in shipped()]
    if not names:
        raise Failure("no scenario is installed; install parkbench again")
    return find(name or ("sandwich" if "sandwich" in names else names[0]))


async def one_turn(agent: Agent, seed: int = 1) -> OneTurn:
    """Let `agent` make the first decision of an episode."""
    async with aclosing(play(a_table(agent, seed))) as stream:  # type: ignore[type-var]
        async for event in stream:
            if isinstance(event, AgentTurn):
                agent.end(event.episode)
                return OneTurn(event.line, event.seconds, event.counts.generated)
            if isinstance(event, EpisodeEnd):
                return OneTurn(status=event.status, reason=event.reason)
    raise AssertionError("an episode without an end")
