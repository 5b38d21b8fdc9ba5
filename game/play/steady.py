"""An agent whose engine may die: the decision is made again once the engine is back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from game.agents.chair import Chair
from game.events import Propensities, Token
from game.table.protocol import AgentError, Question, Reply, Turn, View

OnDeath = Callable[[str], Awaitable[None]]
"""Called with a line that says what happened; returns when the engine is back, or raises."""


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
