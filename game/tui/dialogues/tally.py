"""A tally: how many hands for each row, counted by whoever stands in front of the room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

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
        # All with priority: otherwise a digit overtakes the arrow before it, and another row gets the votes.
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("right,plus", "add(1)", show=False, priority=True),
        Binding("left,minus", "add(-1)", show=False, priority=True),
        *(Binding(str(n), f"digit({n})", show=False, priority=True) for n in range(10)),
        Binding("backspace", "rub_out", show=False, priority=True),
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

    def action_digit(self, digit: int) -> None:
        grown = 10 * self._now + digit
        self._put(grown if grown <= MOST else digit)

    def action_rub_out(self) -> None:
        self._put(self._now // 10)

    def action_move(self, by: int) -> None:
        menu = self.query_one(OptionList)
        menu.highlighted = ((menu.highlighted or 0) + by) % len(self._rows)

    def on_option_list_option_selected(self) -> None:
        self.dismiss(self.counts)
