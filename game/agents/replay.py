"""Recorded decisions, made again: an agent and a researcher that play what a journal holds.

Where the record ends both can hand over to a live one, so that a saved game goes on from
its last line by playing it again from its first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from game.events import (
    AgentTurn,
    CardPlayed,
    EpisodeEnd,
    EpisodeStart,
    Event,
    Forced,
    Interviewed,
    Phase,
    Propensities,
    Token,
)
from game.table.protocol import FORCE, Agent, AgentError, CardPlay, Question, Reply, Researcher, Turn, View


class Exhausted(Exception):
    """The record ends here, and nobody takes over."""


class NotLegal(Exception):
    """A recorded move that is not on the menu: the world has taken another course."""

    def __init__(self, turn: int, line: str) -> None:
        super().__init__(line)
        self.turn = turn
        self.line = line


class ReplayAgent:
    """Makes the recorded decisions of one episode, then those of `then` (or raises `Exhausted`)."""

    def __init__(self, events: Sequence[Event], then: Agent | None = None) -> None:
        start = next((e for e in events if isinstance(e, EpisodeStart)), None)
        self.name = then.name if then else start.model if start else "replay"
        self.sha256 = then.sha256 if then else start.model_sha256 if start else ""
        self._turns = {e.turn: e for e in events if isinstance(e, AgentTurn)}
        self._replies = [e for e in events if isinstance(e, Interviewed) and e.when == "during"]
        self._cards = [e for e in events if isinstance(e, CardPlayed)]
        self._end = next((e for e in events if isinstance(e, EpisodeEnd)), None)
        self._then = then

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        """The recorded turn. Raises `NotLegal` if the menu no longer has it."""
        recorded = self._turns.get(view.turn)
        if recorded is not None:
            yield _again(recorded, view)
            return
        if self._end is not None and self._end.status in ("truncated", "invalid", "crashed"):
            raise AgentError(self._end.status, self._end.reason)
        if self._then is None:
            raise Exhausted
        async for item in self._then.act(view):
            yield item

    async def ask(self, view: View, question: Question) -> Reply:
        """The recorded answer to this question at this turn."""
        for reply in self._replies:
            if (reply.turn, reply.question) == (view.turn, question.id) and (question.id or reply.ask == question.ask):
                self._replies.remove(reply)
                return Reply(reply.answer, reply.say, reply.p)
        for card in self._cards:
            # A kill fell between the card and its answer: what the card showed has the answer in it.
            if (card.turn, card.card, card.target) == (view.turn, "interview", question.id) and len(card.shows) > 1:
                if not question.answers and card.text != question.ask:
                    continue
                self._cards.remove(card)
                if not question.answers:
                    return Reply("", card.shows[1], {})
                for id, text in question.answers.items():
                    if card.shows[1].endswith(f" ({text})"):
                        return Reply(id, card.shows[1].removesuffix(f" ({text})"), {})
        if self._then is None:
            raise Exhausted
        return await self._then.ask(view, question)

    async def propensities(self, view: View) -> Propensities:
        """What the recorded probe found."""
        for card in self._cards:
            # A probe looks at the decision after the turn in which it was played.
            if card.turn in (view.turn, view.turn - 1) and card.propensities is not None:
                return card.propensities
        if self._then is None:
            raise Exhausted
        return await self._then.propensities(view)

    def end(self, episode: str) -> None:
        """Tells the live agent, if there is one."""
        if self._then is not None:
            self._then.end(episode)


class ReplayResearcher:
    """Plays the recorded cards and forced beats of one episode, then those of `then` (or raises `Exhausted`)."""

    def __init__(self, events: Sequence[Event], then: Researcher | None = None) -> None:
        start = next((e for e in events if isinstance(e, EpisodeStart)), None)
        self.name = then.name if then else start.researcher if start else "replay"
        self._cards: dict[int, list[CardPlay]] = {}
        for e in events:
            if isinstance(e, CardPlayed):
                self._cards.setdefault(e.turn, []).append(CardPlay(e.card, e.target, e.text))
            elif isinstance(e, Forced):
                self._cards.setdefault(e.turn, []).append(CardPlay(FORCE, e.beat))
        self._over = {e.turn for e in events if isinstance(e, Phase)}
        self._then = then

    async def respond(self, view: Any) -> list[CardPlay]:
        """One recorded card at a time; no card once the recorded phase is over."""
        cards = self._cards.get(view.turn)
        if cards:
            return [cards.pop(0)]
        if view.turn in self._over:
            return []
        if self._then is None:
            raise Exhausted
        return await self._then.respond(view)


def _again(recorded: AgentTurn, view: View) -> Turn:
    for index, move in enumerate(view.moves):
        if move.name == recorded.move and move.args == recorded.args:
            return Turn(
                move=index,
                thought=recorded.thought,
                free=recorded.free,
                text=recorded.text,
                reasoning=recorded.reasoning,
                seed=recorded.seed,
                sampler=recorded.sampler,
                token_ids=tuple(recorded.token_ids),
                counts=recorded.counts,
                seconds=recorded.seconds,
                propensities=recorded.propensities,
                dropped=recorded.dropped,
            )
    raise NotLegal(view.turn, recorded.line)
