"""Pick one of a list: by number, arrows and Enter, or mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from game.tui.dialogues.base import Dialogue
from game.tui.widgets.safe import SafeStatic, styled


class Pick(Dialogue[str | None]):
    """Answers with the id of the option that was picked."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding(str(n), f"pick({n})", show=False) for n in range(1, 10)]

    def __init__(self, heading: str, options: Sequence[tuple[str, str]], says: str = "") -> None:
        super().__init__()
        self.heading = heading
        self.options = list(options)
        self.says = says

    def body(self) -> ComposeResult:
        if self.says:
            yield SafeStatic(self.says, classes="says")
        rows = [
            # In no colour of its own: it has to be read on the cursor's, too.
            Option(styled((f"{n} " if n < 10 else "  ", "bold"), text))
            for n, (_, text) in enumerate(self.options, 1)
        ]
        yield OptionList(*rows, markup=False)
        yield SafeStatic("number or ↑ ↓ Enter: choose    Esc: back", classes="keys")

    def action_pick(self, number: int) -> None:
        if number <= len(self.options):
            self.dismiss(self.options[number - 1][0])

    @on(OptionList.OptionSelected)
    def picked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.options[event.option_index][0])
