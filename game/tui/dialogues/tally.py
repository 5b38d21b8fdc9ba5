"""A tally: how many hands for each row, counted by whoever stands in front of the room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from game.tui.dialogues.base import Dialogue
from game.tui.widgets.safe import SafeStatic, styled

MOST = 999


class Tally(Dialogue[dict[str, int] | None]):
    """Answers with the count of each row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,plus", "add(1)", show=False, priority=True),
        Binding("left,minus", "add(-1)", show=False, priority=True),
    ]

    def __init__(self, heading: str, rows: Sequence[tuple[str, str]], counts: Mapping[str, int]) -> None:
        super().__init__()
        self.heading = heading
        self._rows = list(rows)
        self.counts = {id: counts.get(id, 0) for id, _ in rows}

    def body(self) -> ComposeResult:
        yield OptionList(*(Option(self._row(n)) for n in range(len(self._rows))), markup=False)
        yield SafeStatic("↑ ↓ choose    digits, ← →: how many    Enter: done    Esc: as it was", classes="keys")

    def _row(self, n: int) -> Content:
        id, says = self._rows[n]
        return styled((f"{self.counts[id]:>4}  ", "bold"), says)

    def _put(self, count: int) -> None:
        menu = self.query_one(OptionList)
        at = menu.highlighted or 0
        self.counts[self._rows[at][0]] = max(0, min(MOST, count))
        menu.replace_option_prompt_at_index(at, self._row(at))

    @property
    def _now(self) -> int:
        return self.counts[self._rows[self.query_one(OptionList).highlighted or 0][0]]

    def action_add(self, by: int) -> None:
        self._put(self._now + by)

    def on_key(self, event: events.Key) -> None:
        if event.key.isdecimal():
            grown = 10 * self._now + int(event.key)
            self._put(grown if grown <= MOST else int(event.key))
        elif event.key == "backspace":
            self._put(self._now // 10)

    def on_option_list_option_selected(self) -> None:
        self.dismiss(self.counts)
