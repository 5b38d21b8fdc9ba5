"""Saved games: where they lie, what is in them, how one is begun and opened again."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from game import __version__, paths
from game.errors import UserError
from game.events import Branch, DayOver, Event, Header, Revealed, Truncation
from game.journal.read import Reader, lineage, truncation_of
from game.journal.write import Journal
from game.table.scene import MOST_ATTENTION
from game.text import one_line

KEPT_IN_LIST = 20
STATE = ".state"
"""The suffix of the file beside a save that holds what the engine has evaluated of it."""
_TAIL = 256 * 1024


@dataclass(frozen=True)
class Setup:
    """What a game is begun with."""

    scenario: str
    """Its id, or a path."""
    model: str
    seed: int
    factors: dict[str, str]
    attention: int = 0
    """What the player brings along, within a week."""
    week: str = ""
    """The name of the week's journal beside the save; empty for a game of its own."""
    truncation: Truncation = "disabled"
    """What happens where the agent runs out of context."""


@dataclass(frozen=True)
class Saved:
    """A saved game as the title lists it."""

    path: Path
    scenario: str
    model: str
    turn: int
    stage: str
    """Where it stands: `playing`, `verdict`, `over`; a week that is on: `week`, and `turn` is its day."""


@dataclass
class Opened:
    """A saved game that is open for appending, with all that happened in it."""

    journal: Journal
    header: Header
    events: list[Event]
    notes: list[str]
    branch: Branch | None = None
    """Where the newest episode leaves its parent, if it is a branch."""


def new_path(setup: Setup, now: float) -> Path:
    """Where a new game is saved: its scenario and the time of day."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in Path(setup.scenario).stem)[:40]
    folder = paths.saves()
    for n in range(1000):
        path = folder / f"{name}-{stamp}{f'-{n}' if n else ''}.jsonl"
        if not path.exists():
            return path
    raise UserError(f"{folder} has a thousand games of this very second; delete some")


def begin(setup: Setup, identity: dict[str, object], now: float, path: Path | None = None) -> Journal:
    """A new save with its header written, at `path` if it has a place of its own. Raises UserError if it can't be."""
    header = Header(
        kind="save",
        program=f"parkbench {__version__}",
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(now)),
        settings={
            "scenario": setup.scenario,
            "model": setup.model,
            "seed": setup.seed,
            "factors": dict(setup.factors),
            **({"truncation": setup.truncation} if setup.truncation != "disabled" else {}),
            **({"attention": setup.attention, "week": setup.week} if setup.week else {}),
        },
        identities={"model": identity},
    )
    return Journal.create(path or new_path(setup, now), header)


def setup_of(header: Header, path: Path) -> Setup:
    """The setup that a save was begun with. Raises UserError if it is not a save of a game."""
    s = header.settings
    try:
        if header.kind != "save":
            raise ValueError
        factors = {str(k): str(v) for k, v in dict(s["factors"]).items()}  # type: ignore[call-overload]
        attention, week = int(str(s.get("attention", 0))), str(s.get("week", ""))
        if not 0 <= attention <= MOST_ATTENTION:
            raise ValueError
        asked = str(s["scenario"]), str(s["model"]), int(str(s["seed"])), factors, attention, week
        return Setup(*asked, truncation=truncation_of(s))
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{path}: a {header.kind} of parkbench, but not a saved game") from None


def reopen(path: Path) -> Opened:
    """Open a saved game to go on with it. Raises UserError."""
    if not path.is_file():
        raise UserError(f"there is no saved game at {path}")
    journal, reader, _ = Journal.reopen(path)
    try:
        setup_of(reader.header, path)
        # The reader was run through once by `reopen`; a second pass collects.
        events: list[Event] = []
        notes = list(reader.notes)
        episodes = {e.id: e for e in Reader(path).episodes()}
        newest = list(episodes.values())[-1:]
        if newest:
            events = lineage(episodes, newest[0].id)
    except BaseException:
        journal.close()
        raise
    return Opened(journal, reader.header, events, notes, newest[0].branch if newest else None)


def listed() -> list[Saved]:
    """The newest saved games, newest first. Files that are no saves are left out."""
    folder = paths.saves()
    if not folder.is_dir():
        return []
    files = [p for p in folder.glob("*.jsonl") if p.is_file()]
    files.sort(key=lambda p: p.stat().st_mtime, reverse=True)
    out = []
    for path in files:
        saved = _glance(path)
        if saved is not None:
            out.append(saved)
        if len(out) == KEPT_IN_LIST:
            break
    return out


def _glance(path: Path) -> Saved | None:
    """What a save is, from its first line and its last ones."""
    try:
        header = Reader(path).header
        if header.kind == "week":
            return _glance_at_week(header, path)
        setup = setup_of(header, path)
        if setup.week:
            # A day is gone on with from its week.
            return None
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            tail = file.read().split(b"\n")
    except (UserError, OSError):
        return None
    turn, stage = 1, "playing"
    for raw in tail:
        try:
            data = json.loads(raw)
        except ValueError:
            continue
        if not isinstance(data, dict):
            continue
        turn = data["turn"] if isinstance(data.get("turn"), int) and data["turn"] else turn
        if data.get("type") == "branch":
            stage = "playing"
        elif data.get("type") == "episode_end":
            stage = "verdict"
        elif data.get("type") == "scored":
            stage = "over"
    return Saved(path, one_line(Path(setup.scenario).name, 40), one_line(setup.model, 40), turn, stage)


def _glance_at_week(header: Header, path: Path) -> Saved | None:
    """What a week is. Its journal is a line for each day."""
    campaign = header.settings.get("campaign")
    days = campaign.get("days") if isinstance(campaign, dict) else None
    if not isinstance(campaign, dict) or not isinstance(days, list):
        return None
    done = [line.event for line in Reader(path).lines()]
    day = sum(isinstance(e, DayOver) for e in done)
    secret = "envelope" in header.settings
    over = day >= len(days) and (not secret or any(isinstance(e, Revealed) for e in done))
    model = one_line(header.settings.get("model", ""), 40)
    return Saved(path, one_line(campaign.get("id", ""), 40), model, min(day + 1, len(days)), "over" if over else "week")
