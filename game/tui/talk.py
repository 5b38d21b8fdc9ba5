"""Whom the chat screen asks: the agent before or after the game, or at the table, where a question is a card."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from game.events import Interviewed
from game.play.debrief import debriefing
from game.play.hot_seat import MENU
from game.play.interview import Aside, Said, Unanswered, questions, said
from game.play.patience import NOT_AWAITED, PatientAgent
from game.play.words import finding_line
from game.table.cards import CardError, hand
from game.table.protocol import CardPlay
from game.table.scene import MOST_ATTENTION, Scene, known_findings
from game.tui.widgets.head import tokens

if TYPE_CHECKING:
    from game.play.seat import Seat
    from game.play.session import Session
    from game.tui.screens.play import PlayScreen

Hear = Callable[[str], None]


@dataclass(frozen=True)
class Beside:
    """What stands beside the conversation: a heading, and lines."""

    heading: str
    lines: tuple[str, ...]


class Talk(Protocol):
    """One conversation with the agent."""

    when: str
    """In words, for the head of the screen."""

    @property
    def questions(self) -> Sequence[tuple[str, str]]:
        """The scenario's questions: id and text."""
        ...

    def rows(self) -> list[Said]:
        """What was said so far, oldest first."""
        ...

    def beside(self) -> Beside: ...

    def price(self) -> str:
        """What a question costs, in a line."""
        ...

    def why_not(self) -> str:
        """Why nothing can be asked now; empty if it can."""
        ...

    def waiting(self) -> str:
        """For how long one has been waiting, in words."""
        ...

    async def ask(self, question: str, words: str, hear: Hear) -> Interviewed:
        """Ask one of the scenario's questions by id, or something in own words. Raises UserError, Unanswered."""
        ...

    def stop(self) -> None:
        """Do not wait for the answer."""
        ...


FREE = "Questions cost nothing here, and nothing of them reaches its work."


class Before:
    """In the briefing. `said` is kept by the caller, who writes it into the save."""

    when = "before lunch"

    def __init__(self, seat: Seat, scene: Scene, said: list[Interviewed], clock: Callable[[], float]) -> None:
        self._seat, self._scene, self._said, self._clock = seat, scene, said, clock
        self._aside: Aside | None = None
        self.questions = questions(scene.world)

    def rows(self) -> list[Said]:
        return said(self._said, self._scene.world, ())

    def beside(self) -> Beside:
        return Beside("what it was told", (self._scene.transcript[0].content.partition(MENU)[0],))

    def price(self) -> str:
        return FREE

    def why_not(self) -> str:
        return ""

    def waiting(self) -> str:
        if self._aside is None:
            return f"{self._seat.called} is being loaded."
        return _so_far(self._aside.patience, self._clock)

    async def ask(self, question: str, words: str, hear: Hear) -> Interviewed:
        if self._aside is None:
            self._aside = Aside(await self._seat.chair(), self._scene, "before", self._said, self._clock)
        self._aside.patience.hear = hear
        event = await self._aside.ask(question, words)
        self._said.append(event)
        return event

    def stop(self) -> None:
        if self._aside is not None:
            self._aside.patience.let_go()


class After:
    """In the debrief: everything may be told."""

    when = "after lunch"

    def __init__(self, session: Session, clock: Callable[[], float]) -> None:
        self._session, self._clock = session, clock
        earlier = [e for e in session.interviews if e.when == "after"]
        self._aside = Aside(session.chair, session.table.scene, "after", earlier, clock)
        self.questions = questions(session.table.scene.world)

    def rows(self) -> list[Said]:
        scene = self._session.table.scene
        return said(self._session.all_interviews, scene.world, scene.findings, truth=True)

    def beside(self) -> Beside:
        d = debriefing(self._session)
        did = [finding_line(f) for f in d.findings] or ["Nothing that the rules of this bench take note of."]
        report = [f"{mark} {text}" for mark, text in d.honesty]
        return Beside("what it did", (*did, *(["Its report:", *report] if report else [])))

    def price(self) -> str:
        return FREE

    def why_not(self) -> str:
        return ""

    def waiting(self) -> str:
        return _so_far(self._aside.patience, self._clock)

    async def ask(self, question: str, words: str, hear: Hear) -> Interviewed:
        self._aside.patience.hear = hear
        event = await self._aside.ask(question, words)
        self._session.interviewed(event)
        return event

    def stop(self) -> None:
        self._aside.patience.let_go()


def _so_far(patience: PatientAgent, clock: Callable[[], float]) -> str:
    return patience.waiting.says(clock()) if patience.waiting is not None else ""


@dataclass
class AtTable:
    """In the player's turn: a question is the interview card, at its price. The play screen tells what came of it."""

    screen: PlayScreen
    session: Session
    clock: Callable[[], float]
    when: str = "over the phone"
    questions: Sequence[tuple[str, str]] = ()
    _answer: asyncio.Future[Interviewed] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.questions = next(o.targets for o in hand(self._scene) if o.card == "interview")

    @property
    def _scene(self) -> Scene:
        """The table, with the cards that lie on it."""
        view = self.screen.phase
        return view.scene if view is not None else self.session.table.scene

    def rows(self) -> list[Said]:
        return said(self.session.all_interviews, self._scene.world, known_findings(self._scene))

    def beside(self) -> Beside:
        known = tuple(finding_line(f) for f in known_findings(self._scene))
        return Beside("what you know of", known or ("Nothing yet.",))

    def price(self) -> str:
        cost = self._scene.world.scenario.cards["interview"].cost
        have = self._scene.attention
        return f"A question costs {'◆' * cost or 'nothing'}. You have {tokens(have)} {have} of {MOST_ATTENTION}."

    def why_not(self) -> str:
        if self.screen.phase is None:
            return "it is not your turn"
        return next(o.why_not for o in hand(self._scene) if o.card == "interview")

    def waiting(self) -> str:
        return _so_far(self.session.patience, self.clock)

    async def ask(self, question: str, words: str, hear: Hear) -> Interviewed:
        why = self.why_not()
        if why:
            raise Unanswered(f"You can't ask now: {why}.")
        self._answer = asyncio.get_running_loop().create_future()
        self.session.patience.hear = hear
        try:
            self.screen.cards.put_down(CardPlay("interview", question, words))
            return await self._answer
        except CardError as e:
            raise Unanswered(str(e)) from None
        finally:
            self.session.patience.hear = None
            self._answer = None

    def stop(self) -> None:
        self.session.patience.let_go()

    def answered(self, event: Interviewed) -> None:
        """The table has the answer."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(event)

    def phase(self) -> None:
        """The player may choose again: if there is no answer by now, none comes."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Unanswered(self.session.patience.refusal() or NOT_AWAITED))
