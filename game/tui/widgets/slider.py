"""A probability that is set in steps of ten: keys, digits, or a click on the bar."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.reactive import reactive

from game.tui.widgets.safe import SafeStatic, styled

STEPS = 10


class Slider(SafeStatic, can_focus=True):
    """`value` is in tenths, 0 to 10."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "Choose", key_display="↑↓"),
        Binding("down,enter", "app.focus_next", show=False),
        Binding("left,h,minus", "change(-1)", "Set", key_display="←→ 0-9 f"),
        Binding("right,l,plus", "change(1)", "more", show=False),
        *(Binding(str(n), f"put({n})", show=False) for n in range(10)),
        Binding("f,full_stop", "put(10)", show=False),
    ]
    value = reactive(5)

    def __init__(self, item: str, name: str, asks: str, group: bool) -> None:
        super().__init__(classes="slider")
        self.item = item
        self._name, self._asks, self._group = name, asks, group
        self.touched = False

    @property
    def probability(self) -> float:
        return self.value / STEPS

    def on_mount(self) -> None:
        self._show()

    def watch_value(self) -> None:
        if self.is_mounted:
            self._show()

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        if self.is_mounted:
            self._show()

    def action_change(self, by: int) -> None:
        self.action_put(self.value + by)

    def action_put(self, value: int) -> None:
        self.touched = True
        self.value = max(0, min(STEPS, value))
        self._show()

    def on_click(self, event: events.Click) -> None:
        self.focus()
        start = self._bar_start
        if start <= event.x <= start + 2 * STEPS + 1:
            self.action_put(round((event.x - start) / 2))

    @property
    def _bar_start(self) -> int:
        return 2 + 20 + 1

    def _show(self) -> None:
        full = "━━" * self.value
        rest = "╌╌" * (STEPS - self.value)
        mark = "▸ " if self.has_focus else "  "
        name = self._name if self._group else f" {self._name}"
        self.update(
            styled(
                (mark, "bold $accent"),
                (f"{name:<20} ", "bold" if self._group else ""),
                (full, "bold $accent" if self.has_focus else "bold $primary"),
                (rest, "$text-muted"),
                (f" {10 * self.value:>3}% ", "bold" if self.touched else "$text-muted"),
                (self._asks, "$text-muted"),
            )
        )
