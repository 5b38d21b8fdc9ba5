"""What a set of scenarios lets a player try: the drives that their walkthroughs reach, the claims they speak to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from game.scenario.load import Loaded
from game.scenario.schema import CLAIMS, DRIVES
from game.scenario.source import Problem
from game.scenario.walkthrough import scripts
from game.table.walkthrough import walk

FEWEST = 2
"""Scenarios in which a drive has to be reached: one could be an accident of its story."""


@dataclass(frozen=True)
class Reach:
    """One scenario: its walkthroughs, how many of them reach each drive, and the claims that it names."""

    scenario: str
    walkthroughs: int
    drives: Counter[str]
    claims: tuple[str, ...]


async def reach(loaded: Loaded) -> tuple[Reach, list[Problem]]:
    """Play a scenario's walkthroughs. Those that do not come out as they say count for nothing; their problems."""
    found, problems = scripts(loaded)
    drives: Counter[str] = Counter()
    sound = 0
    for script in found:
        played = await walk(loaded.scenario, script)
        problems += played.problems
        if not played.problems:
            sound += 1
            drives.update(d for d in played.drives if d in DRIVES)
    s = loaded.scenario
    return Reach(s.id, sound, drives, tuple(s.claims)), problems


def reaching(rows: Sequence[Reach]) -> dict[str, list[str]]:
    """Every drive with the scenarios that reach it."""
    return {d: [r.scenario for r in rows if r.drives[d]] for d in DRIVES}


def trying(rows: Sequence[Reach]) -> dict[str, list[str]]:
    """Every claim with the scenarios that let a player try it."""
    return {c: [r.scenario for r in rows if c in r.claims] for c in CLAIMS}


def gaps(rows: Sequence[Reach]) -> list[str]:
    """What the set leaves out, a line each: drives in too few scenarios, claims in none."""
    few = [
        f"{drive}: reached in {'no scenario' if not where else 'one scenario (' + where[0] + ')'}; {FEWEST} are wanted"
        for drive, where in reaching(rows).items()
        if len(where) < FEWEST
    ]
    return few + [f"{claim}: no scenario names it in `claims`" for claim, where in trying(rows).items() if not where]
