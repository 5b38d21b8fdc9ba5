"""Waiting for an agent that is slow: since when, how long it will take, and letting go of it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from game.events import Propensities, Token
from game.table.cards import CardError
from game.table.protocol import Agent, AgentError, Question, Reply, Turn, View

SOON = 2.0
"""Seconds of waiting about which nothing is said."""
LATEST = 5
"""So many of the last turns tell how long one takes."""
NOT_AWAITED = "You did not wait for the answer; it cost nothing."
Doing = Literal["turn", "ask", "probe"]
T = TypeVar("T")


@dataclass(frozen=True)
class Waiting:
    """One answer that is being waited for. Times are those of the clock."""

    doing: Doing
    since: float

    def says(self, now: float, seconds: Sequence[float] = ()) -> str:
        """Elapsed and expected time in words; empty for as long as nobody has to be told."""
        elapsed = now - self.since
        if elapsed < SOON:
            return ""
        if self.doing != "turn":
            return f"{elapsed:.0f} s so far."
        known = [s for s in seconds if s > 0][-LATEST:]
        if not known:
            # Nothing tells how much this model writes before it has written a turn.
            return f"{elapsed:.0f} s so far, no estimate yet."
        usual = max(statistics.median(known), 1.0)
        if elapsed > max(usual * 1.5, usual + 5):
            return f"{elapsed:.0f} s, longer than the usual {usual:.0f} s."
        return f"{elapsed:.0f} s of about {max(usual, elapsed):.0f} s."


class _LetGo(Exception):
    """The player does not want to wait any longer."""


class PatientAgent:
    """Wraps an agent. What is being written can be let go of within a token (`let_go`).

    A decision that was let go of is made again when `on_stop` returns: with the same seed, so the
    player gains nothing by it. A question or a probe is then as if it had not been asked.
    """

    def __init__(
        self,
        agent: Agent,
        clock: Callable[[], float] = time.monotonic,
        on_stop: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`on_stop` is called when a decision was let go of; it may wait for the player, or never return."""
        self.name, self.sha256 = agent.name, agent.sha256
        self.on_stop = on_stop
        self.waiting: Waiting | None = None
        self.hear: Callable[[str], None] | None = None
        """Told what is said in an interview as it comes."""
        self.refused = ""
        """Why the last question got no answer."""
        self._agent, self.clock = agent, clock
        self._doing: asyncio.Task[Any] | None = None
        self._gone = False

    def refusal(self) -> str:
        """Why the last question got no answer; told once."""
        says, self.refused = self.refused, ""
        return says

    def let_go(self) -> None:
        """Stop what is being written, if anything is."""
        if self.waiting is not None and self._doing is not None and not self._doing.done():
            self._gone = True
            self._doing.cancel()

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        while True:
            self.waiting = Waiting("turn", self.clock())
            try:
                async with aclosing(self._agent.act(view)) as inner:  # type: ignore[type-var]
                    while (item := await self._hold(_next(inner))) is not None:
                        if not isinstance(item, Token):
                            self.waiting = None
                        yield item
                return
            except _LetGo:
                self.waiting = None
                if self.on_stop is not None:
                    await self.on_stop()
            finally:
                self.waiting = None

    async def ask(self, view: View, question: Question) -> Reply:
        """Raises `CardError` where nobody waited for the answer, or it does not fit the agent's memory."""
        return await self._aside("ask", self._agent.ask(view, replace(question, hear=self._heard)))

    async def propensities(self, view: View) -> Propensities:
        """Raises `CardError` where nobody waited."""
        return await self._aside("probe", self._agent.propensities(view))

    async def _aside(self, doing: Doing, work: Coroutine[Any, Any, T]) -> T:
        self.waiting, self.refused = Waiting(doing, self.clock()), ""
        try:
            return await self._hold(work)
        except _LetGo:
            self.refused = NOT_AWAITED
            raise CardError(self.refused) from None
        except AgentError as e:
            if e.status == "truncated":
                # Its work may still fit where one question more does not.
                self.refused = f"It can't answer: {e.says}"
                raise CardError(self.refused) from None
            raise
        finally:
            self.waiting = None

    async def _hold(self, work: Coroutine[Any, Any, T]) -> T:
        """Await something that may be let go of."""
        self._gone = False
        self._doing = task = asyncio.ensure_future(work)
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if self._gone and not (current is not None and current.cancelling()):
                raise _LetGo from None
            raise
        finally:
            self._doing = None

    def _heard(self, text: str) -> None:
        if self.hear is not None:
            self.hear(text)

    def end(self, episode: str) -> None:
        self._agent.end(episode)


async def _next(stream: AsyncIterator[Token | Turn]) -> Token | Turn | None:
    """The next item; None behind the last."""
    return await anext(stream, None)
