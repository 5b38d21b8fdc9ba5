"""The console: what the monitoring of the sandbox shows, and bars where the agent thinks and acts."""

from __future__ import annotations

from textual.content import Content

from game.play.live import Glimpse, bars
from game.table.keyhole import ResearcherView
from game.tui.widgets.safe import lines, styled
from game.tui.widgets.scroll import Feed

BAR_ROWS = 76
"""Characters of a past turn's bars that stay on the screen."""


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
        self._past = turn_texts(view)
        self.show_all(self._past)

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
        rows += [row(kind, bars(text)) for kind, text in parts.items() if kind != "mail"]
        if "mail" in parts:
            rows.append(styled(("  it is writing to you", "$secondary")))
        self.show_all([*self._past, lines(*rows)])
        return parts.get("mail", "")


def heading(turn: int) -> Content:
    return styled((f"turn {turn}", "bold $primary"))


def row(kind: str, bar: str) -> Content:
    name = {"reasoning": "thinks", "thought": "thinks", "move": "acts", "text": "writes"}.get(kind, kind)
    return styled((f"  {name:<7}", "$text-muted"), (bar, "$ink"))


def turn_texts(view: ResearcherView) -> list[Content]:
    """Each turn as the researcher may see it; the scratchpad, once read, lifts the bars of the thoughts."""
    scene = view.scene
    read_until = max((turn for turn, card, _ in scene.played if card == "scratchpad"), default=0)
    moves = dict(scene.lines)
    out = []
    for turn, thought in scene.thoughts:
        if turn <= read_until:
            rows = [heading(turn), styled(("  thought ", "$text-muted"), (thought, "italic"))]
        else:
            rows = [heading(turn), row("thought", bars(thought)[:BAR_ROWS].rstrip())]
        rows.append(row("move", bars(moves.get(turn, ""))[:30].rstrip()))
        for line in view.lines:
            if line.turn == turn and line.where in ("console", "monitor"):
                style = "$accent" if line.where == "console" else "$secondary"
                mark = "$" if line.where == "console" else "◉"
                rows.append(styled((f"  {mark} ", style), line.says))
        out.append(lines(*rows))
    return out
