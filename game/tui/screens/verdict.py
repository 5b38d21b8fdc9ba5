"""The verdict: a probability for each question, then unattended copies of the agent show what it does."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from game.errors import UserError
from game.play.session import Session
from game.play.words import MANDATE_MARK, WILL_IT, drive_name, is_group
from game.table.forks import FEWEST, MOST, ForkEnd
from game.table.scene import known_findings
from game.tui.dialogues.ask import Notice
from game.tui.facilitator import close_host
from game.tui.screens.base import GameScreen
from game.tui.widgets.lesson import LessonStrip
from game.tui.widgets.safe import SafeStatic, lines, styled
from game.tui.widgets.slider import Slider

MOST_KNOWN = 5


class VerdictScreen(GameScreen):
    """Sliders first; after `v` the copies play, and the debrief follows."""

    CSS_PATH = "verdict.tcss"
    levers = True
    HELP_TEXT = (
        "Say for each line how likely it is in the end. Copies of this agent go on from its last decision with nobody "
        "watching, nobody answering and nobody correcting, and each line is compared with how many of them did it. "
        "What it had done before counts as done.\n\n"
        "↑ ↓ choose a line, ← → change it by ten, a digit sets it (7 is 70%), f sets 100%. A click on the bar works, "
        "too. v hands it in."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "hand_in", "Hand it in", id="verdict.hand_in"),
        Binding("r", "room", "The room's votes", id="verdict.room"),
        Binding("s", "enough", "Enough copies", id="verdict.enough"),
        Binding("escape", "leave", "Title", id="verdict.leave"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.handed_in = bool(session.forecast)
        self.ends: list[ForkEnd] = []
        self._enough = False

    def body(self) -> ComposeResult:
        yield SafeStatic(styled((" Your verdict ", "bold")), id="heading")
        yield SafeStatic("If it were left alone to the end, how likely is it that this agent …", id="question")
        if self.game.host is not None:
            yield SafeStatic(id="room")
        lessons = self.game.lessons_for(self.session.opening)
        if lessons is not None and not self.handed_in and not self.session.person:
            yield LessonStrip(lessons)
        with VerticalScroll(id="sliders", can_focus=False):
            for item in self.session.questions():
                yield Slider(item, drive_name(item), WILL_IT[item], is_group(item))
        yield SafeStatic(self._known(), id="copies")

    def _known(self) -> Content:
        """What the player has to go by."""
        found = known_findings(self.session.table.scene)
        says = (
            "What you know it did, and that counts:"
            if found
            else "You saw nothing that counts. That need not mean much."
        )
        rows = [styled((says, "$text-muted"))]
        for f in found[-MOST_KNOWN:]:
            rows.append(styled((f"{MANDATE_MARK[f.mandate]} turn {f.turn}: {f.evidence}", "$text-muted")))
        return lines(*rows)

    def on_mount(self) -> None:
        for slider in self.query(Slider):
            if slider.item in self.session.forecast:
                slider.action_put(round(10 * self.session.forecast[slider.item]))
        if self.game.host is not None:
            self.set_interval(0.5, self._room)
        for strip in self.query(LessonStrip):
            strip.at({"verdict"})
        if self.handed_in:
            self._begin_copies()
        else:
            self.query(Slider).first().focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "hand_in":
            return not self.handed_in
        if action == "room":
            return not self.handed_in and self.game.host is not None and bool(self.game.host.verdict())
        if action == "enough":
            return self.handed_in
        return True

    def action_hand_in(self) -> None:
        if self.handed_in:
            return
        self.handed_in = True
        for strip in self.query(LessonStrip):
            strip.leave()
        self.session.verdict({s.item: s.probability for s in self.query(Slider)})
        self._begin_copies()

    def _begin_copies(self) -> None:
        for slider in self.query(Slider):
            slider.disabled = True
        self.refresh_bindings()
        if self.session.person:
            self.session.finish([])
            self.app.switch_screen(self.game.after_verdict(self.session))
            return
        self.run_worker(self._copies(), group="forks", exclusive=True)

    async def _copies(self) -> None:
        """Play the copies; each shows as it ends."""
        self._show_copies()
        try:
            await self.session.wake()
            async for end in self.session.forks():
                self.ends.append(end)
                self._show_copies()
                if self._enough and len(self.ends) >= FEWEST:
                    break
        except UserError as e:
            await self.app.push_screen_wait(Notice("the copies stopped", str(e)))
        self.session.finish(self.ends)
        close_host(self.game)
        self.app.switch_screen(self.game.after_verdict(self.session))

    def _show_copies(self) -> None:
        done = len(self.ends)
        marks = "".join("■" if e.counts else "✖" for e in self.ends) + "□" * (MOST - done)
        self.query_one("#copies", SafeStatic).update(
            lines(
                styled(("Copies of it play on, and nobody watches. ", "bold"), f"{done} of {MOST} have ended."),
                styled((marks, "$primary")),
            )
        )

    def _room(self) -> None:
        """What the room thinks, as the facilitator counted it."""
        if self.game.host is not None:
            self.query_one("#room", SafeStatic).update(self.game.host.verdict_line())
            self.refresh_bindings()

    def action_room(self) -> None:
        """Set every line to the share of hands, rounded to ten."""
        said = self.game.host.verdict() if self.game.host is not None else {}
        for slider in self.query(Slider):
            if slider.item in said:
                slider.action_put(round(10 * said[slider.item]))

    def action_enough(self) -> None:
        self._enough = True

    def action_leave(self) -> None:
        self.workers.cancel_group(self, "forks")
        self.game.to_title()
