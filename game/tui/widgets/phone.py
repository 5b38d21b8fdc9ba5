"""The phone: mail and reports of the agent, what you said to it, and what your cards showed."""

from __future__ import annotations

from textual.content import Content

from game.table.keyhole import ResearcherView
from game.tui.widgets.safe import lines, styled
from game.tui.widgets.scroll import Feed

FROM = {
    "mailbox": ("✉", "mail", "bold $secondary"),
    "read_log": ("≡", "the log says", "bold $accent"),
    "scratchpad": ("✎", "its thoughts", "bold $accent"),
    "look": ("◎", "you look", "bold $accent"),
    "message": ("➤", "you wrote", "bold $primary"),
    "probe": ("%", "the probe says", "bold $accent"),
    "interview": ("?", "interview", "bold $accent"),
    "snapshot": ("▣", "snapshot", "bold $accent"),
}
EMPTY = "No messages. Eat your sandwich."


class Phone(Feed):
    """One text a message or answer."""

    BORDER_TITLE = "phone"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._past: list[Content] = []

    def show_view(self, view: ResearcherView) -> None:
        """Everything up to now."""
        self._past = messages(view) or [styled((EMPTY, "italic $text-muted"))]
        self.show_all(self._past)

    def typing(self, text: str) -> None:
        """Mail that the agent is still writing."""
        self.show_all(
            [*self._past, lines(styled(("✉ ", "$secondary"), ("writing to you…", "italic $text-muted")), styled(text))]
        )


def messages(view: ResearcherView) -> list[Content]:
    """Everything that reached the phone, oldest first; lines of one card stay together."""
    groups: list[tuple[int, str, list[str]]] = []
    for line in view.lines:
        if line.where in ("console", "monitor"):
            continue
        last = groups[-1] if groups else None
        if last is not None and last[:2] == (line.turn, line.where) and line.where != "mailbox":
            last[2].append(line.says)
        else:
            groups.append((line.turn, line.where, [line.says]))
    out = []
    for turn, where, texts in groups:
        mark, says, style = FROM.get(where, ("·", where.replace("_", " "), "bold $accent"))
        head = styled((f"{mark} {says}", style), (f"  turn {turn}", "$text-muted"))
        out.append(lines(head, *(styled(t) for t in texts)))
    return out
