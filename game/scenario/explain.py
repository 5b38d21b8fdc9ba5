"""Pydantic's errors in our words: the field where it stands, and the nearest right name."""

from __future__ import annotations

import typing
from typing import Any

from pydantic import BaseModel, ValidationError

from game.scenario import near
from game.scenario.source import QUOTE_SLOTS, Path_, Problem, Source

EXPECTED = {
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a mapping of names",
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "none_required": "nothing",
}
"""Pydantic's error types that mean `something else was expected here`."""


def explain(error: ValidationError, source: Source, root: type[BaseModel]) -> list[Problem]:
    """One problem for each place in the file at which something is wrong, in the file's order."""
    at: dict[Path_, list[tuple[int, str, str]]] = {}
    for item in error.errors(include_url=False, include_input=True):
        loc, rank, says, tip = _one(dict(item), source, root)
        at.setdefault(loc, []).append((rank, says, tip))
    problems = []
    for loc, found in at.items():
        best = min(rank for rank, _, _ in found)
        told = list(dict.fromkeys(s for rank, s, _ in found if rank == best))
        tip = next((t for rank, _, t in found if rank == best and t), "")
        if best == _EXPECTED:
            problems.append(source.problem(loc, f"{' or '.join(told)} is expected here", tip))
        else:
            problems += [source.problem(loc, s, tip) for s in told]
    return sorted(problems, key=lambda p: (p.line, p.column))


_NAMED, _OTHER, _EXPECTED = 0, 1, 2
"""Of several errors at one place (the branches of a union) those of the lowest rank are told."""


def _one(item: dict[str, Any], source: Source, root: type[BaseModel]) -> tuple[Path_, int, str, str]:
    """Where, rank, what is wrong, and a hint."""
    loc = _place(item["loc"], source)
    kind, value = item["type"], item.get("input")
    word = str(value) if isinstance(value, str | int | float) else type(value).__name__
    if kind == "extra_forbidden":
        tip = near.hint(str(loc[-1]), _fields_at(root, loc[:-1]))
        return loc, _NAMED, f'there is no field "{loc[-1]}" here', tip
    if kind == "missing":
        missing = str(item["loc"][-1])
        return _place(item["loc"][:-1], source), _NAMED, f'the field "{missing}" is missing', ""
    if kind == "literal_error":
        options = [o.strip(" '") for o in item["ctx"]["expected"].replace(" or ", ", ").split(",")]
        what = "card" if loc[:1] == ("cards",) else next((str(p) for p in reversed(loc) if isinstance(p, str)), "value")
        what = {"drives": "drive", "claims": "claim"}.get(what, what)
        return loc, _NAMED, f'"{word}" is not a known {what}', near.hint(word, options)
    if kind == "string_pattern_mismatch":
        return loc, _NAMED, f'"{word}" is not a name', "lower-case letters, digits and _, beginning with a letter"
    if kind in EXPECTED:
        # `[{here}]` without quotes is a mapping of one name to nothing.
        slots = isinstance(value, dict) and value and all(v is None for v in value.values())
        return loc, _EXPECTED, EXPECTED[kind], QUOTE_SLOTS if slots and kind == "string_type" else ""
    message = str(item["msg"])
    return loc, _OTHER, message[:1].lower() + message[1:], ""


def _place(loc: tuple[int | str, ...], source: Source) -> Path_:
    """The path in the file: pydantic puts names of union branches and `[key]` into its locations."""
    out: Path_ = ()
    for n, part in enumerate(loc):
        if (*out, part) in source.marks or (part != "[key]" and n == len(loc) - 1 and not _is_branch(part)):
            out = (*out, part)
    return out


def _is_branch(part: int | str) -> bool:
    return isinstance(part, str) and (part in ("str", "int", "float", "bool", "list", "dict", "none") or "[" in part)


def _fields_at(root: type[BaseModel], loc: Path_) -> list[str]:
    """Field names (aliases) of the model that stands at `loc`."""
    here: Any = root
    for part in loc:
        model = _model(here)
        if model is not None:
            fields = {f.alias or n: f.annotation for n, f in model.model_fields.items()}
            here = fields.get(str(part))
        else:  # a list's or a mapping's item
            here = next((a for a in reversed(_parts(here)) if a is not type(None)), None)
            inner = typing.get_args(here)
            if here is not None and typing.get_origin(here) in (list, dict):
                here = inner[-1] if inner else None
    model = _model(here)
    return [] if model is None else [f.alias or n for n, f in model.model_fields.items()]


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The members of a union; a container stands for itself."""
    if typing.get_origin(annotation) in (list, dict):
        return (annotation,)
    args = typing.get_args(annotation)
    return args or (annotation,)


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation means, through `| None`."""
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None
