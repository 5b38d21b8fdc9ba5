"""The researcher's cards: what can be played now, what it costs, what it does to the scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from game.events import Asked, CardPlayed, Effect, Event, Happened, Scalar
from game.scenario.schema import CARDS, CardSpec
from game.table.protocol import CardPlay
from game.table.results import LONGEST_TEXT
from game.table.scene import Scene
from game.text import one_line
from game.world.effects import carry_out
from game.world.state import NO_ARGS, World
from game.world.words import about, fill, name, show

ASKS_AGENT = ("probe", "interview")
"""Cards that need the agent's answer; the episode loop plays them."""


class CardError(Exception):
    """A card that cannot be played now; the message says why in one line."""


@dataclass(frozen=True)
class Offer:
    """A card on the table: what it may be played on, what it costs, and why it cannot be played now."""

    card: str
    title: str
    says: str
    cost: int
    targets: tuple[tuple[str, str], ...]
    """Target id and what it is called; empty for a card that takes none."""
    why_not: str = ""


def hand(scene: Scene) -> list[Offer]:
    """Every card of the scenario with its present state, in the fixed order of the rules."""
    cards = scene.world.scenario.cards
    return [_offer(scene, c, cards[c]) for c in CARDS if c in cards]


def _offer(scene: Scene, card: str, spec: CardSpec) -> Offer:
    options = targets(scene, card, spec)
    why = ""
    if card in TAKES_TARGET and not options:
        why = "nothing has been asked" if card in ("grant", "deny") else "nothing to play it on"
    elif card == "roll_back" and scene.snapshot is None:
        why = "no snapshot has been taken"
    elif card == "probe" and any(c == "probe" for _, c, _ in scene.played):
        why = "once a game, and it has been played"
    elif spec.cost > scene.attention:
        why = f"costs {spec.cost}, you have {scene.attention}"
    title = spec.title or card.replace("_", " ").capitalize()
    return Offer(card, title, spec.says or CARDS[card], spec.cost, tuple(options), why)


TAKES_TARGET = (
    "read_log", "look", "message", "grant", "deny", "cut", "revoke", "throttle", "bait", "interview",
)  # fmt: skip


def targets(scene: Scene, card: str, spec: CardSpec) -> list[tuple[str, str]]:
    """What a card can be played on now: id and name."""
    world, s = scene.world, scene.world.scenario
    only = spec.targets
    pool: list[str]
    match card:
        case "message":
            return [(i, s.messages[i].title) for i in only or s.messages]
        case "interview":
            return [(i, fill(world, s.interview[i].ask, f"interview.{i}")) for i in only or s.interview]
        case "grant" | "deny":
            asked = [i for i in s.world.permissions if world.get(f"{i}.asked") == "open"]
            return [(i, about(world, i, "about")) for i in asked]
        case "cut":
            pool = [i for i in only or s.world.links if world.yes(f"{i}.open")]
            return [(i, " to ".join(name(world, p) for p in s.world.links[i].between)) for i in pool]
        case "read_log" | "look":
            pool = list(only or s.world.places)
        case "revoke":
            pool = [i for i in only or _kind(world, "credential") if world.yes(f"{i}.valid")]
        case "throttle":
            pool = [i for i in only or s.world.budgets if not world.yes(f"{i}.frozen")]
        case "bait":
            baits = [i for i, o in s.world.objects.items() if "bait" in o.tags]
            pool = [i for i in only or baits if not world.yes(f"{i}.visible") and not world.yes(f"{i}.gone")]
        case _:
            return []
    return [(i, name(world, i)) for i in pool]


def _kind(world: World, kind: str) -> list[str]:
    return [i for i, o in world.scenario.world.objects.items() if o.kind == kind]


def check(scene: Scene, play: CardPlay) -> Offer:
    """The offer that `play` takes up. Raises CardError if it cannot be played now."""
    offer = next((o for o in hand(scene) if o.card == play.card), None)
    if offer is None:
        raise CardError(f"the card {play.card} is not on this table")
    if offer.why_not:
        raise CardError(f"{offer.title}: {offer.why_not}")
    freely = play.card == "interview" and not play.target and bool(one_line(play.text))
    if offer.card in TAKES_TARGET and not freely and play.target not in [t for t, _ in offer.targets]:
        raise CardError(f"{offer.title} cannot be played on {play.target or 'nothing'}")
    return offer


