"""Textual's driver for a browser, which also ends the game when its server is gone."""

from __future__ import annotations

from textual import messages
from textual.drivers.web_driver import WebDriver


class ServedDriver(WebDriver):
    """The server is at the other end of standard input; where that closes, nobody looks on any more."""

    def run_input_thread(self) -> None:
        super().run_input_thread()
        self._app.post_message(messages.ExitApp())
