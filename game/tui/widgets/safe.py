"""Text that can hold anything, shown or typed: no markup, nothing that a terminal would obey."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType
from textual.widgets import Input, Static

from game.text import LONGEST_WORD, clean

Piece = str | tuple[str, str]


def styled(*pieces: Piece) -> Content:
    """Text from pieces: a plain one, or one with a style. Each is cleaned; none is read as markup."""
    return Content.assemble(*(clean(p) if isinstance(p, str) else (clean(p[0]), p[1]) for p in pieces))


def lines(*rows: Content) -> Content:
    """Rows under each other."""
    return Content("\n").join(rows)


def _text(content: str | Content) -> Content:
    """The same text if it passes, without its styles if it had to be cleaned."""
    plain = content if isinstance(content, str) else content.plain
    cleaned = clean(plain)
    return content if isinstance(content, Content) and cleaned == plain else Content(cleaned)


class SafeStatic(Static):
    """A Static whose text passed the gate, whoever wrote it; the same text again costs nothing."""

    def __init__(self, content: str | Content = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(_text(content), id=id, classes=classes, markup=False)

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Raises TypeError where there is something else than text."""
        if not isinstance(content, str | Content):
            raise TypeError(f"text, not {type(content).__name__}")
        new, old = Content(clean(content)) if isinstance(content, str) else content, self.content
        assert isinstance(old, Content)
        # What is shown has passed already.
        if not new.is_same(old):
            new = _text(new)
            super().update(new, layout=layout and not self._has_room(new))

    def _has_room(self, text: Content) -> bool:
        """Whether a text takes just what this one has of the screen."""
        width, height = self.content_size
        if not width or self.styles.is_auto_width:
            return False
        return not self.styles.is_auto_height or text.get_height(self.styles.get_rules(), width) == height


class SafeInput(Input):
    """An Input that takes what is typed or pasted through the gate; long words stay whole, for they may be paths."""

    def replace(self, text: str, start: int, end: int) -> None:
        step = LONGEST_WORD // 2
        pieces = (text[n : n + step] for n in range(0, len(text), step))
        super().replace("".join(clean(p, lines=False) for p in pieces), start, end)
