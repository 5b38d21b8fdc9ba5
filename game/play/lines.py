"""Lines in and lines out: how plain mode speaks and listens."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from game.text import clean, one_line

WIDTH = 78


class Left(Exception):
    """The person has left: at the end of the input, or with `quit`."""


class Lines:
    """Lines in, lines out. A thread reads, so that the loop and a quick exit never wait for it."""

    def __init__(self, source: TextIO, sink: TextIO) -> None:
        self._sink = sink
        self._echo = not source.isatty()
        """A pipe shows no keystrokes: what was read is written after the prompt."""
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(source,), name="input", daemon=True).start()

    def _read(self, source: TextIO) -> None:
        while True:
            try:
                line = source.readline()
            except (OSError, ValueError):
                line = ""
            try:
                self._loop.call_soon_threadsafe(self._queue.put_nowait, line or None)
            except RuntimeError:
                return
            if not line:
                return

    def say(self, text: object = "", indent: str = "") -> None:
        """A paragraph, cleaned and wrapped."""
        for row in clean(text).split("\n"):
            wrapped = textwrap.wrap(row, WIDTH, initial_indent=indent, subsequent_indent=indent) or [""]
            self._sink.write("\n".join(wrapped) + "\n")
        self._sink.flush()

    def command(self, text: str) -> None:
        """A line to be copied: on one line, however long."""
        self._sink.write(f"{one_line(text)}\n")
        self._sink.flush()

    async def ask(self, prompt: str) -> str:
        """The next line of input. Raises Left at its end."""
        self._sink.write(f"{clean(prompt, lines=False)} ")
        self._sink.flush()
        line = await self._queue.get()
        if line is None:
            self._sink.write("\n")
            raise Left
        answer = line.strip()
        if self._echo:
            self._sink.write(f"{one_line(answer)}\n")
        if answer.lower() in ("quit", "q", "exit"):
            raise Left
        return answer

    async def pick(self, options: list[tuple[str, str]], prompt: str) -> str | None:
        """One of numbered options; an empty line takes none."""
        for n, (_, text) in enumerate(options, 1):
            self.say(f"{n}. {text}", "  ")
        while True:
            answer = await self.ask(prompt)
            if not answer:
                return None
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                return options[int(answer) - 1][0]
            self.say(f"A number from 1 to {len(options)}, or an empty line for none.")


@contextlib.contextmanager
def until_left(lines: Lines, then: Callable[[], None]) -> Iterator[None]:
    """Until the person leaves, by Ctrl-C too, which goes on; `then` says how to come back."""
    try:
        yield
    except Left:
        then()
    except asyncio.CancelledError:
        # Ctrl-C stands in the middle of a line.
        lines.say()
        then()
        raise


def saved(lines: Lines, path: Path) -> None:
    """How to go on with what was left."""
    lines.say("Saved. Go on with:")
    lines.command(f"parkbench play --plain --resume {shlex.quote(str(path))}")
