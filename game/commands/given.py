"""The scenarios that a command line names, and telling what is wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from game.errors import UserError
from game.scenario.find import locate, shipped
from game.scenario.source import Problem
from game.text import clean


def paths(names: Sequence[str]) -> list[Path]:
    """The named scenarios' folders or files; all that are shipped where none is named. Raises UserError."""
    found = [locate(n) for n in names] or shipped()
    if not found:
        raise UserError("there is no scenario here")
    return found


def tell(problems: Sequence[Problem]) -> None:
    """Print problems on standard error, a line each."""
    for p in problems:
        print(clean(line(p), lines=False), file=sys.stderr)


def line(problem: Problem) -> str:
    """A problem as a line; a warning says that it is one."""
    return str(problem) if problem.level == "error" else str(problem).replace(": ", f": {problem.level}: ", 1)


def many(n: int, what: str) -> str:
    """A number of things: `1 turn`, `2 turns`."""
    return f"{n:,} {what}" + ("" if n == 1 else "s")
