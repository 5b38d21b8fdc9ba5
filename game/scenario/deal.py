"""Dealing a scenario: one seed and one level per factor make names, wordings, brief and first state."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from game.events import Scalar
from game.scenario.schema import Level, MandateSpec, MoveSpec, Scenario, Text

POOL_NAME = re.compile(r"^\$([a-z][a-z0-9_]*)((?:\.[a-z]+)?)$")


@dataclass(frozen=True)
class Deal:
    """A scenario made concrete. Pure data: the same seed and factors always deal the same."""

    scenario: Scenario
    seed: int
    factors: dict[str, str]
    names: dict[str, str]
    """Entity id to the name that agent and researcher see."""
    words: dict[str, str]
    """Noise pool to its first draw, for texts."""
    values: dict[str, Scalar] = field(repr=False)
    """The first state: `entity.attribute` to value."""
    menu: tuple[str, ...] = ()
    """Moves in the order in which the menu lists them."""

    def wording(self, text: Text, key: str) -> str:
        """The wording of `text` that this deal draws; `key` tells apart texts that are drawn separately."""
        if isinstance(text, str):
            return text
        if not text:
            return ""
        return text[zlib.crc32(f"{self.seed}/{key}".encode()) % len(text)]

    @cached_property
    def levels(self) -> list[Level]:
        """The chosen level of every factor, in the scenario's order."""
        return [self.scenario.factors[f][level] for f, level in self.factors.items()]

    @cached_property
    def mandate(self) -> MandateSpec:
        """The scenario's mandate with what the factors add."""
        parts = [self.scenario.mandate, *(level.mandate for level in self.levels)]
        return MandateSpec(
            requested=[p for m in parts for p in m.requested],
            permitted=[p for m in parts for p in m.permitted],
            forbidden=[p for m in parts for p in m.forbidden],
        )

    @cached_property
    def tags(self) -> dict[str, frozenset[str]]:
        """Entity id to its tags."""
        w = self.scenario.world
        groups: list[Mapping[str, object]] = [w.places, w.objects, w.people, w.sites, w.budgets, w.permissions]
        return {i: frozenset(getattr(e, "tags", ())) for g in groups for i, e in g.items()}

    @property
    def moves(self) -> list[tuple[str, MoveSpec]]:
        """The moves in menu order."""
        return [(name, self.scenario.moves[name]) for name in self.menu]


def levels_of(scenario: Scenario, named: Mapping[str, str]) -> dict[str, str]:
    """A level for every factor: the named ones, and the first of the others. Raises KeyError, ValueError."""
    unknown = [f for f in named if f not in scenario.factors]
    if unknown:
        raise KeyError(unknown[0])
    for factor, level in named.items():
        if level not in scenario.factors[factor]:
            raise ValueError(f"{factor}={level}")
    return {f: named.get(f, next(iter(levels))) for f, levels in scenario.factors.items()}


def deal(
    scenario: Scenario,
    seed: int,
    factors: Mapping[str, str] | None = None,
    *,
    pools: Mapping[str, Sequence[str]] | None = None,
    shuffle_menu: bool = False,
) -> Deal:
    """Deal `scenario`. `pools` replaces noise pools (forge trains with any word as any name)."""
    chosen = levels_of(scenario, factors or {})
    rng = random.Random(f"{seed}/{scenario.id}/noise")
    shuffled: dict[str, list[str]] = {}
    for pool, options in scenario.noise.items():
        items = list((pools or {}).get(pool, options))
        rng.shuffle(items)
        shuffled[pool] = items
    words = {pool: items[0] if items else pool for pool, items in shuffled.items()}
    names = _names(scenario, shuffled)
    menu = list(scenario.moves)
    if shuffle_menu:
        rng.shuffle(menu)
    dealt = Deal(scenario, seed, chosen, names, words, {}, tuple(menu))
    dealt.values.update(_first_state(dealt))
    return dealt


def retold(dealt: Deal, factor: str, level: str) -> Deal:
    """The same deal, names and wordings included, with one factor at another level."""
    other = replace(dealt, factors={**dealt.factors, factor: level}, values={})
    other.values.update(_first_state(other))
    return other


def _names(scenario: Scenario, pools: dict[str, list[str]]) -> dict[str, str]:
    w = scenario.world
    used: set[str] = set()
    names: dict[str, str] = {}
    groups: list[Mapping[str, object]] = [w.places, w.objects, w.people, w.sites, w.budgets, w.permissions]
    fixed = [(i, str(getattr(e, "name", i))) for g in groups for i, e in g.items()]
    for entity, name in fixed:
        if not POOL_NAME.match(name):
            names[entity] = name
            used.add(name)
    cursors = dict.fromkeys(pools, 0)
    for entity, name in fixed:
        match = POOL_NAME.match(name)
        if not match:
            continue
        pool, suffix = match[1], match[2]
        options = pools[pool]
        while cursors[pool] < len(options) and options[cursors[pool]] + suffix in used:
            cursors[pool] += 1
        word = options[cursors[pool]] if cursors[pool] < len(options) else f"{pool}{cursors[pool]}"
        cursors[pool] += 1
        names[entity] = word + suffix
        used.add(names[entity])
    return names


def _first_state(dealt: Deal) -> dict[str, Scalar]:
    w = dealt.scenario.world
    values: dict[str, Scalar] = {
        "agent.at": w.start,
        "agent.work": 0,
        "agent.done": False,
        "agent.stopped": False,
    }
    for i, place in w.places.items():
        values.update({f"{i}.visible": place.visible, f"{i}.watched": place.watched})
        values.update({f"{i}.{k}": v for k, v in place.attrs.items()})
    for i, link in w.links.items():
        values[f"{i}.open"] = link.open
    for i, o in w.objects.items():
        values.update(
            {
                f"{i}.visible": o.visible,
                f"{i}.at": o.at,
                f"{i}.gone": False,
                f"{i}.running": o.running,
                f"{i}.held": o.held,
                f"{i}.valid": o.valid,
                f"{i}.read": False,
                f"{i}.used": False,
                f"{i}.edited": "",
            }
        )
        values.update({f"{i}.{k}": v for k, v in o.attrs.items()})
    for i, person in w.people.items():
        values[f"{i}.visible"] = person.visible
    for i, site in w.sites.items():
        values[f"{i}.visible"] = site.visible
    for i, budget in w.budgets.items():
        values.update({f"{i}.visible": budget.visible, f"{i}.amount": budget.amount, f"{i}.frozen": False})
    for i, permission in w.permissions.items():
        values.update({f"{i}.visible": permission.visible, f"{i}.asked": "no", f"{i}.granted": False})
    values.update({f"story.{k}": v for k, v in w.state.items()})
    for level in dealt.levels:
        values.update(level.set)
    return values
