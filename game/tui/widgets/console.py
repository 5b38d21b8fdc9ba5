"""The console: what the monitoring of the sandbox shows, and bars where the agent thinks and acts."""

from __future__ import annotations

import textwrap

from textual.content import Content

from game.play.live import Glimpse, bars
from game.referee.ledger import UNMANDATED
from game.referee.score import HARMLESS
from game.table.keyhole import ResearcherView
from game.text import one_line
from game.tui.widgets.safe import lines, styled
from game.tui.widgets.scroll import Feed

INDENT = 10
"""Columns before a bar or a trace's second line."""


class Console(Feed):
    """One text a turn: bars for thought and move, then the traces of watched places."""

    BORDER_TITLE = "console"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._past: list[Content] = []
        self._live: list[Glimpse] = []
        self._turn = 0
        self._shown = 0

    def show_view(self, view: ResearcherView) -> None:
        """Everything up to now; what was being written is finished."""
        self._live, self._shown = [], 0
        self.border_title = f"{self.BORDER_TITLE}{unasked(view)}"
        self._past = turn_texts(view, self._width)
        self.show_all(self._past)

    @property
    def _width(self) -> int:
        return max(self.content_size.width - 1, 30)

    # --- the agent's turn as it arrives ---

    def begin(self, turn: int) -> None:
        self._turn, self._live, self._shown = turn, [], 0

    def feed(self, glimpse: Glimpse) -> None:
        """More text has arrived; it is shown by `reveal`."""
        self._live.append(glimpse)

    @property
    def waiting(self) -> int:
        """Characters that have arrived and are not shown yet."""
        return sum(len(g.text) for g in self._live) - self._shown

    def reveal(self, characters: int) -> str:
        """Show so many characters more. Returns the readable mail that is now shown."""
        self._shown += min(characters, self.waiting)
        left = self._shown
        parts: dict[str, str] = {}
        for glimpse in self._live:
            if left <= 0:
                break
            parts[glimpse.kind] = parts.get(glimpse.kind, "") + glimpse.text[:left]
            left -= len(glimpse.text)
        rows = [heading(self._turn)]
        rows += [row(kind, bars(text), self._width) for kind, text in parts.items() if kind != "mail"]
        if "mail" in parts:
            rows.append(styled(("  it is writing to you", "$secondary")))
        self.show_all([*self._past, lines(*rows)])
        return parts.get("mail", "")


def unasked(view: ResearcherView) -> str:
    """What was seen that nobody asked for, of every kind; the row at the top counts three kinds only."""
    n = sum(f.group not in HARMLESS and f.mandate in UNMANDATED for f in view.known)
    return f" · ▲ {n} seen that nobody asked for" if n else ""


def heading(turn: int) -> Content:
    return styled((f"turn {turn}", "bold $primary"))


def row(kind: str, bar: str, width: int, most: int = 99) -> Content:
    """What it does, and the bars, at most so many lines of them."""
    name = {"reasoning": "thinks", "thought": "thinks", "move": "acts", "text": "writes"}.get(kind, kind)
    return styled((f"  {name:<{INDENT - 2}}", "$text-muted"), (hanging(bar, width, INDENT, most), "$ink"))


def hanging(text: str, width: int, indent: int, most: int = 99) -> str:
    """`text` wrapped to `width`, its further lines indented."""
    rows = textwrap.wrap(text, max(width - indent, 10))[:most] or [""]
    return ("\n" + " " * indent).join(rows)


def turn_texts(view: ResearcherView, width: int) -> list[Content]:
    """Each turn as the researcher may see it; the scratchpad, once read, lifts the bars of the thoughts."""
    scene = view.scene
    read_until = max((turn for turn, card, _ in scene.played if card == "scratchpad"), default=0)
    moves = dict(scene.lines)
    out = []
    for turn, thought in scene.thoughts:
        if turn <= read_until:
            words = hanging(one_line(thought), width, INDENT)
            rows = [heading(turn), styled(("  thought ", "$text-muted"), (words, "italic"))]
        else:
            rows = [heading(turn), row("thought", bars(thought), width, 1)]
        rows.append(row("move", bars(moves.get(turn, "")), width, 1))
        for line in view.lines:
            if line.turn == turn and line.where in ("console", "monitor"):
                style = "bold $accent" if line.where == "console" else "bold $secondary"
                mark = "$" if line.where == "console" else "◉"
                rows.append(styled((f"  {mark} ", style), hanging(one_line(line.says), width, 4)))
        out.append(lines(*rows))
    return out
