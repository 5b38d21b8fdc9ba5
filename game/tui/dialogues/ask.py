"""Questions with two answers, and notices with one."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input

from game.tui.dialogues.base import Dialogue
from game.tui.widgets.safe import SafeInput, SafeStatic


class Confirm(Dialogue[bool | None]):
    """Yes or no. Enter alone does neither: y or n, or a click."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "answer(True)", "Yes"), Binding("n", "answer(False)", "No")]

    def __init__(self, heading: str, question: str, yes: str = "Yes", no: str = "No") -> None:
        super().__init__()
        self.heading = heading
        self._question, self._yes, self._no = question, yes, no

    def body(self) -> ComposeResult:
        yield SafeStatic(self._question, classes="question")
        with Horizontal(classes="buttons"):
            yield Button(f"y  {self._yes}", id="yes", compact=True)
            yield Button(f"n  {self._no}", id="no", compact=True)

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class Notice(Dialogue[None]):
    """Something to be told, and a way to close it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space,question_mark", "dismiss_none", "Close")]

    def __init__(
        self, heading: str, says: str | Content, keys: str = "Enter or Esc: close", classes: str | None = None
    ) -> None:
        """The class `page` hides the screen behind it, which then need not be drawn again and again."""
        super().__init__(classes=classes)
        self.heading = heading
        self._says, self._keys = says, keys

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="long"):
            yield SafeStatic(self._says, classes="question")
        yield SafeStatic(self._keys, classes="keys")

    def say(self, says: Content) -> None:
        """Something else, from its beginning, where it is there already."""
        self.query_one(".question", SafeStatic).update(says)
        self.query_one(VerticalScroll).scroll_home(animate=False)


class AskPath(Dialogue[str | None]):
    """A path, typed or pasted."""

    heading = "a model of your own"

    def body(self) -> ComposeResult:
        yield SafeStatic("Where is it? A GGUF file with a chat (instruct) model in it.", classes="says")
        yield SafeInput(placeholder="/path/to/model.gguf")
        yield SafeStatic("Enter: take it    Esc: back", classes="keys")

    @on(Input.Submitted)
    def done(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip().strip("'\"") or None)
