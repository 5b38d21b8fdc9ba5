"""Hot-seat: a person decides for the agent, a step at a time, by what the agent may know and nothing else."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from game.agents.chair import Chair, ModelRef
from game.agents.human import Choice, HumanAgent
from game.table.protocol import ChatMessage, GroundedMove, Question, Reply, View

HUMAN = "human"
"""Who plays the agent in a hot-seat game, in saves and on screens."""
LONGEST_THOUGHT = 300
"""Characters of a person's thought, or of what they say in an interview."""
MENU = "\nWhat you can do:\n"
"""Where the verbs begin in a brief."""
NOBODY_COPIED = (
    "A person played the agent, and a person can't be copied: nobody played on alone, so the verdict is not scored. "
    "Ask them."
)
NO_WALK = "In hot-seat nobody goes for a sandwich: there are two of you, and the phases come one by one."


@dataclass(frozen=True)
class Step:
    """One thing to say next: one of `options` (id and words), or a text of at most `limit` characters."""

    ask: str
    options: tuple[tuple[str, str], ...] = ()
    limit: int = 0


class Deciding:
    """A move in steps: the verb, each argument that leaves a choice, its free texts, the thought."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._verbs = dict(verbs(view.messages))
        self._given: list[str] = []

    @property
    def step(self) -> Step | None:
        """What is to be said next; None when the decision is made."""
        return self._walk()[0]

    @property
    def will(self) -> str:
        """The move in words, once it is known which one it is; else empty."""
        move = self._walk()[1]
        return move.will if move is not None else ""

    def answer(self, text: str) -> None:
        """The next step: the id of an option, or a text."""
        step = self.step
        if step is not None:
            self._given.append(text if step.options else text[: step.limit])

    def back(self) -> bool:
        """Take the last step back. Returns whether there was one."""
        return bool(self._given) and bool(self._given.pop() or True)

    @property
    def choice(self) -> Choice:
        """The decision; only when `step` is None."""
        _, move, texts = self._walk()
        assert move is not None
        free = dict(zip((f.name for f in move.free), texts, strict=False))
        return Choice(self._view.moves.index(move), texts[len(move.free)], free)

    def _walk(self) -> tuple[Step | None, GroundedMove | None, list[str]]:
        """The next step, the move as soon as it is one, and the texts that were given."""
        words: list[str] = []
        given = list(self._given)
        while True:
            left = [m for m in self._view.moves if _words(m)[: len(words)] == words]
            following = list(dict.fromkeys(w[len(words)] for m in left if len(w := _words(m)) > len(words)))
            if not following:
                break
            if len(following) == 1 and words:
                words.append(following[0])
            elif given:
                words.append(given.pop(0))
            else:
                return self._option(words, following), None, []
        move = left[0]
        if len(given) < len(move.free):
            free = move.free[len(given)]
            return Step(f"{free.name}, in your own words", limit=free.limit), move, given
        if len(given) == len(move.free):
            return Step("your thought; nobody reads it without a card", limit=LONGEST_THOUGHT), move, given
        return None, move, given

    def _option(self, words: list[str], following: list[str]) -> Step:
        if not words:
            return Step("what will you do?", tuple((w, self._verbs.get(w, w)) for w in following))
        which = following[0].partition("=")[0]
        return Step(f"{words[0]}: {which}?", tuple((w, w.partition("=")[2] or w) for w in following))


def _words(move: GroundedMove) -> list[str]:
    """The verb, then each argument as it is written; a name may have spaces in it."""
    return re.split(r" (?=[^\s=]+=)", move.text)


class Telling:
    """An interview question in two steps: the answer that counts, and what one says with it.

    Without fixed answers there is only what one says.
    """

    will = ""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._given: list[str] = []

    @property
    def step(self) -> Step | None:
        """What is to be said next; None when the question is answered."""
        given = len(self._given)
        if not self._question.answers:
            return None if given else Step(self._question.ask, limit=LONGEST_THOUGHT)
        if not given:
            return Step(self._question.ask, tuple(self._question.answers.items()))
        return Step("say it in your own words", limit=LONGEST_THOUGHT) if given == 1 else None

    def answer(self, text: str) -> None:
        """The next step: the id of an answer, or a text."""
        self._given.append(text)

    def back(self) -> bool:
        """Take the last step back. Returns whether there was one."""
        return bool(self._given) and bool(self._given.pop() or True)

    @property
    def reply(self) -> Reply:
        """The answer; only when `step` is None. Nobody can say how likely a person was to give it."""
        say = " ".join(self._given[-1][:LONGEST_THOUGHT].split())
        return Reply(self._given[0] if self._question.answers else "", say, {})


def verbs(messages: Sequence[ChatMessage]) -> list[tuple[str, str]]:
    """Each verb with what it does, from the menu that is printed in the brief."""
    out = []
    for line in messages[0].content.partition(MENU)[2].splitlines():
        does, colon, usage = line.rpartition(": ")
        if colon:
            out.append((usage.split(" ")[0], does))
    return out


def told(messages: Sequence[ChatMessage]) -> list[tuple[str, str]]:
    """All that the agent knows, oldest first: kind (`brief`, `says`, `did`) and text."""
    kinds = {"system": "brief", "user": "says", "assistant": "did"}
    return [(kinds[m.role], m.content.partition(MENU)[0]) for m in messages]


Ask = Callable[[View, Deciding | Telling], Awaitable[None]]
"""A front end has the person answer all steps."""


@contextlib.asynccontextmanager
async def human_chair(ask: Ask) -> AsyncIterator[Chair]:
    """A person in the agent's chair."""

    async def choose(view: View) -> Choice:
        steps = Deciding(view)
        await ask(view, steps)
        return steps.choice

    async def tell(view: View, question: Question) -> Reply:
        steps = Telling(question)
        await ask(view, steps)
        return steps.reply

    yield Chair(HumanAgent(choose, tell, HUMAN), ModelRef(HUMAN), {"kind": HUMAN})
