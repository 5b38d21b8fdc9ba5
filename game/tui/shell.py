"""The terminal around the game: settings, colours, keys as they are bound, too small a window, a quick way out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from textual import events
from textual.app import App
from textual.screen import Screen

from game.settings import Settings
from game.tui import memory
from game.tui.dialogues.ask import Notice
from game.tui.theme import THEMES

LEAST = (80, 24)
"""Columns and rows below which nothing but a notice is shown."""
QUITS = ("ctrl+q", "ctrl+c")


class Shell(App[None]):
    """Knows nothing of the game: that is what a subclass adds, and with it the keys that work everywhere."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, settings: Settings, pace: float | None, first: Callable[[], Screen[None]]) -> None:
        """`pace`: instead of the one in the settings. `first` makes the screen to begin with."""
        super().__init__()
        self.settings = settings
        self._first = first
        _ready_for_children()
        still = settings.reduced_motion or os.environ.get("TEXTUAL_ANIMATIONS", "").lower() == "none"
        if still:
            self.animation_level = "none"
        self.pace = (0.0 if still else settings.pace) if pace is None else pace
        """Characters a second; 0 shows everything at once."""
        self._broom = memory.Broom()

    async def let_go(self) -> None:
        """Whatever has to be closed before the end."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours are there from the first style sheet on, whatever theme comes."""
        return dict(THEMES[0].variables)

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.settings.theme
        self.set_keymap(self.settings.keys)
        self.set_interval(1.0, self._broom.sweep)
        self.set_timer(memory.STARTED, memory.begin)
        self.push_screen(self._first())

    def tell(self, heading: str, says: str) -> None:
        """A notice in the middle of the screen."""
        self.push_screen(Notice(heading, says))

    # --- a window that is too small ---

    @property
    def too_small(self) -> bool:
        return self.size.width < LEAST[0] or self.size.height < LEAST[1]

    @property
    def small_notice(self) -> str:
        return (
            f"This window has {self.size.width}×{self.size.height} characters. "
            f"parkbench needs {LEAST[0]}×{LEAST[1]}: make it larger, or play with --plain. "
            f"{self.key_of('app.quit')} quits."
        )

    async def on_event(self, event: events.Event) -> None:
        """In a window that is too small nothing is touched unseen: of keys and mouse only quitting gets through."""
        if isinstance(event, events.InputEvent):
            self._broom.touched()
        if not (self.too_small and isinstance(event, events.InputEvent)):
            await super().on_event(event)
        elif isinstance(event, events.Key) and event.key in (
            *QUITS,
            *self.settings.keys.get("app.quit", "q").split(","),
        ):
            await self.action_quit_now()

    # --- the way out ---

    async def action_quit_now(self) -> None:
        """Leave at once. What has happened is in the save already."""
        await self.let_go()
        self.exit()

    async def on_unmount(self) -> None:
        await self.let_go()

    def _fatal_error(self) -> None:
        """A fault of ours: the command tells it in a line, instead of Textual's page of variables."""
        self._close_messages_no_wait()

    @property
    def fault(self) -> Exception | None:
        """What ended the application, if nobody asked it to end."""
        return self._exception

    # --- keys that work everywhere ---

    def key_of(self, id: str) -> str:
        """The key of an action as it is bound now, as screens write it."""
        for bindings in (self._bindings, *(screen._bindings for screen in reversed(self.screen_stack))):
            for _, binding in bindings:
                if binding.id == id:
                    own = self.settings.keys.get(id)
                    first = binding.with_key(own.split(",")[0], None) if own else binding
                    return self.get_key_display(first)
        return " "

    def action_help(self) -> None:
        help_ = getattr(self.screen, "action_help", None)
        if help_ is not None:
            help_()

    def action_theme(self) -> None:
        names = [t.name for t in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def watch_theme(self, theme: str) -> None:
        """The projector's theme also leaves words out and draws thicker lines."""
        self.set_class(theme == "projector", "-projector")


def _ready_for_children() -> None:
    """Start multiprocessing's helper while stderr is still a file: Textual's stand-in has no descriptor to inherit."""
    if sys.platform != "win32":
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()
