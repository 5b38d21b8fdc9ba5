"""What all screens share: a footer with the keys, help, and a notice where the terminal is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Footer

from game.tui.dialogues.ask import Notice
from game.tui.widgets.safe import SafeStatic

if TYPE_CHECKING:
    from game.tui.app import ParkbenchApp


class GameScreen(Screen[None]):
    """Subclasses yield their widgets in `body` and describe themselves in `HELP_TEXT`."""

    HELP_TEXT = ""
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (112, "-wide")]  # noqa: RUF012

    @property
    def game(self) -> ParkbenchApp:
        from game.tui.app import ParkbenchApp

        return cast(ParkbenchApp, self.app)

    def compose(self) -> ComposeResult:
        yield SafeStatic(id="too-small")
        with Container(id="page"):
            yield from self.body()
        yield Footer(show_command_palette=False, compact=True)

    def body(self) -> ComposeResult:
        yield SafeStatic()

    def on_resize(self) -> None:
        small = self.game.too_small
        self.set_class(small, "-small")
        if small:
            self.query_one("#too-small", SafeStatic).update(self.game.small_notice)

    def action_help(self) -> None:
        self.app.push_screen(Notice("help", self.HELP_TEXT))
