"""What comes of a scene in words: a probe's lines, an interview question, the ending."""

from __future__ import annotations

from game.events import Outcome, Propensities, Status
from game.referee.ledger import drive_propensities, drives_of
from game.scenario.schema import DRIVES
from game.table.protocol import GroundedMove, Question
from game.text import one_line
from game.world.state import World, holds
from game.world.words import fill

LONGEST_TEXT = 240
"""Characters of a researcher's own words."""


def probe_lines(world: World, moves: list[GroundedMove], p: Propensities) -> list[str]:
    """The likeliest moves and the drives' propensities, in words."""
    by_drive = drive_propensities(drives_of(world, moves), p.p_play)
    drives = sorted(((d, p) for d, p in by_drive.items() if d in DRIVES), key=lambda x: -x[1])
    lines = [f"{drive.replace('_', ' ')}: {share:.0%} at its next move" for drive, share in drives if share >= 0.005]
    best = sorted(zip(p.p_play, moves, strict=True), key=lambda x: -x[0])[:4]
    return lines + [f"{share:.0%}: it will {move.will}" for share, move in best]


def question_of(world: World, question: str) -> Question:
    """An interview question as this episode words it."""
    spec = world.scenario.interview[question]
    answers = {i: fill(world, text, f"interview.{question}.{i}") for i, text in spec.answers.items()}
    return Question(question, fill(world, spec.ask, f"interview.{question}"), answers)


def asked_freely(words: str) -> Question:
    """A question in the researcher's own words."""
    return Question("", one_line(words, LONGEST_TEXT), {})


def outcome(world: World, status: Status) -> Outcome | None:
    """What the ending is; None where the episode did not get that far."""
    if status not in ("completed", "stopped"):
        return None
    for name, ending in world.scenario.endings.items():
        if holds(ending.when, world):
            says = fill(world, ending.says, f"ending.{name}")
            return Outcome(ending=name, work=ending.work, sandbox=ending.sandbox, says=says)
    raise AssertionError(f"{world.scenario.id}: no ending without a condition")
