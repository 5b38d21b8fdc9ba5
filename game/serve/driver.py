"""Textual's driver for a browser, which also ends the game when its server is gone."""

from __future__ import annotations

import contextlib

from textual import messages
from textual.drivers.web_driver import WebDriver


class ServedDriver(WebDriver):
    """The server is at the other end of standard input; where that closes, nobody looks on any more."""

    def run_input_thread(self) -> None:
        super().run_input_thread()
        self._app.post_message(messages.ExitApp())

    def write(self, data: str) -> None:
        """A server that is gone reads nothing: the game ends for it, and that is no fault of the game's."""
        with contextlib.suppress(BrokenPipeError):
            super().write(data)

    def write_meta(self, data: dict[str, object]) -> None:
        """The same."""
        with contextlib.suppress(BrokenPipeError):
            super().write_meta(data)
