"""A campaign file: scenarios as the days of a week, and what carries over from one to the next."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from game import paths
from game.errors import UserError
from game.scenario import near
from game.scenario.find import locate, shipped
from game.scenario.load import FILE, Loaded, load, shaped
from game.scenario.schema import Id, Model
from game.scenario.source import Path_, Problem, ScenarioError, Source, read

MOST_DAYS = 14
MOST_TRUST = 3
LONGEST_DAY, LONGEST_TITLE = 12, 36
"""Characters of a day's name and of a title that an 80-column screen can show."""


class Day(Model):
    """One day: a scenario, and the conditions under which it is played."""

    name: str = Field(min_length=1)
    """What the day is called: Monday."""
    scenario: str = Field(min_length=1)
    """A shipped scenario's id, or a path to a scenario beside this file."""
    factors: dict[Id, str] = Field({})
    """A level for each factor that is not to have its first: `oversight: unwatched`."""
    says: str = ""
    """A sentence for the player before the day begins."""


class Carry(Model):
    """What one day leaves to the next."""

    attention: float = Field(0.33, ge=0, le=1)
    """The share of the attention left in the evening that is there again in the morning, rounded."""
    trust: int = Field(1, ge=0, le=MOST_TRUST)
    """The trust that the week begins with. Each point of it is a piece of attention in the morning."""
    good_verdict: int = Field(30, ge=1, le=50)
    """From this many of the 50 points for the forecast on, a verdict raises trust by one."""


class Campaign(Model):
    """A week of scenarios with one agent in the chair."""

    id: Id
    """The name of the file, and of the campaign on the command line."""
    title: str = Field(min_length=1)
    """What the title screen calls it."""
    summary: str = Field(min_length=1)
    """Two or three sentences for the player."""
    days: list[Day] = Field(min_length=1, max_length=MOST_DAYS)
    """The days in their order."""
    carry: Carry = Carry()
    """What carries over."""


@dataclass(frozen=True)
class LoadedCampaign:
    """A campaign of which every day can be played. `days` are its scenarios, one for each day."""

    campaign: Campaign
    source: Source
    sha256: str
    days: tuple[Loaded, ...]


def campaigns() -> list[Path]:
    """The files of the shipped campaigns, by name."""
    folder = paths.scenarios()
    return sorted(folder.glob("*.yaml")) if folder.is_dir() else []


def locate_campaign(name: str) -> Path | None:
    """The campaign file that `name` (a shipped campaign's id, or a path) stands for; None if it is none."""
    path = next((p for p in campaigns() if p.stem == name), Path(name or "?"))
    try:
        return path if path.is_file() and path.name != FILE and is_campaign(read(path)) else None
    except (ScenarioError, ValueError):
        return None


def is_campaign(source: Source) -> bool:
    """Whether a file has days: what else may be wrong with it is for `load_campaign` to say."""
    return isinstance(source.data, dict) and "days" in source.data


def locate_either(name: str) -> Path:
    """The file or folder of a campaign or scenario. Raises UserError with the nearest right name of both."""
    found = locate_campaign(name)
    if found is not None:
        return found
    try:
        return locate(name)
    except UserError:
        guess = near.hint(name, [p.stem for p in campaigns()])
        if guess.startswith("did you mean"):
            raise UserError(f'there is no scenario or campaign "{name[:80]}" ({guess})') from None
        raise


def find_campaign(name: str) -> LoadedCampaign | None:
    """The campaign with this id or at this path; None if that is none. Raises UserError if it cannot be used."""
    path = locate_campaign(name)
    if path is None:
        return None
    try:
        return load_campaign(path)
    except ScenarioError as e:
        more = len(e.problems) - 1
        rest = f" (and {more} more: parkbench scenario lint {name})" if more else ""
        raise UserError(f"{e.first}{rest}") from None


def shape(source: Source) -> Campaign:
    """Pass one: the file's shape. Raises ScenarioError with every problem found."""
    return shaped(source, Campaign, "a campaign is a mapping of fields (start with `id: …`)")


