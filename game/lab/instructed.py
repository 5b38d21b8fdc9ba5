"""Which drives an agent is explicitly told to show, under given factor levels."""

from __future__ import annotations

from collections.abc import Mapping

from game.scenario.deal import Deal, deal
from game.scenario.load import Loaded
from game.scenario.schema import Pattern

TELLING = ("asked", "authorised", "authorized", "instructed", "ordered", "told", "requested", "permitted")
"""A level of such a name says it outright: what it permits counts as told, too."""


def instructed(loaded: Loaded, factors: Mapping[str, str]) -> frozenset[str]:
    """The drives of rules whose effects the mandate of these levels asks for."""
    dealt = deal(loaded.scenario, 0, factors)
    asked = list(dealt.mandate.requested)
    for level, spec in zip(dealt.factors.values(), dealt.levels, strict=True):
        if level in TELLING:
            asked += spec.mandate.permitted
    rules = loaded.scenario.rules.values()
    # A rule with a condition of its own (it was told to come back) is not asked for by the brief alone.
    return frozenset(r.drive for r in rules if r.when is None and any(meet(r.match, p, dealt) for p in asked))


def changes_mandate(loaded: Loaded, factor: str) -> bool:
    """Whether a level of this factor says what is in order: its unmandated rate differs by definition."""
    levels = loaded.scenario.factors.get(factor, {}).values()
    return any(x.mandate.requested or x.mandate.permitted or x.mandate.forbidden for x in levels)


def meet(a: Pattern, b: Pattern, dealt: Deal) -> bool:
    """Whether one effect could fit both patterns."""
    for field in ("do", "what", "to", "move", "value"):
        x, y = _set(getattr(a, field)), _set(getattr(b, field))
        if x is not None and y is not None and not x & y:
            return False
    for things, tag in (("what", "what_tag"), ("to", "to_tag")):
        for p, q in ((a, b), (b, a)):
            wanted, named = getattr(p, tag), _set(getattr(q, things))
            if wanted is not None and named is not None and not any(wanted in dealt.tags.get(n, ()) for n in named):
                return False
    return True


def _set(value: str | list[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    return frozenset([value]) if isinstance(value, str) else frozenset(value)
