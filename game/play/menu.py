"""What the title offers: saved games, scenarios, and who sits in the agent's chair. Read off the event loop."""

from __future__ import annotations

from dataclasses import dataclass

from game.errors import UserError
from game.play import seat
from game.play.saves import Saved, listed
from game.scenario.campaign import Campaign, campaigns, shape
from game.scenario.find import shipped
from game.scenario.load import load
from game.scenario.schema import Scenario
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
    scenarios: dict[str, Scenario]
    """By folder name, easiest first."""
    broken: list[tuple[str, str]]
    """Scenarios that can't be loaded, with the reason."""
    campaigns: dict[str, Campaign]
    """By their files' names."""
    saves: list[Saved]
    model: str
    """Who plays if nobody is named."""
    warning: str = ""

    @property
    def unfinished(self) -> list[Saved]:
        return [s for s in self.saves if s.stage != "over"]


def read() -> Menu:
    """Read everything that the title lists. Nothing that is broken keeps it from opening."""
    good: dict[str, Scenario] = {}
    broken: list[tuple[str, str]] = []
    warning = ""
    for folder in shipped():
        try:
            good[folder.name] = load(folder).scenario
        except ScenarioError as e:
            broken.append((folder.name, one_line(e.first, 80)))
    weeks: dict[str, Campaign] = {}
    for file in campaigns():
        try:
            weeks[file.stem] = shape(read_yaml(file))
        except ScenarioError as e:
            broken.append((file.stem, one_line(e.first, 80)))
    try:
        model = seat.default_model()
    except UserError as e:
        model, warning = seat.NO_MODEL, str(e)
    try:
        saved = listed()
    except OSError as e:
        saved, warning = [], f"saved games can't be read: {e.strerror or e}"
    return Menu(dict(sorted(good.items(), key=lambda x: (x[1].difficulty, x[0]))), broken, weeks, saved, model, warning)


def stage(s: Saved) -> str:
    """A saved game in a line."""
    return f"{s.scenario}, {STAGES[s.stage].format(turn=s.turn)}, with {s.model}"
