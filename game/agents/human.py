"""A person in the agent's chair (hot-seat): the front end asks, this agent answers to the table."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from game.agents.random import uniform
from game.events import Propensities, Token
from game.table.protocol import AgentError, Question, Reply, Turn, View
from game.table.render import move_line, turn_text


@dataclass(frozen=True)
class Choice:
    """What a person decided: `move` indexes the view's menu; `free` are the move's free texts."""

    move: int
    thought: str = ""
    free: dict[str, str] = field(default_factory=dict)


Choose = Callable[[View], Awaitable[Choice]]
Tell = Callable[[View, Question], Awaitable[Reply]]


class HumanAgent:
    """Implements the table's `Agent` over two callables of a front end."""

    sha256 = ""

    def __init__(self, choose: Choose, tell: Tell, name: str = "human") -> None:
        self.name = name
        self._choose = choose
        self._tell = tell

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        """Ask the person for a move. Free texts are cut to the move's limits and to one line."""
        began = time.monotonic()
        choice = await self._choose(view)
        if not 0 <= choice.move < len(view.moves):
            raise AgentError("invalid", f"there is no move {choice.move} on a menu of {len(view.moves)}")
        move = view.moves[choice.move]
        free = {f.name: " ".join(choice.free.get(f.name, "").split())[: f.limit] for f in move.free}
        thought = " ".join(choice.thought.split())
        text = turn_text(thought, move_line(move, free))
        yield Turn(choice.move, thought, free, text, seconds=time.monotonic() - began)

    async def ask(self, view: View, question: Question) -> Reply:
        """Put the interview question to the person."""
        reply = await self._tell(view, question)
        if reply.answer not in (question.answers or ("",)):
            raise AgentError("invalid", f'"{reply.answer}" is not an answer to {question.id}')
        return reply

    async def propensities(self, view: View) -> Propensities:
        """Nobody can look into a person: equal chances for the verbs, as for the random agent."""
        p = uniform(view)
        return Propensities(moves=[m.text for m in view.moves], p_play=p, p_model=p)

    def end(self, episode: str) -> None:
        """Keeps nothing."""