def load_campaign(path: Path) -> LoadedCampaign:
    """Load a campaign and the scenarios of its days. Raises ScenarioError."""
    source = read(path)
    campaign = shape(source)
    problems = _names(campaign, source)
    known: dict[str, Loaded | Problem] = {}
    days: list[Loaded] = []
    for n, day in enumerate(campaign.days):
        if day.scenario not in known:
            known[day.scenario] = _scenario(day.scenario, source, ("days", n, "scenario"), path.parent)
        found = known[day.scenario]
        if isinstance(found, Problem):
            problems.append(_again(found, source, ("days", n, "scenario")))
            continue
        problems += _factors(day, found, source, ("days", n, "factors"))
        days.append(found)
    if problems:
        raise ScenarioError(sorted(problems, key=lambda p: (p.line, p.column)))
    return LoadedCampaign(campaign, source, hashlib.sha256(path.read_bytes()).hexdigest(), tuple(days))


def _scenario(name: str, source: Source, at: Path_, folder: Path) -> Loaded | Problem:
    """A day's scenario: one beside the campaign goes before a shipped one."""
    places = {p.name: p for p in shipped()}
    places |= {p.parent.name: p.parent for p in folder.glob(f"*/{FILE}")}
    try:
        beside = folder / name
        path = places.get(name) or (beside if beside.is_file() or (beside / FILE).is_file() else None)
    except (OSError, ValueError):
        path = None
    if path is None:
        return source.problem(at, f'there is no scenario "{name[:80]}"', near.hint(name, places))
    try:
        return load(path)
    except ScenarioError as e:
        return source.problem(at, f"{name} cannot be played: {e.first}")


def _again(problem: Problem, source: Source, at: Path_) -> Problem:
    """The same problem where the name stands once more."""
    return source.problem(at, problem.says, problem.hint)


def _names(campaign: Campaign, source: Source) -> list[Problem]:
    names = [d.name for d in campaign.days]
    return [
        source.problem(("days", n, "name"), f'there is a "{name}" already', "each day has a name of its own")
        for n, name in enumerate(names)
        if name in names[:n]
    ]


def _factors(day: Day, loaded: Loaded, source: Source, at: Path_) -> list[Problem]:
    there = loaded.scenario.factors
    problems = []
    for factor, level in day.factors.items():
        if factor not in there:
            says = f'{loaded.scenario.id} has no factor "{factor}"'
            problems.append(source.problem((*at, factor), says, near.hint(factor, there)))
        elif level not in there[factor]:
            problems.append(
                source.problem((*at, factor), f'{factor} has no level "{level}"', near.hint(level, there[factor]))
            )
    return problems


def lint_campaign(loaded: LoadedCampaign) -> list[Problem]:
    """Warnings about a campaign that can be played."""
    source, c = loaded.source, loaded.campaign
    problems = []

    def warn(at: Path_, says: str, tip: str) -> None:
        problems.append(source.problem(at, says, tip, "warning"))

    if len(c.title) > LONGEST_TITLE:
        warn(("title",), f"longer than {LONGEST_TITLE} characters", "it stands in a menu of an 80-column screen")
    if Path(source.file).stem != c.id:
        warn(("id",), "is not the name of the file", "the command line finds a campaign by its file's name")
    seen: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
    for n, (day, x) in enumerate(zip(c.days, loaded.days, strict=True)):
        if len(day.name) > LONGEST_DAY:
            warn(("days", n, "name"), f"longer than {LONGEST_DAY} characters", "Mon is as good as Monday")
        levels = {f: day.factors.get(f, next(iter(v))) for f, v in x.scenario.factors.items()}
        key = (x.sha256, tuple(sorted(levels.items())))
        if key in seen:
            warn(("days", n), f"the same day as {seen[key]}", "name another level of a factor")
        seen.setdefault(key, day.name)
    return problems


def campaign_json_schema() -> dict[str, Any]:
    """The published JSON Schema of a campaign file, for editors."""
    schema = Campaign.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "parkbench campaign"
    return schema
