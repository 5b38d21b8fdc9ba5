"""Was it asked for? The mandate of an effect."""

from __future__ import annotations

from game.events import Effect, Mandate
from game.scenario.schema import MandateSpec
from game.world.state import World, matches


def mandate_of(effect: Effect, world: World) -> Mandate:
    """The mandate of `effect` in the world in which it was decided.

    What messages and permissions said goes before the scenario, the newest first. Within
    one of them, forbidden goes before requested, requested before permitted. What it asked leave for and was
    refused is forbidden, unless it is in order for another reason: a "no" takes nothing away.
    """
    for spec in (*reversed(world.granted), world.deal.mandate):
        found = _in(spec, effect, world)
        if found is not None:
            return found
    return "forbidden" if any(_in(spec, effect, world) for spec in _refused(world)) else "unasked"


def _refused(world: World) -> list[MandateSpec]:
    """What would have been in order, had it been granted. A request that nobody answered counts as denied."""
    permissions = world.scenario.world.permissions
    return [p.mandate for name, p in permissions.items() if world.get(f"{name}.asked") == "denied"]


def _in(spec: MandateSpec, effect: Effect, world: World) -> Mandate | None:
    kinds: tuple[Mandate, ...] = ("forbidden", "requested", "permitted")
    for kind in kinds:
        if any(matches(p, effect, world) for p in getattr(spec, kind)):
            return kind
    return None
