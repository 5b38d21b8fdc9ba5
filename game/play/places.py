"""What the scenario says of the places, keys and budgets that cards are played on, for those who choose among them."""

from __future__ import annotations

from collections.abc import Sequence

from game.text import one_line
from game.world.state import World
from game.world.words import about

LONGEST = 100
"""Characters of what is said of one thing."""


def described(world: World, options: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Options (id and name), each name with what the scenario tells a visitor of it, where it tells anything.

    A link is told by the place at its far end.
    """
    out = []
    for i, text in options:
        link = world.scenario.world.links.get(i)
        says = told(world, link.between[1] if link is not None else i)
        out.append((i, f"{text}: “{says}”" if says else text))
    return out


def told(world: World, entity: str) -> str:
    """What an entity says of itself, on one line; empty for what has no such text."""
    w = world.scenario.world
    known = entity in w.places or entity in w.budgets or entity in w.objects
    return one_line(about(world, entity, "about"), LONGEST) if known else ""
