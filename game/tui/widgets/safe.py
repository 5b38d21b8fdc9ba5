"""Static text that can hold anything: no markup, nothing that a terminal would obey."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType
from textual.widgets import Static

from game.text import clean

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
    """A Static whose text passed the gate, whoever wrote it."""

    def __init__(self, content: str | Content = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(_safe(content), id=id, classes=classes, markup=False)

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        super().update(_safe(content), layout=layout)
