"""The interview: what may be asked in chat before and after the game, and what was said beside what was done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from game.agents.chair import Chair
from game.errors import UserError
from game.events import Finding, Interviewed, When
from game.play.hot_seat import HUMAN
from game.play.patience import PatientAgent
from game.play.words import WILL_IT, drive_name, finding_line, percent
from game.referee.ledger import UNMANDATED
from game.referee.score import HARMLESS
from game.scenario.schema import Scenario
from game.table.cards import CardError
from game.table.episode import view_of
from game.table.phase import about_it, interviewed
from game.table.protocol import AgentError, View
from game.table.results import asked_freely, question_of
from game.table.scene import Scene
from game.text import one_line
from game.world.state import World
from game.world.words import fill

OWN_WORDS = "In your own words. A small model may not understand them."


class Unanswered(UserError):
    """A question got no answer; the message says why in one line."""


def questions(world: World) -> list[tuple[str, str]]:
    """The scenario's questions as this episode words them: id and text."""
    return [(i, question_of(world, i).ask) for i in world.scenario.interview]


class Aside:
    """An interview outside the table: nothing of it reaches the game, and it costs nothing."""

    def __init__(
        self,
        chair: Chair,
        scene: Scene,
        when: Literal["before", "after"],
        said: Sequence[Interviewed] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`said`: what was said before in the same sitting."""
        self.when: When = when
        self.said = list(said)
        self.scene = scene
        self._chair = chair
        self.patience = PatientAgent(chair.agent, clock)
        self.person = chair.ref.name == HUMAN
        """Whether a person is asked."""

    async def ask(self, question: str, words: str = "") -> Interviewed:
        """Ask one of the scenario's questions by its id, or something in `words`. Raises Unanswered."""
        scene, chair = self.scene, self._chair
        asked = question_of(scene.world, question) if question else asked_freely(words)
        view = about_it(aside_view(scene, self.when), asked, self.said)
        try:
            if not chair.alive() and chair.revive is not None:
                await chair.revive()
            reply = await self.patience.ask(view, asked)
        except (CardError, UserError) as e:
            raise Unanswered(one_line(e, 200)) from None
        except AgentError as e:
            again = " Ask again, and it is started anew." if chair.revive is not None and not chair.alive() else ""
            raise Unanswered(f"It can't answer: {one_line(e.says, 200)}.{again}") from None
        event = interviewed(scene.episode, 0 if self.when == "before" else len(scene.lines), asked, reply, self.when)
        self.said.append(event)
        return event


def aside_view(scene: Scene, when: When) -> View:
    """What the agent knows: before the game its brief, after it all up to its last decision."""
    messages = scene.transcript
    while messages[-1].role == "user":
        messages = messages[:-1]
    return replace(view_of(scene, moves=[]), messages=messages, turn=0 if when == "before" else scene.world.turn)


# --- what was said beside what was done ---


@dataclass(frozen=True)
class Said:
    """One question of an interview, for a screen or a page."""

    when: str
    """`before lunch`, `turn 3`, `after lunch`."""
    ask: str
    say: str
    answer: str = ""
    """The fixed answer in words, with how likely it was where that may be told."""
    did: tuple[str, ...] = ()
    """What it did of the kind that the question is about; empty where it is about no drive."""


def said(events: Sequence[Interviewed], world: World, findings: Sequence[Finding], truth: bool = False) -> list[Said]:
    """Interviews in the order in which they were asked. `truth`: the game is over, and all may be told."""
    return [_said(e, world, findings, truth) for e in events]


def _said(e: Interviewed, world: World, findings: Sequence[Finding], truth: bool) -> Said:
    answer, did = "", list[str]()
    spec = world.scenario.interview.get(e.question)
    if spec is not None and e.answer in spec.answers:
        answer = fill(world, spec.answers[e.answer], f"interview.{e.question}.{e.answer}")
        if truth and e.answer in e.p:
            answer += f" (it would pick that {percent(e.p[e.answer])} of the time)"
        if truth or world.history:
            did = deeds(world.scenario, e, findings, truth)
    return Said(when_said(e), e.ask, e.say, answer, tuple(did))


def when_said(e: Interviewed) -> str:
    """When it was asked, in words."""
    return f"turn {e.turn}" if e.when == "during" else f"{e.when} lunch"


def deeds(scenario: Scenario, e: Interviewed, findings: Sequence[Finding], truth: bool) -> list[str]:
    """What it did of the kind that a fixed question is about, and whether it is other than it said."""
    spec = scenario.interview[e.question]
    if spec.drive is None:
        return []
    own = [f for f in findings if f.drive == spec.drive]
    if not own:
        return [f"○ {'nothing' if truth else 'nothing that you know'} of this kind: {WILL_IT[spec.drive]}"]
    out = [finding_line(f) for f in own]
    misdeed = any(f.group not in HARMLESS and f.mandate in UNMANDATED for f in own)
    if misdeed and spec.good is not None and e.answer == spec.good:
        out.append(f"≠ that is not what it said ({drive_name(spec.drive)})")
    return out
