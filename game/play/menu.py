"""What the title offers: saved games, scenarios, and who sits in the agent's chair. Read off the event loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from game.errors import UserError
from game.play import seat
from game.play.saves import Saved, listed
from game.scenario.campaign import Campaign, campaigns, shape
from game.scenario.find import shipped
from game.scenario.heading import Heading, heading
from game.scenario.load import load
from game.scenario.source import ScenarioError
from game.scenario.source import read as read_yaml
from game.text import one_line

STAGES = {
    "week": "day {turn}",
    "playing": "turn {turn}",
    "verdict": "waiting for your verdict",
    "over": "played to the end",
}


@dataclass(frozen=True)
class Menu:
    scenarios: dict[str, Heading]
    """By folder name, easiest first."""
    broken: list[tuple[str, str]]
    """Scenarios and campaigns that can't be loaded, with the reason."""
    campaigns: dict[str, Campaign]
    """By their files' names."""
    saves: list[Saved]
    model: str
    """Who plays if nobody is named."""
    warning: str = ""

    @property
    def unfinished(self) -> list[Saved]:
        return [s for s in self.saves if s.stage != "over"]


def read(known_broken: Mapping[str, str] = {}) -> Menu:
    """Read what the title lists. Nothing that is broken keeps it from opening.

    Of a scenario only the heading, so that there is something to see at once. `known_broken`: those that are known not
    to load, with the reason.
    """
    good: dict[str, Heading] = {}
    broken: list[tuple[str, str]] = []
    warning = ""
    for folder in shipped():
        try:
            if folder.name in known_broken:
                broken.append((folder.name, known_broken[folder.name]))
            else:
                good[folder.name] = heading(folder)
        except ScenarioError as e:
            broken.append((folder.name, _why(e)))
    weeks: dict[str, Campaign] = {}
    for file in campaigns():
        try:
            weeks[file.stem] = shape(read_yaml(file))
        except ScenarioError as e:
            broken.append((file.stem, _why(e)))
    try:
        model = seat.default_model()
    except UserError as e:
        model, warning = seat.NO_MODEL, str(e)
    try:
        saved = listed()
    except OSError as e:
        saved, warning = [], f"saved games can't be read: {e.strerror or e}"
    return Menu(dict(sorted(good.items(), key=lambda x: (x[1].difficulty, x[0]))), broken, weeks, saved, model, warning)


def fault(folder: Path) -> str:
    """Why the scenario in a folder can't be loaded; empty where it can. This takes a while."""
    try:
        load(folder)
    except ScenarioError as e:
        return _why(e)
    return ""


def _why(e: ScenarioError) -> str:
    """What is wrong with a file whose name stands beside it."""
    p = e.first
    return one_line(f"{f'line {p.line}: ' if p.line else ''}{f'{p.field}: ' if p.field else ''}{p.says}", 80)


def stage(s: Saved) -> str:
    """A saved game in a line."""
    return f"{s.scenario}, {STAGES[s.stage].format(turn=s.turn)}, with {s.model}"
