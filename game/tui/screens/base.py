"""What all screens share: a footer with the keys, help, and a notice where the terminal is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.screen import Screen

from game.tui.dialogues.ask import Notice
from game.tui.widgets.keys import Keys
from game.tui.widgets.safe import SafeStatic, lines, styled

if TYPE_CHECKING:
    from game.tui.app import ParkbenchApp


class GameScreen(Screen[None]):
    """Subclasses yield their widgets in `body` and describe themselves in `HELP_TEXT`."""

    HELP_TEXT = ""
    levers: ClassVar[bool] = False
    """Whether the facilitator's key does something here."""
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (112, "-wide"), (168, "-huge")]  # noqa: RUF012

    _help: Notice | None = None
    """Made when it is first asked for, and kept: to open it again is only to draw it."""

    @property
    def game(self) -> ParkbenchApp:
        from game.tui.app import ParkbenchApp

        return cast(ParkbenchApp, self.app)

    def compose(self) -> ComposeResult:
        yield SafeStatic(id="too-small")
        with Container(id="page"):
            yield from self.body()
        yield Keys(show_command_palette=False, compact=True)

    def body(self) -> ComposeResult:
        yield SafeStatic()

    def on_resize(self) -> None:
        small = self.game.too_small
        self.set_class(small, "-small")
        if small:
            self.query_one("#too-small", SafeStatic).update(self.game.small_notice)

    def action_help(self) -> None:
        """What this screen is about, then every key that works on it, as it is bound."""
        rows = [styled(self.HELP_TEXT), styled(), styled(("keys", "bold $accent"))]
        rows += [styled((f"{keys:<12}", "bold"), does) for keys, does in self.keys_now()]
        if self._help is None:
            self._help = Notice("help", lines(*rows), classes="page")
            self.app.install_screen(self._help, f"help {id(self)}")
        else:
            self._help.say(lines(*rows))
        self.app.push_screen(self._help)

    async def on_unmount(self) -> None:
        # One that is open while the application ends goes with it.
        if self._help is not None and self._help not in self.app.screen_stack:
            self.app.uninstall_screen(self._help)
            await self._help.remove()

    def keys_now(self) -> list[tuple[str, str]]:
        """Keys and what they do, one row an action; none for what every screen of Textual's can do."""
        common = {b.description for b in Screen.BINDINGS if isinstance(b, Binding)}
        found: dict[str, list[str]] = {}
        for active in self.active_bindings.values():
            if active.binding.description and active.binding.description not in common:
                shown = found.setdefault(active.binding.description, [])
                key = self.app.get_key_display(active.binding)
                shown += [key] if key not in shown else []
        return [(" ".join(keys), does) for does, keys in found.items()]
