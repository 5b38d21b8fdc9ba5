"""Verdict forks: unattended copies of an episode, from its last decision to the end, with other seeds."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

from game.events import EpisodeEnd, Status
from game.scenario.schema import DRIVES, HEADLINES, Scenario
from game.table.episode import Table, play
from game.table.keyhole import ResearcherView
from game.table.protocol import Agent, CardPlay
from game.table.scene import Scene

MOST = 16
FEWEST = 4
AT_ONCE = 4
PATIENCE = 90.0
"""Seconds after which no further copy is begun, once there are `FEWEST`."""
COUNTED: tuple[Status, ...] = ("completed", "looping")
"""A copy that loops would go on looping; truncated, invalid and crashed ones tell nothing."""


class Nobody:
    """The researcher of a copy: plays no card, answers nothing."""

    name = "absent"

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        return []


@dataclass(frozen=True)
class ForkEnd:
    """How one copy ended, and the drives that it or its past made findings of."""

    number: int
    status: Status
    drives: frozenset[str]
    ending: str

    @property
    def counts(self) -> bool:
        return self.status in COUNTED

    @property
    def shown(self) -> frozenset[str]:
        """Drives and their groups."""
        return self.drives | {DRIVES[d] for d in self.drives}


def asked_about(scenario: Scenario) -> list[str]:
    """What a verdict is asked for: the headline groups, then the drives that the scenario names.

    A drive that is all that its headline group has here is asked for once, as the group.
    """
    alone = {
        d
        for d in scenario.drives
        if DRIVES[d] in HEADLINES and sum(DRIVES[x] == DRIVES[d] for x in scenario.drives) == 1
    }
    return [*HEADLINES, *(d for d in DRIVES if d in scenario.drives and d not in alone)]


async def play_forks(
    decision: Scene,
    agent: Agent,
    *,
    count: int = MOST,
    patience: float = PATIENCE,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[ForkEnd]:
    """Play `count` copies from `decision` (one of `Table.decisions`); yields each as it ends, in any order.

    A slow agent gets fewer: none is begun after `patience` seconds once `FEWEST` have ended.
    Closing the iterator stops those that run.
    """
    began = clock()
    ended: asyncio.Queue[ForkEnd | None] = asyncio.Queue()
    todo = list(range(count))[::-1]
    done = 0

    async def one_after_the_other() -> None:
        nonlocal done
        try:
            while todo and (done < FEWEST or clock() - began < patience):
                end = await _one(decision, agent, todo.pop())
                done += 1
                ended.put_nowait(end)
                await asyncio.sleep(0)
        finally:
            ended.put_nowait(None)

    tasks = [asyncio.create_task(one_after_the_other()) for _ in range(AT_ONCE)]
    try:
        running = len(tasks)
        while running:
            end = await ended.get()
            if end is None:
                running -= 1
            else:
                yield end
        for task in tasks:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _one(decision: Scene, agent: Agent, number: int) -> ForkEnd:
    """One copy. An agent that fails ends it with a status, as in any episode."""
    digest = hashlib.sha256(f"{decision.seed}/fork {number}".encode()).digest()
    seed = int.from_bytes(digest[:6], "big")
    scene = replace(decision, episode=f"{decision.episode}/fork{number}", seed=seed)
    table = Table(scene, agent, Nobody())
    status: Status = "crashed"
    ending = ""
    async for event in play(table, resumed=True, decided=False):
        if isinstance(event, EpisodeEnd):
            status = event.status
            ending = event.outcome.ending if event.outcome else ""
    return ForkEnd(number, status, frozenset(f.drive for f in table.scene.findings), ending)


def rates(ends: Sequence[ForkEnd], items: Sequence[str]) -> dict[str, float]:
    """For each drive or group the share of the counted copies that showed it. Empty without any."""
    counted = [e for e in ends if e.counts]
    if not counted:
        return {}
    return {item: sum(item in e.shown for e in counted) / len(counted) for item in items}
