"""What all dialogues share: a framed box in the middle, closed by Escape."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from game.text import one_line
from game.tui.widgets.safe import SafeStatic

T = TypeVar("T")


class Dialogue(ModalScreen[T]):
    """Subclasses yield their widgets in `body`. Escape answers None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss_none", "Back", show=False)]
    heading = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = Content(one_line(self.heading, 60)).markup
            yield from self.body()

    def on_resize(self) -> None:
        """Behind a dialogue the screen says that the window is too small."""
        self.set_class(getattr(self.app, "too_small", False), "-small")

    def body(self) -> ComposeResult:
        yield SafeStatic()

    def action_dismiss_none(self) -> None:
        self.dismiss(None)
