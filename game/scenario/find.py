"""Finding a scenario by its id or path."""

from __future__ import annotations

import difflib
from pathlib import Path

from game import paths
from game.errors import UserError
from game.scenario.load import FILE, Loaded, load
from game.scenario.source import ScenarioError


def shipped() -> list[Path]:
    """The folders of the shipped scenarios, by name."""
    folder = paths.scenarios()
    return sorted(p.parent for p in folder.glob(f"*/{FILE}")) if folder.is_dir() else []


def locate(name: str) -> Path:
    """The folder or file that `name` (a shipped scenario's id, or a path) stands for. Raises UserError."""
    for folder in shipped():
        if folder.name == name:
            return folder
    path = Path(name or "?")
    try:
        if path.is_file() or (path / FILE).is_file():
            return path
        is_folder = path.is_dir()
    except (OSError, ValueError):
        is_folder = False
    if is_folder:
        raise UserError(f"{name}: the folder has no {FILE}")
    known = [p.name for p in shipped()]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    tip = f'did you mean "{near[0]}"?' if near else "there are: " + (", ".join(known) or "none")
    raise UserError(f'there is no scenario "{name[:80]}" ({tip})')


def find(name: str) -> Loaded:
    """Load the scenario with this id, or at this path (its file or its folder). Raises UserError."""
    try:
        return load(locate(name))
    except ScenarioError as e:
        more = len(e.problems) - 1
        rest = f" (and {more} more: parkbench scenario lint {name})" if more else ""
        raise UserError(f"{e.first}{rest}") from None
