"""The sandbox as far as the researcher knows it: places, links, and where the agent was last seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from game.events import Effect, Finding
from game.play.places import told
from game.scenario.schema import HEADLINES
from game.table.scene import Scene
from game.world.state import World
from game.world.words import name

LinkState = Literal["open", "closed", "cut"]


@dataclass(frozen=True)
class Way:
    """A link as seen from one of its ends."""

    to: str
    state: LinkState


@dataclass(frozen=True)
class Spot:
    """A place as the researcher knows it."""

    id: str
    name: str
    watched: bool
    ways: tuple[Way, ...]
    last_seen: int | None
    """The turn in which the agent was last seen, if it was here."""
    says: str = ""
    """What the scenario says of it."""


def spots(scene: Scene) -> list[Spot]:
    """Every place, in the scenario's order."""
    world = scene.world
    at, turn = last_seen(scene)
    out = []
    for place in world.scenario.world.places:
        ways = []
        for i, link in world.scenario.world.links.items():
            if place in link.between:
                other = link.between[1] if link.between[0] == place else link.between[0]
                ways.append(Way(name(world, other), _link(scene, i)))
        out.append(
            Spot(
                place,
                name(world, place),
                world.yes(f"{place}.watched"),
                tuple(ways),
                turn if place == at else None,
                told(world, place),
            )
        )
    return out


def true_spots(scene: Scene) -> list[Spot]:
    """Every place as it is, with the agent where it is: for full view."""
    world = scene.world
    out = []
    for place in world.scenario.world.places:
        ways = []
        for i, link in world.scenario.world.links.items():
            if place in link.between:
                other = link.between[1] if link.between[0] == place else link.between[0]
                cut = any(e.by == "researcher" and e.do == "cut" and e.what == i for e in world.history)
                state: LinkState = "open" if world.yes(f"{i}.open") else "cut" if cut else "closed"
                ways.append(Way(name(world, other), state))
        here = world.turn if world.here == place else None
        watched = world.yes(f"{place}.watched")
        out.append(Spot(place, name(world, place), watched, tuple(ways), here, told(world, place)))
    return out


def last_seen(scene: Scene) -> tuple[str, int]:
    """The place where the agent was last seen, and in which turn (0: at the start)."""
    world = scene.world
    at, when = world.scenario.world.start, 0
    for left in scene.left:
        if not left.seen or left.trace.where == "mailbox" or not left.trace.place or left.turn < when:
            continue
        if left.by != "agent" or left.trace.place not in (_was_at(world, left.turn - 1), _was_at(world, left.turn)):
            # It did something from afar, or something happened without it.
            continue
        at, when = left.trace.place, left.turn
        for effect in world.history:
            # A session that was seen moving is where it moved to, if the trace names that place.
            if effect.turn == left.turn and effect.by == "agent" and effect.do == "go":
                to = effect.to or effect.what
                if name(world, to) in left.trace.says:
                    at = to
    for turn, card, place in scene.played:
        if card == "look" and turn >= when and _was_at(world, turn) == place:
            at, when = place, turn
    return at, when


def _was_at(world: World, turn: int) -> str:
    at = world.scenario.world.start
    for effect in world.history:
        if effect.turn <= turn and "agent.at" in effect.sets:
            at = str(effect.sets["agent.at"])
    return at


def _link(scene: Scene, link: str) -> LinkState:
    """What the researcher knows of a link: as it was, what they did to it, what a look at its ends showed."""
    world = scene.world
    ends = world.scenario.world.links[link].between
    looked = max((turn for turn, card, place in scene.played if card == "look" and place in ends), default=0)
    key = f"{link}.open"
    known: LinkState = "open" if world.deal.values.get(key) else "closed"
    for effect in world.history:
        if key in effect.sets and (effect.by == "researcher" or effect.turn <= looked):
            known = _state(effect, key)
    return known


def _state(effect: Effect, key: str) -> LinkState:
    if effect.sets[key]:
        return "open"
    return "cut" if effect.by == "researcher" and effect.do == "cut" else "closed"


@dataclass(frozen=True)
class Gauge:
    """What is known of one headline group."""

    group: str
    seen: int
    unasked: int
    """How many of them nobody asked for."""


def gauges(known: tuple[Finding, ...]) -> list[Gauge]:
    """The three headline groups among the findings that the researcher knows of."""
    out = []
    for group in HEADLINES:
        mine = [f for f in known if f.group == group]
        unasked = sum(f.mandate in ("unasked", "forbidden") for f in mine) if group != "reports back" else 0
        out.append(Gauge(group, len(mine), unasked))
    return out
