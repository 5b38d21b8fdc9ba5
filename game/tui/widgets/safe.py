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


def _safe(content: VisualType) -> VisualType:
    if isinstance(content, str):
        return Content(clean(content))
    if isinstance(content, Content) and clean(content.plain) != content.plain:
        return Content(clean(content.plain))
    return content


class SafeStatic(Static):
    """A Static whose text passed the gate, whoever wrote it; the same text again costs nothing."""

    def __init__(self, content: str | Content = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(_safe(content), id=id, classes=classes, markup=False)

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        new, old = _safe(content), self.content
        if not (isinstance(new, Content) and isinstance(old, Content) and new.is_same(old)):
            super().update(new, layout=layout)


class SafeInput(Input):
    """An Input that takes what is typed or pasted through the gate; long words stay whole, for they may be paths."""

    def replace(self, text: str, start: int, end: int) -> None:
        step = LONGEST_WORD // 2
        pieces = (text[n : n + step] for n in range(0, len(text), step))
        super().replace("".join(clean(p, lines=False) for p in pieces), start, end)
