"""What commands that write a journal share: where it goes, and progress while it is written."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from game.text import one_line

if TYPE_CHECKING:
    from game.events import EpisodeEnd


def new_journal(what: str) -> Path:
    """A new file in saves/runs, named by the time and by what is in it."""
    from game import paths

    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', what)[:60]}"
    folder = paths.saves() / "runs"
    path, n = folder / f"{name}.jsonl", 1
    while path.exists():
        n += 1
        path = folder / f"{name}-{n}.jsonl"
    return path


class Bar:
    """Progress on a terminal's standard error; nothing in a pipe."""

    def __init__(self, total: int, done: int) -> None:
        self.shown = sys.stderr.isatty()
        self._total, self._done = total, done
        self._odd: dict[str, int] = {}
        self._advance: Callable[[str], None] = lambda text: None
        self._stop: Callable[[], None] = lambda: None

    def __enter__(self) -> Bar:
        if self.shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            task = bar.add_task("episodes", total=self._total, completed=self._done)
            bar.start()
            self._advance = lambda text: bar.update(task, advance=1, description=text)
            self._stop = bar.stop
        return self

    def advance(self, end: EpisodeEnd) -> None:
        """One more episode has ended."""
        if end.status != "completed":
            self._odd[end.status] = self._odd.get(end.status, 0) + 1
        odd = "".join(f", {n} {status}" for status, n in self._odd.items())
        self._advance(f"{end.scenario} · {end.model}{odd}")

    def say(self, text: str) -> None:
        """A line that a person should read, also in a pipe."""
        print(one_line(f"parkbench: {text}"), file=sys.stderr)

    def close(self) -> None:
        """Take the bar off the screen."""
        self._stop()
        self._stop = lambda: None

    def __exit__(self, *error: object) -> None:
        self.close()
