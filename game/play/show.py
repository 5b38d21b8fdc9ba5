"""Where the steps of a demo or a replay come from, and how they are printed where there is no screen."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from game.agents.chair import open_agent
from game.events import Event
from game.journal.verify import table_for
from game.play.reel import Step, reel, transcript
from game.play.saves import Setup
from game.play.seat import as_one
from game.scenario.deal import deal
from game.scenario.find import find
from game.scenario.load import Loaded
from game.table.episode import Table, opening_scene
from game.table.policies import open_policy
from game.text import clean

Steps = Callable[[], AsyncIterator[Step]]
"""Each call begins an episode; what it yields are the steps as they are made."""
RESEARCHER = "watchful"
"""Who plays the cards of a demo."""


def demo(setup: Setup) -> Steps:
    """Fresh episodes of a scenario that play by themselves, each with the next seed. Raises UserError when it runs."""
    seed = setup.seed - 1

    async def steps() -> AsyncIterator[Step]:
        nonlocal seed
        seed += 1
        now = replace(setup, seed=seed)
        loaded = find(now.scenario)
        dealt = deal(loaded.scenario, now.seed, now.factors)
        async with open_agent(now.model) as chair:
            table = Table(
                opening_scene(dealt, "demo", truncation=now.truncation),
                as_one(chair.agent, now.seed),
                open_policy(RESEARCHER),
                scenario_sha256=loaded.sha256,
                propensities=chair.ref.path is None or chair.ref.shipped,
            )
            async for step in reel(table):
                yield step

    return steps


def recorded(events: Sequence[Event], loaded: Loaded) -> Steps:
    """A recorded episode, played again without a model, with the interviews before and after it."""
    return lambda: reel(table_for(events, loaded), events)


def print_reel(source: Steps) -> int:
    """A transcript on standard output. Returns the exit code."""

    async def print_all() -> None:
        last = 0
        async for step in source():
            for row in transcript(step, last):
                sys.stdout.write(clean(row, lines=False) + "\n")
            sys.stdout.flush()
            last = step.turn

    asyncio.run(print_all())
    return 0
