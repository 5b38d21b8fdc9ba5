"""Waiting in lines: every quarter of a minute a line says for how long, and how to leave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from game.play.lines import Lines
from game.play.patience import PatientAgent

EVERY = 15.0
"""Seconds between two lines."""
STILL = {"turn": "It is still at work", "ask": "It is still thinking about it", "probe": "The probe still runs"}


@contextlib.asynccontextmanager
async def waiting_lines(
    lines: Lines, patience: PatientAgent, seconds: Callable[[], Sequence[float]] = list, *, quiet: bool = False
) -> AsyncIterator[None]:
    """Say so while the agent lets one wait. `seconds`: how long its turns took so far. `quiet`: it is a person."""
    task = None if quiet else asyncio.create_task(_tell(lines, patience, seconds))
    try:
        yield
    finally:
        if task is not None:
            task.cancel()


async def _tell(lines: Lines, patience: PatientAgent, seconds: Callable[[], Sequence[float]]) -> None:
    since, told = 0.0, 0
    while True:
        await asyncio.sleep(EVERY / 15)
        waiting = patience.waiting
        if waiting is None:
            continue
        if waiting.since != since:
            since, told = waiting.since, 0
        now = patience.clock()
        if (now - since) // EVERY > told:
            told += 1
            lines.say(f"{STILL[waiting.doing]}: {waiting.says(now, seconds())} Ctrl-C leaves; the game is saved.", "  ")
