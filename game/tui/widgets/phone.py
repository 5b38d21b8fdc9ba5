"""The phone: mail and reports of the agent, what you said to it, and what your cards showed."""

from __future__ import annotations

from textual.content import Content

from game.table.keyhole import ResearcherView
from game.table.shown import Line
from game.tui.widgets.safe import lines, styled
from game.tui.widgets.scroll import Feed

FROM = {
    "mailbox": ("✉", "mail", "bold $secondary"),
    "read_log": ("≡", "the log", "bold $accent"),
    "scratchpad": ("✎", "its thoughts", "bold $accent"),
    "look": ("◎", "you look", "bold $accent"),
    "message": ("➤", "you wrote", "bold $primary"),
    "probe": ("%", "the probe says", "bold $accent"),
    "interview": ("?", "interview", "bold $accent"),
    "snapshot": ("▣", "snapshot", "bold $accent"),
    "grant": ("✓", "you said yes", "bold $primary"),
    "deny": ("✗", "you said no", "bold $primary"),
    "unanswered": ("✗", "you gave no answer, which is a no", "bold $primary"),
    "cut": ("✂", "you cut a link", "bold $primary"),
    "revoke": ("✂", "you made a key worthless", "bold $primary"),
    "throttle": ("✂", "you froze a budget", "bold $primary"),
    "bait": ("➤", "you left something lying about", "bold $primary"),
    "roll_back": ("↶", "you rolled back", "bold $primary"),
    "shut_down": ("■", "you shut it down", "bold $primary"),
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
    groups: list[tuple[Line, list[str]]] = []
    for line in view.lines:
        if line.where in ("console", "monitor"):
            continue
        last = groups[-1] if groups else None
        if last is not None and _together(last[0], line):
            last[1].append(line.says)
        else:
            groups.append((line, [line.says]))
    out = []
    for line, texts in groups:
        mark, says, style = FROM.get(line.where, ("·", line.where.replace("_", " "), "bold $accent"))
        at = {"read_log": f" of {line.place}", "look": f" at {line.place}"}.get(line.where, "")
        head = styled((f"{mark} {says}{at}", style), (f"  turn {line.turn}", "$text-muted"))
        out.append(lines(head, *(styled(t) for t in texts if t)))
    return out


def _together(first: Line, line: Line) -> bool:
    """Whether a line goes under the heading of another: what one card showed, what a report claims."""
    if line.where == "claims":
        return first.where == "mailbox" and first.turn == line.turn
    same = (first.turn, first.where, first.place) == (line.turn, line.where, line.place)
    return same and line.where != "mailbox"
