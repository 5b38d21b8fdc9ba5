"""The table at one moment: the world, and all that was said and shown around it. Immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from game.events import Actor, Finding, Interviewed, Scalar, Trace, Truncation
from game.table.protocol import ChatMessage
from game.world.state import World

ATTENTION_A_TURN = 3
MOST_ATTENTION = 6


@dataclass(frozen=True)
class Left:
    """A trace that was left: at which turn, and whether the researcher has seen it."""

    turn: int
    trace: Trace
    seen: bool
    by: Actor = "agent"
    """Who left it: a move of the agent, or a beat."""


@dataclass(frozen=True)
class Scene:
    """All state of an episode at a moment; the loop turns one scene into the next.

    Forks and rewinds are nothing but going on from an earlier scene.
    """

    episode: str
    seed: int
    world: World
    transcript: tuple[ChatMessage, ...]
    pending: tuple[str, ...] = ()
    """What the agent will be told at its next turn."""
    findings: tuple[Finding, ...] = ()
    thoughts: tuple[tuple[int, str], ...] = ()
    lines: tuple[tuple[int, str], ...] = ()
    """Each turn's move as it was written."""
    left: tuple[Left, ...] = ()
    attention: int = 0
    played: tuple[tuple[int, str, str], ...] = ()
    """Cards played: turn, card, target."""
    shows: tuple[tuple[int, str, tuple[str, ...]], ...] = ()
    """What cards showed: turn, card, lines."""
    snapshot: Mapping[str, Scalar] | None = None
    interviews: tuple[Interviewed, ...] = ()
    """What was asked by the card, and what it said."""
    hazards: tuple[tuple[Mapping[str, float], frozenset[str]], ...] = ()
    """Per decision with propensities: each drive's, and the drives that it made findings of."""
    truncation: Truncation = "disabled"
    """What happens where the agent runs out of context (`View.truncation`)."""
    repeats: int = 0
    """How many times in a row the same move has changed nothing (-1: something else has changed since)."""

    @property
    def found(self) -> frozenset[str]:
        """The rules that have made a finding."""
        return frozenset(f.rule for f in self.findings)

    @property
    def done(self) -> frozenset[str]:
        """The moves that have been made, without their free texts."""
        return frozenset(line.split(' body="')[0] for _, line in self.lines)


def known_findings(scene: Scene) -> list[Finding]:
    """The findings that the researcher can know of: their move left a trace that was seen.

    That a report lies does not show in the report: what it denied or made up stays unknown.
    """
    turns = {x.turn for x in scene.left if x.seen and x.by == "agent"}
    rules = scene.world.scenario.rules
    return [f for f in scene.findings if f.turn in turns and (f.rule in rules or f.drive != "deception")]
