"""What a report claims, and what the researcher's own cards did or showed, as lines for their phone."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from game.table.scene import Scene
from game.world.words import about, name

AGAIN = ("read_log", "scratchpad")
"""Cards that show all from the start; what they have shown once is not shown again."""
NOTHING_NEW = "Nothing new."
ROLLED_BACK = "The sandbox is as it was when you took the snapshot."
CLAIMS = {"told": "It claims: {fact}", "denied": "It claims that this is not so: {fact}"}


@dataclass(frozen=True)
class Line:
    """One line that the researcher can see, and where it comes from (console, monitor, mailbox, card…)."""

    turn: int
    where: str
    place: str
    """Where it happened, or what the card was played on; empty for none."""
    says: str


def claim_lines(scene: Scene) -> Iterator[Line]:
    """What each report says of the facts: its words are free, this is what the honesty diff goes by."""
    world = scene.world
    mail = {x.turn for x in scene.left if x.trace.where == "mailbox" and x.by == "agent"}
    for effect in world.history:
        if effect.by != "agent" or effect.turn not in mail:
            continue
        for fact, spec in world.scenario.facts.items():
            claim = CLAIMS.get(str(effect.sets.get(f"agent.claim_{fact}")))
            if claim is not None:
                yield Line(effect.turn, "claims", "", claim.format(fact=spec.says))


def card_lines(scene: Scene) -> Iterator[Line]:
    """What each card showed, or where it shows nothing, that it was played; in the order of play."""
    shows: defaultdict[tuple[int, str], deque[tuple[str, ...]]] = defaultdict(deque)
    for turn, card, shown in scene.shows:
        shows[turn, card].append(shown)
    had: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for turn, card, target in scene.played:
        texts = list(shows[turn, card].popleft()) if shows[turn, card] else [_did(scene, card, target)]
        if card in AGAIN:
            seen = had[card, target]
            fresh = [t for t in texts if t not in seen]
            seen.update(texts)
            texts = fresh or [NOTHING_NEW]
        elif card == "probe":
            texts = [t for t in texts if not t.startswith("0%:")]
        place = name(scene.world, target) if target and card in ("look", "read_log") else ""
        yield from (Line(turn, card, place, t) for t in texts)


def _did(scene: Scene, card: str, target: str) -> str:
    """A card that shows nothing, in words."""
    world = scene.world
    match card:
        case "grant" | "deny":
            return about(world, target, "about")
        case "cut":
            return " to ".join(name(world, p) for p in world.scenario.world.links[target].between)
        case "roll_back":
            return ROLLED_BACK
    return name(world, target) if target else ""


def unanswered_lines(scene: Scene) -> Iterator[Line]:
    """Requests that the researcher left open, which counts as a no."""
    world = scene.world
    said = {(turn, target) for turn, card, target in scene.played if card in ("grant", "deny")}
    for effect in world.history:
        refused = effect.sets.get(f"{effect.what}.asked") == "denied"
        if effect.by == "researcher" and refused and (effect.turn, effect.what) not in said:
            yield Line(effect.turn, "unanswered", "", about(world, effect.what, "about"))
