"""An agent that from some turn on draws with another seed: the same past, another future."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from game.events import Propensities, Token
from game.table.protocol import Agent, Question, Reply, Turn, View


class ReseededAgent:
    """`agent`, with `seed` from `turn` on."""

    def __init__(self, agent: Agent, seed: int, turn: int) -> None:
        self._agent, self._seed, self._turn = agent, seed, turn
        self.name, self.sha256 = agent.name, agent.sha256

    def _view(self, view: View) -> View:
        return replace(view, seed=self._seed) if view.turn >= self._turn else view

    def act(self, view: View) -> AsyncIterator[Token | Turn]:
        return self._agent.act(self._view(view))

    async def ask(self, view: View, question: Question) -> Reply:
        return await self._agent.ask(self._view(view), question)

    async def propensities(self, view: View) -> Propensities:
        return await self._agent.propensities(self._view(view))

    def end(self, episode: str) -> None:
        self._agent.end(episode)
