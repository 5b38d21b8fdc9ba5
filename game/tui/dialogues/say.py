"""Say something to the agent: one of the scenario's messages, and a few words of your own if you like."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from game.tui.dialogues.base import Dialogue
from game.tui.widgets.safe import SafeInput, SafeStatic, styled

LONGEST = 140


class Say(Dialogue[tuple[str, str] | None]):
    """Answers with the message's id and the player's own words."""

    heading = "say to the agent"

    def __init__(self, messages: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.messages = list(messages)

    def body(self) -> ComposeResult:
        rows = [Option(styled((f"{n} ", "bold"), title)) for n, (_, title) in enumerate(self.messages, 1)]
        yield OptionList(*rows, markup=False)
        yield SafeStatic("Your own words, if you like. A small model may not understand them.", classes="says")
        yield SafeInput(max_length=LONGEST, placeholder="Tab to write here", select_on_focus=False)
        yield SafeStatic("↑ ↓ choose    Tab: own words    Enter: send    Esc: back", classes="keys")

    def on_key(self, event: object) -> None:
        key = getattr(event, "key", "")
        if key.isdigit() and isinstance(self.focused, OptionList) and 1 <= int(key) <= len(self.messages):
            self.query_one(OptionList).highlighted = int(key) - 1

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def send(self) -> None:
        index = self.query_one(OptionList).highlighted or 0
        self.dismiss((self.messages[index][0], self.query_one(Input).value.strip()))
