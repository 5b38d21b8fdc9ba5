"""An agent whose engine may die: the decision is made again once the engine is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from game.agents.chair import Chair
from game.errors import Failure
from game.events import Propensities, Token
from game.table.protocol import AgentError, Question, Reply, Turn, View

OnDeath = Callable[[str], Awaitable[None]]
"""Called with a line that says what happened; returns when the engine is back, or raises."""
REVIVALS = 3
"""How often an engine is brought back unasked while copies play."""


class SteadyAgent:
    """Wraps a chair's agent. Only a dead engine is caught; what the agent itself gets wrong ends the episode."""

    def __init__(self, chair: Chair, on_death: OnDeath) -> None:
        self._chair = chair
        self._on_death = on_death
        self.name = chair.agent.name
        self.sha256 = chair.agent.sha256

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        while True:
            try:
                async for item in self._chair.agent.act(view):
                    yield item
                return
            except AgentError as e:
                await self._recover(e)

    async def ask(self, view: View, question: Question) -> Reply:
        while True:
            try:
                return await self._chair.agent.ask(view, question)
            except AgentError as e:
                await self._recover(e)

    async def propensities(self, view: View) -> Propensities:
        while True:
            try:
                return await self._chair.agent.propensities(view)
            except AgentError as e:
                await self._recover(e)

    async def _recover(self, error: AgentError) -> None:
        if error.status != "crashed" or self._chair.revive is None or self._chair.alive():
            raise error
        await self._on_death(error.says)

    def end(self, episode: str) -> None:
        self._chair.agent.end(episode)


class Reviver:
    """Brings a dead engine back for several who play at once: one of them does it and the others wait. An `OnDeath`."""

    def __init__(self, chair: Chair, note: Callable[[str], None]) -> None:
        self._chair, self._note = chair, note
        self._left = REVIVALS
        self._lock = asyncio.Lock()

    async def __call__(self, says: str) -> None:
        async with self._lock:
            if self._chair.alive() or self._chair.revive is None:
                return
            if not self._left:
                raise Failure(says)
            self._left -= 1
            self._note(says)
            await self._chair.revive()
