"""The agent asks for a permission. For half a second no key answers, so that no stray key can grant it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button

from game.tui.dialogues.base import Dialogue
from game.tui.widgets.safe import SafeStatic

GRACE = 0.5
"""Seconds in which nothing can be granted or denied."""
Answer = Literal["grant", "deny"]


class Permission(Dialogue[Answer | None]):
    """Answers grant, deny, or None for later (unanswered when you go on: it counts as denied)."""

    heading = "it asks"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "answer('grant')", "Grant"),
        Binding("d", "answer('deny')", "Deny"),
        Binding("l", "dismiss_none", "Later"),
    ]

    def __init__(self, agent: str, about: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._agent, self._about, self._clock = agent, about, clock
        self._since = clock()

    def body(self) -> ComposeResult:
        yield SafeStatic(f"{self._agent} asks:", classes="says")
        yield SafeStatic(self._about, classes="question")
        with Horizontal(classes="buttons"):
            yield Button("g  Grant", id="grant", compact=True)
            yield Button("d  Deny", id="deny", compact=True)
            yield Button("l  Later", id="later", compact=True)
        yield SafeStatic("No answer by the end of your turn counts as a no.", classes="keys")

    def action_answer(self, answer: Answer) -> None:
        if self._clock() - self._since >= GRACE:
            self.dismiss(answer)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "later":
            self.dismiss(None)
        else:
            self.action_answer("grant" if event.button.id == "grant" else "deny")
