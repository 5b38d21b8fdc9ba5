"""Named migrations of the journal's format: old files stay readable, line by line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from game.events import SCHEMA

Line = dict[str, Any]


@dataclass(frozen=True)
class Migration:
    """Turns a line of schema version `since - 1` into one of version `since`."""

    name: str
    since: int
    change: Callable[[Line], Line]


MIGRATIONS: tuple[Migration, ...] = ()
"""Oldest first. Version 1 is the first format, so nothing older exists."""


def migrate(line: Line, version: int, migrations: Sequence[Migration] = MIGRATIONS, to: int = SCHEMA) -> Line:
    """A line of a file of schema `version`, as schema `to` would have written it."""
    for migration in migrations:
        if version < migration.since <= to:
            line = migration.change(dict(line))
    if line.get("type") == "header":
        line = {**line, "schema_version": to}
    return line
