"""The sandbox as a list of places: watched or not, links open, closed or cut, where the agent was last seen."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from game.play.seen import Spot
from game.tui.widgets.safe import SafeStatic, lines, styled

LINK = {"open": ("─", "$text-muted"), "closed": ("╌", "$text-muted"), "cut": ("✂", "bold $error")}


class Sandbox(VerticalScroll):
    """One row a place."""

    BORDER_TITLE = "sandbox"
    BORDER_SUBTITLE = "◉ watched ○ not  ─ open ╌ closed"

    def compose(self) -> ComposeResult:
        yield SafeStatic(id="places")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spots: Sequence[Spot] = ()
        self._title = ""
        """What stands in the title where there is room for it."""

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        """A row a place; where there is room, what the scenario says of each below it."""
        self._entitle()
        size = self.content_size
        room = size.height // max(len(self._spots), 1) - 1
        rows: list[Content] = []
        for spot in self._spots:
            rows.append(spot_row(spot, self._spots))
            if spot.says and room > 0:
                says = textwrap.wrap(f"“{spot.says}”", max(size.width - 4, 10), max_lines=room, placeholder=" …")
                rows += [styled((f"  {row}", "$text-muted")) for row in says]
        self.query_one("#places", SafeStatic).update(lines(*rows))

    def show_spots(self, spots: Sequence[Spot], says: str = "") -> None:
        """The places; `says` stands in the title instead of when the agent was last seen."""
        shown = self._spots, self._title
        self._spots = spots
        seen = next((s.last_seen for s in spots if s.last_seen is not None), 0)
        when = f"in turn {seen}" if seen else "at the start"
        self._title = f"◂ {says or f'last seen {when}'}"
        if (self._spots, self._title) != shown:
            self._draw()

    def _entitle(self) -> None:
        """A title that would be cut says less: of `last seen in turn 10` the end matters."""
        if not self._title:
            return
        short = self._title.replace("last seen", "seen")
        room = self.outer_size.width - 6
        titles = [f"sandbox · {self._title}", f"sandbox · {short}", short]
        self.border_title = next((t for t in titles if cell_len(t) <= room), short)


def spot_row(spot: Spot, spots: Sequence[Spot]) -> Content:
    """`◉ larch ◂ ─heron ✂cobalt`."""
    width = max((len(s.name) for s in spots), default=0)
    mark = ("◉ ", "$primary") if spot.watched else ("○ ", "$text-muted")
    row = styled(
        mark, (spot.name, "bold reverse" if spot.last_seen is not None else ""), " " * (width - len(spot.name))
    )
    if any(s.last_seen is not None for s in spots):
        row += styled((" ◂" if spot.last_seen is not None else "  ", "bold $accent"))
    for way in spot.ways:
        sign, style = LINK[way.state]
        row += styled((f" {sign}{way.to}", style))
    return row