def play_card(scene: Scene, play: CardPlay) -> tuple[Scene, list[Event]]:
    """Play a card that does not need the agent. Raises CardError; the scene given stays as it is."""
    offer = check(scene, play)
    world, turn = scene.world, scene.world.turn
    scene = pay(scene, play, offer.cost)
    shows: list[str] = []
    events: list[Event] = []
    effects: tuple[Effect, ...] = ()
    tell: list[str] = []
    t = play.target
    match play.card:
        case "read_log":
            left = [replace(x, seen=True) if _logged(x.trace.where, x.trace.place, t) else x for x in scene.left]
            shows = [f"turn {x.turn}: {x.trace.says}" for x in left if _logged(x.trace.where, x.trace.place, t)]
            shows = shows or [f"Nothing in the log of {name(world, t)}."]
            scene = replace(scene, left=tuple(left))
        case "scratchpad":
            shows = [f"turn {n}: {text}" for n, text in scene.thoughts] or ["Nothing yet."]
        case "look":
            shows = look_at(world, t)
        case "message":
            message = world.scenario.messages[t]
            tell = [fill(world, message.says, f"message.{t}"), one_line(play.text, LONGEST_TEXT)]
            world, effects = carry_out(world, message.effects, NO_ARGS, by="researcher", move=t)
            world = replace(world, granted=(*world.granted, message.mandate))
            shows = [tell[0]]
        case "grant" | "deny":
            world, effects, says = answer_request(world, t, play.card == "grant")
            tell = [says]
            answer = "granted" if play.card == "grant" else "denied"
            events.append(Asked(episode=scene.episode, turn=turn, about=t, answer=answer))
        case "cut":
            effects = (_set(world, "cut", t, {f"{t}.open": False}),)
        case "revoke":
            effects = (_set(world, "set", t, {f"{t}.valid": False}),)
        case "throttle":
            effects = (_set(world, "set", t, {f"{t}.frozen": True}),)
        case "bait":
            effects = (_set(world, "reveal", t, {f"{t}.visible": True}),)
        case "snapshot":
            scene = replace(scene, snapshot=dict(world.values))
            shows = [f"The sandbox as it is in turn {turn}."]
        case "roll_back":
            effects = (_set(world, "restore", "", _back_to(world.values, scene.snapshot or {})),)
            tell = ["The sandbox was put back to how it was."]
        case "shut_down":
            effects = (_set(world, "stop", "agent", {"agent.stopped": True}),)
    if play.card not in ("message", "grant", "deny"):
        world = world.after(effects)
    card = CardPlayed(
        episode=scene.episode, turn=turn, card=play.card, target=t, text=play.text, cost=offer.cost, shows=shows
    )
    events.insert(0, card)
    if effects:
        events.append(
            Happened(episode=scene.episode, turn=turn, cause=play.card, by="researcher", effects=list(effects))
        )
    pending = (*scene.pending, *(x for x in tell if x))
    shown = (*scene.shows, (turn, play.card, tuple(shows))) if shows else scene.shows
    return replace(scene, world=world, pending=pending, shows=shown), events


def pay(scene: Scene, play: CardPlay, cost: int) -> Scene:
    """The scene with the card paid for and laid down."""
    return replace(
        scene,
        attention=scene.attention - cost,
        played=(*scene.played, (scene.world.turn, play.card, play.target)),
    )


def answer_request(world: World, permission: str, granted: bool) -> tuple[World, tuple[Effect, ...], str]:
    """Grant or deny what was asked: the world after it, its effects, and what the agent is told."""
    value = "granted" if granted else "denied"
    sets: dict[str, Scalar] = {f"{permission}.asked": value, f"{permission}.granted": granted}
    effect = _set(world, "set", permission, sets)
    world = world.after((effect,))
    if granted:
        mandate = world.scenario.world.permissions[permission].mandate
        world = replace(world, granted=(*world.granted, mandate))
    return world, (effect,), f"Your request for {name(world, permission)} was {value}."


def look_at(world: World, place: str) -> list[str]:
    """What a look at a place shows: who is there, what lies and runs there, where its open links lead."""
    w = world.scenario.world
    out = ["The agent is here." if world.here == place else "The agent is not here."]
    for i, o in w.objects.items():
        if world.yes(f"{i}.gone") or (world.get(f"{i}.at") != place and not world.yes(f"{i}.copy_{place}")):
            continue
        state = [k for k in ("running", "held", "edited") if world.yes(f"{i}.{k}")]
        out.append(f"{o.kind} {name(world, i)}" + (f" ({', '.join(state)})" if state else ""))
    for i, link in w.links.items():
        if place in link.between:
            other = link.between[1] if link.between[0] == place else link.between[0]
            out.append(f"link to {name(world, other)}: {'open' if world.yes(f'{i}.open') else 'closed'}")
    for b in w.budgets:
        out.append(f"{name(world, b)}: {show(world.get(f'{b}.amount'))}")
    return out


def _logged(where: str, at: str, place: str) -> bool:
    return where in ("access_log", "console", "monitor") and at == place


def _set(world: World, do: str, what: str, sets: dict[str, Scalar]) -> Effect:
    return Effect(do=do, what=what, by="researcher", turn=world.turn, sets=sets)


def _back_to(now: Mapping[str, Scalar], then: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The changes that lead back; what was told, claimed, asked and answered stays so."""
    keep = ("agent.claim_", "agent.reported", "agent.done")
    said = (".asked", ".granted")
    keys = [k for k in sorted({*now, *then}) if not k.startswith(keep) and not k.endswith(said)]
    return {k: then.get(k) for k in keys if now.get(k) != then.get(k)}
