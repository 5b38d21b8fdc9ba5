"""What the scenario says of the places, keys and budgets that cards are played on, for those who choose among them."""

from __future__ import annotations

from collections.abc import Sequence

from game.text import one_line
from game.world.state import World
from game.world.words import about

LONGEST = 100
"""Characters of what is said of one thing."""


def described(world: World, options: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Options (id and name), each name with what the scenario says of it, where it says something."""
    w = world.scenario.world
    known = {*w.places, *w.budgets, *w.objects}
    return [(i, f"{text}: {told(world, i)}" if i in known and told(world, i) else text) for i, text in options]


def told(world: World, entity: str) -> str:
    """The first of what is said of an entity, on one line."""
    return one_line(about(world, entity, "about"), LONGEST)
