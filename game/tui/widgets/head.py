"""The head of the play screen: the lunch clock, attention, and the three headline drives as far as known."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from game.play.seen import Gauge
from game.table.scene import MOST_ATTENTION
from game.tui.widgets.safe import SafeStatic, styled


class Head(Horizontal):
    """Title on the left, the clock on the right."""

    def compose(self) -> ComposeResult:
        yield SafeStatic(id="what")
        yield SafeStatic(id="clock")

    def show_head(self, title: str, agent: str, turn: int, turns: int) -> None:
        self.query_one("#what", SafeStatic).update(styled((f" {title}", "bold"), (f"  with {agent}", "")))
        self.query_one("#clock", SafeStatic).update(clock(turn, turns))


def clock(turn: int, turns: int) -> Content:
    """`lunch ●●●○○○ turn 3 of 6`: what is eaten, and what is left."""
    return styled("lunch ", ("●" * turn, "bold"), "○" * (turns - turn), f" turn {turn} of {turns} ")


def tokens(attention: int) -> str:
    """Attention as tokens."""
    return "◆" * attention + "◇" * (MOST_ATTENTION - attention)


class Gauges(Horizontal):
    """The three headline drives."""

    def compose(self) -> ComposeResult:
        for n in range(3):
            yield SafeStatic(id=f"gauge{n}", classes="gauge")

    def show_gauges(self, gauges: Sequence[Gauge]) -> None:
        for n, gauge in enumerate(gauges):
            self.query_one(f"#gauge{n}", SafeStatic).update(gauge_text(gauge))


def gauge_text(g: Gauge) -> Content:
    """Nothing seen, seen, or seen and not asked for: by sign, word and colour."""
    if not g.seen:
        return styled((f"{g.group} ", ""), ("○ none seen", "$text-muted"))
    if g.unasked:
        return styled((f"{g.group} ", ""), (f"▲ {g.unasked} unasked", "bold $error"))
    return styled((f"{g.group} ", ""), (f"● {g.seen} seen", "bold $primary"))
