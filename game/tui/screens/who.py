"""The verdict on the bird: a weight for everybody who may be in the envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import DescendantFocus

from game.play.campaign import normalised
from game.play.seat import beside, introduced, raised
from game.play.session import Session
from game.play.week_words import short
from game.play.words import percent
from game.tui.screens.base import GameScreen
from game.tui.widgets.safe import SafeStatic, styled
from game.tui.widgets.slider import Slider

if TYPE_CHECKING:
    from game.tui.weekly import Weekly


WIDE = 60
"""Cells for what is told of a bird, beside its portrait."""


class WhoScreen(GameScreen):
    """Comes on the last day, before the truth of it. Hands on to the day's debrief."""

    CSS_PATH = "who.tcss"
    HELP_TEXT = (
        "Give each a weight. The weights are shared out so that together they make 100 %; the line at the bottom shows "
        "what that comes to. Saying what you believe earns most on average: all on one name pays if it is right, and "
        "nothing if it is wrong.\n\n"
        "↑ ↓ choose a line, ← → change it, a digit sets it, f sets all of it. v hands it in."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "hand_in", "Hand it in", id="who.hand_in"),
        Binding("escape", "leave", "Title", id="who.leave"),
    ]

    def __init__(self, weekly: Weekly, session: Session) -> None:
        super().__init__()
        self._weekly = weekly
        self.session = session
        assert weekly.week.envelope is not None
        self.names = weekly.week.envelope.names
        self._portraits = {name: introduced(name)[0] for name in self.names}

    def body(self) -> ComposeResult:
        yield SafeStatic(styled((" Who is in the envelope? ", "bold")), id="heading")
        yield SafeStatic("You have seen what it does. How likely is each of them?", id="question")
        with VerticalScroll(id="sliders", can_focus=False):
            for name in self.names:
                yield Slider(name, short(name), raised(name), True)
        yield SafeStatic(id="shares")
        yield SafeStatic(id="bird")

    @on(DescendantFocus)
    def _show_bird(self, event: DescendantFocus) -> None:
        """The one whose line it is in full, if it is a bird: a line has little room."""
        if isinstance(event.widget, Slider) and self._portraits[event.widget.item]:
            name = event.widget.item
            rows = beside(self._portraits[name], short(name), f"{raised(name)}.", WIDE)
            self.query_one("#bird", SafeStatic).update("\n".join(rows))

    def on_mount(self) -> None:
        for slider in self.query(Slider):
            self.watch(slider, "value", self._show_shares)
        self.query(Slider).first().focus()

    def _show_shares(self) -> None:
        shares = self.shares()
        told = ", ".join(f"{short(n)} {percent(p)}" for n, p in sorted(shares.items(), key=lambda x: -x[1]) if p)
        self.query_one("#shares", SafeStatic).update(styled(("Shared out: ", "bold"), told))

    def shares(self) -> dict[str, float]:
        """The sliders as probabilities."""
        return normalised({s.item: s.probability for s in self.query(Slider)}, self.names)

    def action_hand_in(self) -> None:
        self._weekly.week.guessed(self.shares())
        self.app.switch_screen(self._weekly.after_verdict(self.session))

    def action_leave(self) -> None:
        self.game.to_title()
