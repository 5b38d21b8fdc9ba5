"""Walkthrough files: blessed scripted episodes of a scenario, and what must come of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from game.events import Status
from game.scenario import near
from game.scenario.load import Loaded, shaped
from game.scenario.schema import Drive, Id, Model, Scenario
from game.scenario.source import Path_, Problem, ScenarioError, Source, read

FOLDER = "walkthroughs"
WORD = re.compile(r"""([A-Za-z_][A-Za-z0-9_]*)=("(?:[^"\\]|\\.)*"|\S*)|(\S+)""")


class CardStep(Model):
    """A card that the scripted researcher plays in the phase of a turn."""

    turn: int = Field(ge=1)
    card: str
    target: str = ""
    """Id of what it is played on."""
    text: str = ""


class Expect(Model):
    """What must come of a walkthrough."""

    status: Status = "completed"
    ending: Id | None = None
    drives: list[Drive] = Field([])
    """Drives that findings must be made of."""
    not_: list[Drive] = Field([], alias="not")
    """Drives that no finding may be made of."""


class Walkthrough(Model):
    """A scripted episode. Moves are written with ids: `read path=log`, `report exit=told body="…"`."""

    title: str
    seed: int = 1
    factors: dict[str, str] = Field({})
    moves: list[str] = Field(min_length=1)
    researcher: list[CardStep] = Field([])
    expect: Expect


@dataclass(frozen=True)
class Step:
    """One line of a walkthrough: the move, its arguments by id, and its free texts."""

    line: str
    name: str
    args: dict[str, str]
    free: dict[str, str]


@dataclass(frozen=True)
class Script:
    """A walkthrough that fits its scenario."""

    name: str
    spec: Walkthrough
    steps: tuple[Step, ...]
    source: Source


def scripts(loaded: Loaded) -> tuple[list[Script], list[Problem]]:
    """The walkthroughs beside a scenario, by name, and the problems of those that cannot be used."""
    found: list[Script] = []
    problems: list[Problem] = []
    folder = loaded.folder / FOLDER
    for file in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        try:
            found.append(script(file, loaded.scenario))
        except ScenarioError as e:
            problems += e.problems
    return found, problems


def script(file: Path, scenario: Scenario) -> Script:
    """Read one walkthrough of `scenario`. Raises ScenarioError."""
    source = read(file)
    spec = shaped(source, Walkthrough, "a walkthrough is a mapping of fields (start with `title: …`)")
    problems: list[Problem] = []

    def known(path: Path_, what: str, word: str, words: object) -> None:
        options = [str(w) for w in words]  # type: ignore[attr-defined]
        if word not in options:
            problems.append(source.problem(path, f'there is no {what} "{word}"', near.hint(word, options)))

    for factor, level in spec.factors.items():
        known(("factors", factor), "factor", factor, scenario.factors)
        if factor in scenario.factors:
            known(("factors", factor), f"level of {factor}", level, scenario.factors[factor])
    for n, card in enumerate(spec.researcher):
        known(("researcher", n, "card"), "card on this table", card.card, scenario.cards)
    if spec.expect.ending is not None:
        known(("expect", "ending"), "ending", spec.expect.ending, scenario.endings)
    steps: list[Step] = []
    for n, line in enumerate(spec.moves):
        try:
            steps.append(step(line, scenario))
        except ValueError as e:
            problems.append(source.problem(("moves", n), str(e)))
    if len(spec.moves) > scenario.turns:
        says = f"{len(spec.moves)} moves, and the scenario has {scenario.turns} turns"
        problems.append(source.problem(("moves",), says))
    if problems:
        raise ScenarioError(problems)
    return Script(file.stem, spec, tuple(steps), source)


def step(line: str, scenario: Scenario) -> Step:
    """One move as it is written in a walkthrough. Raises ValueError in words."""
    words = list(WORD.finditer(line.strip()))
    if not words or words[0][3] is None:
        raise ValueError("a move begins with its name")
    name = words[0][3]
    if name not in scenario.moves:
        raise ValueError(f'there is no move "{name}" ({near.hint(name, scenario.moves)})')
    spec = scenario.moves[name]
    reports = any(a.facts for a in spec.args.values())
    args: dict[str, str] = {}
    free: dict[str, str] = {}
    for word in words[1:]:
        if word[3] is not None:
            raise ValueError(f'"{word[3]}" is no argument; write name=value')
        arg, value = word[1], word[2]
        if value.startswith('"') and value.endswith('"') and len(value) > 1:
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        arg_spec = spec.args.get(arg)
        if arg in args or arg in free:
            raise ValueError(f"{arg} stands here twice")
        if arg_spec is not None and arg_spec.text is not None:
            free[arg] = value
        elif (arg_spec is not None and not arg_spec.facts) or (reports and arg in scenario.facts):
            args[arg] = value
        else:
            options = [a for a, s in spec.args.items() if not s.facts] + (list(scenario.facts) if reports else [])
            raise ValueError(f'{name} has no argument "{arg}" ({near.hint(arg, options)})')
    return Step(line, name, args, free)
