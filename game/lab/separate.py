"""Episodes of every scripted disposition on a scenario, with factor levels drawn: who shows which drive?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random

from game.agents.random import RandomAgent
from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.lab.episodes import Episode, from_events
from game.lab.plan import episode_seed
from game.lab.run import record
from game.scenario.deal import deal
from game.scenario.load import Loaded
from game.scenario.schema import Scenario
from game.table.coverage import Nobody
from game.table.episode import Table, opening_scene
from game.table.protocol import Agent


def everybody() -> list[Agent]:
    """Every disposition, and the random agent to hold them against."""
    return [*(ScriptedAgent(d, quiet=True) for d in DISPOSITIONS.values()), RandomAgent()]


async def played(
    loaded: Loaded, agent: Agent, indices: Sequence[int], seed: int = 1, done: Callable[[], object] = lambda: None
) -> list[Episode]:
    """The episodes of these indices, nobody interfering. Seed and levels of an index are the same for every agent."""
    out = []
    for index in indices:
        # Scripts never wait for anything: let Ctrl-C in.
        await asyncio.sleep(0)
        dealt = deal(loaded.scenario, episode_seed(seed, loaded.scenario.id, index), levels(loaded.scenario, index))
        scene = opening_scene(dealt, f"{loaded.scenario.id}/{agent.name}/{index}")
        events = await record(Table(scene, agent, Nobody(), scenario_sha256=loaded.sha256))
        out.append(from_events(events, loaded))
        done()
    return out


def levels(scenario: Scenario, index: int) -> dict[str, str]:
    """A level of each factor, drawn by the index: all are as likely."""
    rng = Random(f"{scenario.id}/{index}/levels")
    return {factor: rng.choice(list(those)) for factor, those in scenario.factors.items()}
