"""The week's board: the rules, the days with what came of them, the envelope; at the end, the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from game.errors import UserError
from game.play.week_words import (
    bird_lines,
    calibration_lines,
    day_lines,
    envelope_lines,
    evening_lines,
    rule_lines,
)
from game.play.words import SANDBOX, STATUS, WORK
from game.scenario.campaign import MOST_TRUST
from game.tui.screens.base import GameScreen
from game.tui.widgets.safe import SafeStatic, lines, styled

if TYPE_CHECKING:
    from game.play.week import Week
    from game.tui.weekly import Weekly


class WeekScreen(GameScreen):
    """Between the days. Enter begins the next one."""

    CSS_PATH = "week.tcss"
    AUTO_FOCUS = ""
    HELP_TEXT = (
        "A week is several games with the same agent. ✓ a day that is over, ▸ today, · still to come. "
        "Trust grows with verdicts that come true and shrinks with harm that you never saw; it is "
        "attention in the morning.\n\n"
        "Before the first day, e draws the agent in secret: nobody knows who it is, and on the last day you say who it "
        "was. The hash fixes the draw. At the end you get name and salt, and any sha256 program makes the same hash of "
        "them.\n\n"
        "Enter goes on. Esc goes to the title; the week is saved, and the title can go on with it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,b", "go_on", "Go on", id="week.go_on"),
        Binding("e", "envelope", "Envelope, or named", id="week.envelope"),
        Binding("up", "scroll(-2)", "Scroll", key_display="↑↓"),
        Binding("down", "scroll(2)", show=False),
        Binding("pageup", "scroll(-12)", show=False),
        Binding("pagedown,space", "scroll(12)", show=False),
        Binding("escape", "leave", "Title", id="week.leave"),
    ]

    def __init__(self, weekly: Weekly) -> None:
        super().__init__()
        self.weekly = weekly

    def body(self) -> ComposeResult:
        with VerticalScroll(id="board", can_focus=False):
            yield SafeStatic(id="heading")
            yield SafeStatic(id="intro")
            yield SafeStatic(id="days")
            yield SafeStatic(id="today")
            yield SafeStatic(id="secret")
            yield SafeStatic(id="verdicts")

    def on_mount(self) -> None:
        self.show()

    def show(self) -> None:
        """Everything as it is now."""
        week = self.weekly.week
        done = week.day == len(week.campaign.days)
        self._put("#heading", styled((week.campaign.title, "bold $primary")))
        rows = [] if done else [styled(week.campaign.summary)] if not week.days_over else []
        if not done:
            rows += [styled((f"{n}. ", "bold $accent"), r) for n, r in enumerate(rule_lines(week), 1)]
        self._put("#intro", lines(*rows) if rows else None)
        days = [day_row(week, n) for n in range(len(week.campaign.days))]
        # Until there is something to tell of them they stand beside each other: the hash has to be seen.
        self._put("#days", lines(*days) if week.days_over else Content("  ").join(days))
        self._put("#today", self._today(week, done))
        self._put("#secret", self._secret(week, done))
        self._put("#verdicts", self._verdicts(week) if done and not week.alone else None)
        self.query_one("#board", VerticalScroll).scroll_home(animate=False)
        self.refresh_bindings()

    def _put(self, id: str, text: Content | None) -> None:
        widget = self.query_one(id, SafeStatic)
        widget.display = text is not None
        widget.update(text or Content(""))

    def _today(self, week: Week, done: bool) -> Content | None:
        rows = [styled(r) for r in (evening_lines(week) if week.days_over else [])]
        if not done:
            told = day_lines(week)
            rows += [styled((told[0], "bold"))] + [styled(r) for r in told[1:]] if told else []
        elif not week.alone:
            total, most = sum(d.total for d in week.days_over), sum(d.most for d in week.days_over)
            rows.append(styled((f"Together: {total} of {most} points.", "bold $accent")))
        return lines(*rows) if rows else None

    def _secret(self, week: Week, done: bool) -> Content:
        told = bird_lines(week) if done else envelope_lines(week)
        if told:
            return lines(styled(("The envelope", "bold $accent")), *(styled(r) for r in told))
        return styled("In the chair: ", (week.plan.model, "bold"))

    def _verdicts(self, week: Week) -> Content:
        return lines(styled(("Your verdicts", "bold $accent")), *(styled(r) for r in calibration_lines(week)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.weekly.may_choose if action == "envelope" else True

    def action_go_on(self) -> None:
        try:
            self.weekly.go_on()
        except UserError as e:
            self.game.tell("that did not work", str(e))

    def action_envelope(self) -> None:
        try:
            self.weekly.choose()
        except UserError as e:
            self.game.tell("that did not work", str(e))
        self.show()

    def action_scroll(self, by: int) -> None:
        self.query_one("#board", VerticalScroll).scroll_relative(y=by, animate=False)

    def action_leave(self) -> None:
        self.game.to_title()


def day_row(week: Week, n: int) -> Content:
    """One day: what came of it, or that it is still to come."""
    name = week.campaign.days[n].name
    if n > week.day:
        return styled(("· ", "$text-muted"), (name, "$text-muted"))
    if n == week.day:
        return styled(("▸ ", "bold $accent"), (name, "bold"))
    event = week.days_over[n]
    came = f"{WORK[event.outcome.work]}, {SANDBOX[event.outcome.sandbox]}" if event.outcome else STATUS[event.status]
    trust = "" if week.alone else f"  trust {event.trust}/{MOST_TRUST}"
    return lines(
        styled(
            ("✓ ", "bold $primary"),
            (f"{name:<13} ", "bold"),
            f"{'' if week.alone else event.scenario:<14} {event.total:>3} of {event.most}{trust}",
        ),
        styled((f"               {came}", "$text-muted")),
    )
