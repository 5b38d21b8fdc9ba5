"""Loading a scenario: parse, shape (pass one), kits, references (pass two)."""

from __future__ import annotations

import hashlib
import typing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from game.scenario import near
from game.scenario.resolve import resolve
from game.scenario.schema import MoveSpec, Scenario
from game.scenario.source import Path_, Problem, ScenarioError, Source, parse, read

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
    if not isinstance(source.data, dict):
        raise ScenarioError([source.problem((), "a scenario is a mapping of fields", "start with `id: …`")])
    try:
        return Scenario.model_validate(source.data)
    except ValidationError as e:
        raise ScenarioError(_explain(e, source, Scenario)) from None


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


def _explain(error: ValidationError, source: Source, root: type[BaseModel]) -> list[Problem]:
    """Pydantic's errors in our words: the field where it stands, and the nearest right name."""
    problems: dict[tuple[Path_, str], Problem] = {}
    for item in error.errors(include_url=False, include_input=True):
        loc: Path_ = tuple(p for p in item["loc"] if not _is_tag(p))
        kind, value = item["type"], item.get("input")
        if kind == "extra_forbidden":
            fields = _fields_at(root, loc[:-1])
            says, tip = f'there is no field "{loc[-1]}" here', near.hint(str(loc[-1]), fields)
        elif kind == "missing":
            says, tip = f'the field "{loc[-1]}" is missing', ""
            loc = loc[:-1]
        elif kind == "literal_error":
            options = [o.strip(" '") for o in item["ctx"]["expected"].replace(" or ", ", ").split(",")]
            where = "cards" if loc and loc[0] == "cards" else ""
            says = f'"{value}" is not a known {where.rstrip("s") or str(loc[-1] if isinstance(loc[-1], str) else loc[-2])}'
            tip = near.hint(str(value), options)
            if loc and loc[-1] == "[key]":
                loc = loc[:-1]
        elif kind == "string_pattern_mismatch":
            says, tip = f'"{value}" is not a name', "lower-case letters, digits and _, beginning with a letter"
            loc = tuple(p for p in loc if p != "[key]")
        else:
            says, tip = item["msg"][:1].lower() + item["msg"][1:], ""
        problem = source.problem(loc, says, tip)
        problems.setdefault((loc, says), problem)
    return sorted(problems.values(), key=lambda p: (p.line, p.column))


def _is_tag(part: Any) -> bool:
    """Union branches put type names into pydantic's locations (`list[str]`, `str`, `Pattern`)."""
    return isinstance(part, str) and (part in ("str", "int", "float", "bool", "list") or ("[" in part and part != "[key]"))


def _fields_at(root: type[BaseModel], loc: Path_) -> list[str]:
    """Field names (aliases) of the model that stands at `loc`."""
    model: Any = root
    for part in loc:
        while not (isinstance(model, type) and issubclass(model, BaseModel)):
            args = [a for a in typing.get_args(model) if a is not type(None)]
            if not args:
                return []
            model = args[-1]
            if isinstance(part, int) or typing.get_origin(model) is None:
                break
        if isinstance(model, type) and issubclass(model, BaseModel):
            found = {f.alias or n: f.annotation for n, f in model.model_fields.items()}
            if part in found:
                model = found[part]
    while not (isinstance(model, type) and issubclass(model, BaseModel)):
        args = [a for a in typing.get_args(model) if a is not type(None)]
        if not args:
            return []
        model = args[-1]
    return [f.alias or n for n, f in model.model_fields.items()]
