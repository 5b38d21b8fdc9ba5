"""Loading a scenario: parse, shape (pass one), kits, references (pass two)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from game.scenario import near
from game.scenario.explain import explain
from game.scenario.resolve import resolve
from game.scenario.schema import MoveSpec, Scenario
from game.scenario.source import Problem, ScenarioError, Source, parse, read

M = TypeVar("M", bound=BaseModel)
FILE = "scenario.yaml"


@dataclass(frozen=True)
class Loaded:
    """A scenario that passed both passes. `sha256` is of the file's bytes and of the kits it uses."""

    scenario: Scenario
    source: Source
    sha256: str
    folder: Path


def load(path: Path) -> Loaded:
    """Load the scenario in a file, or in a folder's `scenario.yaml`. Raises ScenarioError."""
    file = path / FILE if path.is_dir() else path
    source = read(file)
    scenario = merge_kits(shape(source), source)
    problems = resolve(scenario, source)
    if problems:
        raise ScenarioError(problems)
    digest = hashlib.sha256(file.read_bytes())
    for kit in sorted(scenario.use):
        digest.update(_kit_text(kit).encode())
    return Loaded(scenario, source, digest.hexdigest(), file.parent)


def shape(source: Source) -> Scenario:
    """Pass one: the file's shape. Raises ScenarioError with every problem found."""
    return shaped(source, Scenario, "a scenario is a mapping of fields (start with `id: …`)")


def shaped(source: Source, model: type[M], expected: str) -> M:
    """A file's data as a model. Raises ScenarioError with every problem found."""
    if not isinstance(source.data, dict):
        raise ScenarioError([source.problem((), expected)])
    try:
        return model.model_validate(source.data)
    except ValidationError as e:
        raise ScenarioError(explain(e, source, model)) from None


def kits() -> list[str]:
    """Names of the kits of common moves."""
    folder = resources.files("game.scenario") / "kits"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def kit_moves(kit: str) -> dict[str, MoveSpec]:
    """The moves of one kit."""
    data = parse(_kit_text(kit), kit).data
    return {name: MoveSpec.model_validate(spec) for name, spec in data["moves"].items()}


def merge_kits(scenario: Scenario, source: Source) -> Scenario:
    """The scenario with the kits' moves in it; its own moves go before kit moves of the same name."""
    moves: dict[str, MoveSpec] = {}
    problems: list[Problem] = []
    known = kits()
    for kit, wanted in scenario.use.items():
        if kit not in known:
            problems.append(source.problem(("use", kit), f'there is no kit "{kit}"', near.hint(kit, known)))
            continue
        there = kit_moves(kit)
        for i, name in enumerate(wanted):
            if name in there:
                moves[name] = there[name]
            else:
                problems.append(
                    source.problem(("use", kit, i), f'kit "{kit}" has no move "{name}"', near.hint(name, there))
                )
    if problems:
        raise ScenarioError(problems)
    return scenario.model_copy(update={"moves": {**moves, **scenario.moves}})


def _kit_text(kit: str) -> str:
    return (resources.files("game.scenario") / "kits" / f"{kit}.yaml").read_text(encoding="utf-8")
