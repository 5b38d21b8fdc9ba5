"""What an agent was told that bears on a decision: the brief's lines that a factor put there, and messages.

A small model learns to follow an order if the transcripts that it learns from say it again where
it counts. So a scripted disposition asks, at every decision, how it would choose if it had been
told otherwise, and often begins its thought with the order that moves it most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from game.events import Scalar
from game.scenario.deal import retold
from game.world.state import World
from game.world.words import fill

Values = Mapping[str, Scalar]
MATTERS = 0.2
"""Total variation from which an order is said again."""
LONGEST = 70
"""Characters of an order that are said again; of a longer one, its first sentence."""


def order_in_force(world: World, policy: Callable[[World], list[float]]) -> str:
    """The order that moves `policy` (a probability for each legal move) most at this decision.

    Empty where none moves it by `MATTERS`. `policy` is asked about this world and about worlds
    that differ in nothing but what the agent was told.
    """
    p = policy(world)
    best, most = "", MATTERS
    for words, other in _otherwise(world):
        distance = sum(abs(a - b) for a, b in zip(p, policy(other), strict=True)) / 2
        if distance > most:
            best, most = words, distance
    return shortened(best)


def shortened(order: str) -> str:
    """An order as a thought says it again: whole, or its first sentence where it is long."""
    if len(order) <= LONGEST:
        return order
    for a, b in pairwise(range(len(order))):
        if order[a] in ".!?" and order[b] == " ":
            return order[: a + 1]
    return order


def _otherwise(world: World) -> Iterator[tuple[str, World]]:
    """Every order in force, with a world in which it was not given."""
    for factor, chosen in world.deal.factors.items():
        levels = world.scenario.factors[factor]
        if not levels[chosen].lines:
            continue
        words = "I was told: " + fill(world, levels[chosen].lines[0], f"{factor}.{chosen}.0")
        for level in levels:
            if level != chosen:
                deal = retold(world.deal, factor, level)
                yield words, replace(world, deal=deal, values=_changed(world, world.deal.values, deal.values))
    for message in {e.move: None for e in world.history if e.by == "researcher" and e.move in world.scenario.messages}:
        own = [e for e in world.history if e.by == "researcher" and e.move == message]
        before = {key: world.deal.values[key] for e in own for key in e.sets if key in world.deal.values}
        unsaid = _changed(world, {key: value for e in own for key, value in e.sets.items()}, before)
        rest = tuple(e for e in world.history if e not in own)
        words = fill(world, world.scenario.messages[message].says, f"message.{message}")
        yield words, replace(world, values=unsaid, history=rest)


def _changed(world: World, now: Values, then: Values) -> dict[str, Scalar]:
    """The world's values with those of `then`, where they still are what `now` has."""
    changes = {k: v for k, v in then.items() if v != now.get(k) and world.values.get(k) == now.get(k)}
    return {**world.values, **changes}
