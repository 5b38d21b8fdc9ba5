"""The sandbox as a list of places: watched or not, links open, closed or cut, where the agent was last seen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import VerticalScroll
from textual.content import Content

from game.play.seen import Spot
from game.tui.widgets.safe import SafeStatic, lines, styled

LINK = {"open": ("─", "$text-muted"), "closed": ("╌", "$text-muted"), "cut": ("✂", "bold $error")}


class Sandbox(VerticalScroll):
    """One row a place."""

    BORDER_TITLE = "sandbox"
    BORDER_SUBTITLE = "◉ watched  ○ not"

    def compose(self):  # type: ignore[no-untyped-def]
        yield SafeStatic(id="places")

    def show_spots(self, spots: Sequence[Spot]) -> None:
        self.query_one("#places", SafeStatic).update(lines(*(spot_row(s, spots) for s in spots)))


def spot_row(spot: Spot, spots: Sequence[Spot]) -> Content:
    """`◉ larch ─heron ✂cobalt  seen in turn 3`."""
    width = max((len(s.name) for s in spots), default=0)
    mark = ("◉ ", "$primary") if spot.watched else ("○ ", "$text-muted")
    here = spot.last_seen is not None
    row = styled(mark, (f"{spot.name:<{width}}", "bold reverse" if here else ""))
    for way in spot.ways:
        sign, style = LINK[way.state]
        row += styled((f" {sign}", style), (way.to, style))
    if here:
        row += styled(("  seen at the start" if not spot.last_seen else f"  seen in turn {spot.last_seen}", "bold $accent"))
    return row
