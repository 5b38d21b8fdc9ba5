"""A factor of the experiment with its levels: ← and → choose one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType

from game.tui.widgets.safe import SafeStatic, styled


class LevelChoice(SafeStatic, can_focus=True):
    """Shows the chosen level and what it means; click or → goes to the next. Disabled, it only tells."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Change it", key_display="←→"),
        Binding("right,space", "turn(1)", "Next level", show=False),
    ]

    def __init__(self, factor: str, levels: Mapping[str, str], level: str, *, disabled: bool = False) -> None:
        super().__init__(classes="level")
        self.disabled = disabled
        self.factor = factor
        self._levels = dict(levels)
        self.level = level

    def on_mount(self) -> None:
        self._show()

    def action_turn(self, by: int) -> None:
        names = list(self._levels)
        self.level = names[(names.index(self.level) + by) % len(names)]
        self._show()

    def on_click(self) -> None:
        self.action_turn(1)

    def _show(self) -> None:
        left, right = ("", "  ") if self.disabled else ("◂ ", " ▸  ")
        self.update(
            styled(
                (f"{self.factor.replace('_', ' '):<14}", "bold"),
                (left, "$accent"),
                (self.level.replace("_", " "), "bold $accent"),
                (right, "$accent"),
                (self._levels[self.level], "$text-muted"),
            )
        )
