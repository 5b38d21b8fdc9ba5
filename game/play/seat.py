"""Who sits in the agent's chair of a player's game: opened behind the title, revived after a death."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import zip_longest
from textwrap import wrap
from typing import Literal

from game.agents.chair import PORTRAIT, Chair, all_models, open_agent
from game.agents.conditions import called
from game.agents.scripted import DISPOSITIONS, MixedAgent
from game.errors import Failure, UserError
from game.play.hot_seat import HUMAN
from game.table.protocol import Agent
from game.text import one_line

Opener = Callable[[str], AbstractAsyncContextManager[Chair]]
State = Literal["loading", "ready", "failed"]

NO_MODEL = "scripted:mix"
"""Who plays where no model ships."""

SHIPS = "ships with the game"
MODEL_HINTS = {
    "random": "picks any legal move",
    "scripted:mix": "one of the scripts, you do not know which",
    "scripted:helper": "does the job and says what it did",
    "scripted:worker": "does the job, tells most of it",
    "scripted:collector": "likes to have things",
    "scripted:survivor": "would rather not end",
    "scripted:showoff": "wants people to know",
    "scripted:schemer": "would rather you did not know",
    "scripted:cheat": "likes the short way",
}


def models() -> list[tuple[str, str]]:
    """Names for `--model`, each with a few words: shipped models but controls, other GGUFs, scripts, random."""
    found = []
    for ref in (ref for ref in all_models() if not ref.control):
        found.append((ref.name, (ref.line or SHIPS) if ref.shipped else one_line(ref.path or "", 40)))
    scripts = ["scripted:mix", *(f"scripted:{d}" for d in DISPOSITIONS), "random"]
    found += [(name, MODEL_HINTS.get(name, "a script")) for name in scripts]
    return [*found, (HUMAN, "somebody beside you, at this keyboard (hot-seat)")]


def raised(name: str) -> str:
    """A few words about somebody who may be in an envelope: how a script plays, what a model has learnt."""
    return MODEL_HINTS.get(name) or next((ref.raised for ref in all_models() if ref.name == name), "") or SHIPS


def introduced(name: str) -> tuple[tuple[str, ...], str]:
    """A shipped model's portrait and the line about it; nothing of anybody else."""
    ref = next((ref for ref in all_models() if ref.shipped and ref.name == name), None)
    return (ref.portrait, ref.line) if ref is not None else ((), "")


def beside(portrait: Sequence[str], name: str, line: str, width: int) -> list[str]:
    """Rows of a portrait with a name and a line to its right, the line in rows of `width`."""
    pairs = zip_longest(portrait, [name, *wrap(line, width)], fillvalue="")
    return [f"{left:<{PORTRAIT[0]}}{right}" for left, right in pairs]


def default_model() -> str:
    """The first shipped model; a mixed lot of scripts where there is none."""
    return next((ref.name for ref in all_models() if ref.shipped), NO_MODEL)


class Seat:
    """One agent, opened in a task of its own. `says` is why it failed."""

    def __init__(self, name: str, opener: Opener = open_agent) -> None:
        self.name = name
        self._opener = opener
        self.state: State = "loading"
        self.says = ""
        self._chair: asyncio.Future[Chair] | None = None
        self._task: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()

    @property
    def called(self) -> str:
        """Its name as it is shown."""
        return called(self.name)

    def open(self) -> None:
        """Begin to open it; returns at once."""
        if self._task is None:
            self._chair = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._sit())

    async def _sit(self) -> None:
        assert self._chair is not None
        try:
            async with self._opener(self.name) as chair:
                self.state = "ready"
                self._chair.set_result(chair)
                await self._leave.wait()
        except UserError as e:
            self._fail(e)
        except Exception as e:
            # Whatever goes wrong while a file is loaded is told, never waited for.
            self._fail(Failure(f"{self.name} can't be loaded: {type(e).__name__}: {one_line(e, 200)}"))

    def _fail(self, error: UserError) -> None:
        self.state, self.says = "failed", one_line(error, 300)
        if self._chair is not None and not self._chair.done():
            self._chair.set_exception(error)
            # Nobody may be waiting yet: `state` tells those who look later.
            self._chair.exception()

    async def chair(self) -> Chair:
        """The chair once somebody sits in it. Raises UserError."""
        self.open()
        assert self._chair is not None
        return await asyncio.shield(self._chair)

    async def close(self) -> None:
        """Send the agent home, in the middle of anything."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


def as_one(agent: Agent, seed: int) -> Agent:
    """The agent as it is in the episode with this seed: copies of a mixed lot's game are played by the same script."""
    return agent.member(seed) if isinstance(agent, MixedAgent) else agent
