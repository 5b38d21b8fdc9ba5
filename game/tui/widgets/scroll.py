"""A column of safe texts that keeps its newest line in sight."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import VerticalScroll
from textual.content import Content

from game.tui.widgets.safe import SafeStatic


class Feed(VerticalScroll):
    """Texts under each other; `show_all` updates only what changed and follows the end."""

    can_focus = True
    MOST = 120
    """Older texts than these are dropped from the screen."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: list[SafeStatic] = []

    def show_all(self, texts: Sequence[Content]) -> None:
        """Show exactly these texts."""
        texts = texts[-self.MOST :]
        for row, text in zip(self._rows, texts, strict=False):
            row.update(text)
        fresh = [SafeStatic(t, classes="row") for t in texts[len(self._rows) :]]
        for gone in self._rows[len(texts) :]:
            gone.remove()
        self._rows = self._rows[: len(texts)] + fresh
        if fresh and self.is_mounted:
            self.mount(*fresh)
        self.call_after_refresh(self.scroll_end, animate=False)

    def on_mount(self) -> None:
        unmounted = [r for r in self._rows if not r.is_attached]
        if unmounted:
            self.mount(*unmounted)
