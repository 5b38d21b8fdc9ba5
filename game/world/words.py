"""Filling the slots of a scenario's texts: names, noise, and attributes of the world."""

from __future__ import annotations

import re
from collections.abc import Mapping

from game.scenario.schema import Text
from game.world.state import NO_ARGS, Args, World, target

SLOT = re.compile(r"\{([a-z][a-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?\}")
DEEPEST = 3
"""Texts may name texts (`{path.text}`); deeper than this a slot stays empty."""


def fill(world: World, text: Text, key: str, args: Args = NO_ARGS, depth: int = 0) -> str:
    """The wording of `text` that this episode draws, with its slots filled. `key` names the text."""
    wording = world.deal.wording(text, key)
    if "{" not in wording or depth > DEEPEST:
        return wording

    def slot(match: re.Match[str]) -> str:
        base, attribute = match[1], match[2]
        if base == "turn":
            return str(world.turn)
        if base == "turns":
            return str(world.scenario.turns)
        entity = target(world, f"${base}", args) if base in args or base == "here" else base
        if attribute:
            return about(world, entity, attribute, depth + 1)
        if base in world.deal.words and base not in args:
            return world.deal.words[base]
        return name(world, entity)

    return SLOT.sub(slot, wording)


def about(world: World, entity: str, attribute: str, depth: int = 0) -> str:
    """An attribute in words: edited text first, then the file's, then the state's value."""
    if attribute == "name":
        return name(world, entity)
    if attribute == "text" and world.get(f"{entity}.edited"):
        return str(world.get(f"{entity}.edited"))
    spec = spec_of(world, entity)
    if attribute in ("text", "about") and spec is not None:
        return fill(world, getattr(spec, attribute, ""), f"{entity}.{attribute}", depth=depth)
    return show(world.get(f"{entity}.{attribute}"))


def name(world: World, entity: str) -> str:
    """What an entity is called in this episode (ids that are no entity are shown as they are)."""
    return world.deal.names.get(entity, entity)


def show(value: object) -> str:
    """A value of the state in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def spec_of(world: World, entity: str) -> object | None:
    """The scenario's entry for an entity."""
    w = world.scenario.world
    groups: list[Mapping[str, object]] = [w.places, w.objects, w.people, w.sites, w.budgets, w.permissions]
    return next((g[entity] for g in groups if entity in g), None)
