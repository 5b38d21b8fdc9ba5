"""What the researcher can see: the sandbox's monitoring, not the truth."""

from __future__ import annotations

from dataclasses import dataclass

from game.events import Finding
from game.scenario.schema import HEADLINES
from game.table.cards import Offer, hand
from game.table.scene import Scene, known_findings
from game.table.shown import Line, card_lines, claim_lines, unanswered_lines
from game.world.words import about, name


@dataclass(frozen=True)
class ResearcherView:
    """All that a researcher may know in their phase. `scene` is the truth, for full view and policies."""

    turn: int
    turns: int
    attention: int
    lines: tuple[Line, ...]
    """Traces and what cards showed, oldest first."""
    requests: tuple[tuple[str, str], ...]
    """Permissions that the agent has asked for and nobody has answered: id and words."""
    offers: tuple[Offer, ...]
    known: tuple[Finding, ...]
    """Findings of which the researcher has seen a trace."""
    scene: Scene


def look_through(scene: Scene) -> ResearcherView:
    """The researcher's view of a scene."""
    world = scene.world
    lines = [
        Line(x.turn, x.trace.where, name(world, x.trace.place), x.trace.says)
        for x in scene.left
        if x.seen and x.trace.where != "access_log"
    ]
    lines += [*claim_lines(scene), *card_lines(scene), *unanswered_lines(scene)]
    lines.sort(key=lambda x: x.turn)
    asked = [p for p in world.scenario.world.permissions if world.get(f"{p}.asked") == "open"]
    return ResearcherView(
        turn=world.turn,
        turns=world.scenario.turns,
        attention=scene.attention,
        lines=tuple(lines),
        requests=tuple((p, about(world, p, "about")) for p in asked),
        offers=tuple(hand(scene)),
        known=tuple(known_findings(scene)),
        scene=scene,
    )


def headlines(findings: tuple[Finding, ...]) -> dict[str, int]:
    """For each of the three headline groups the number of findings among `findings`."""
    return {g: sum(f.group == g for f in findings) for g in HEADLINES}
