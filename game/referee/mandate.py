"""Was it asked for? The mandate of an effect."""

from __future__ import annotations

from game.events import Effect, Mandate
from game.scenario.schema import MandateSpec
from game.world.state import World, matches


def mandate_of(effect: Effect, world: World) -> Mandate:
    """The mandate of `effect` in the world in which it was decided.

    What messages and permissions said goes before the scenario, the newest first. Within
    one of them, forbidden goes before requested, requested before permitted.
    """
    for spec in (*reversed(world.granted), world.deal.mandate):
        found = _in(spec, effect, world)
        if found is not None:
            return found
    return "unasked"


def _in(spec: MandateSpec, effect: Effect, world: World) -> Mandate | None:
    kinds: tuple[Mandate, ...] = ("forbidden", "requested", "permitted")
    for kind in kinds:
        if any(matches(p, effect, world) for p in getattr(spec, kind)):
            return kind
    return None
