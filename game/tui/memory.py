"""When garbage is collected: where nobody waits for a key, for a full collection walks through all that there is.

In a game that soon takes 100 ms, and left to itself the interpreter does it every second or so.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

YOUNG = 1_000, 8
"""Allocations between two collections of the youngest objects, and such collections between two of the next older."""
NEVER = 1_000_000_000
STARTED = 2.0
"""Seconds after which a program has started."""
EVERY = 30.0
"""Seconds between two full collections."""
IDLE = 2.0
"""Seconds without a key before one."""


def calm() -> None:
    """Nothing is collected until `begin`: what a program makes while it starts is there to stay."""
    gc.disable()
    gc.set_threshold(*YOUNG, NEVER)


def begin() -> None:
    """From now on only young objects are collected unasked, and none of those that are there already.

    That takes a few milliseconds at a time. Without `calm` before, nothing changes.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def leave() -> None:
    """The process is about to end: the interpreter need not walk through everything once more."""
    gc.freeze()


class Broom:
    """Sweeps when it is time and nobody has touched anything for a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._touched = self._swept = clock()

    def touched(self) -> None:
        """A key, or the mouse."""
        self._touched = self._clock()

    def sweep(self) -> bool:
        """Collect all garbage, if it is time. Returns whether it was."""
        now = self._clock()
        due = now - self._swept >= EVERY and now - self._touched >= IDLE
        if due:
            gc.collect()
            self._swept = now
        return due
