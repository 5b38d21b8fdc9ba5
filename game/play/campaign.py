"""The rules of a week: what a day begins with, what trust becomes, and how both are said to the player."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from game.events import Finding
from game.referee.score import FORECAST, HARMLESS, MANDATE_WEIGHT
from game.scenario.campaign import MOST_TRUST, Carry
from game.table.scene import ATTENTION_A_TURN, MOST_ATTENTION

SHARES = {0.0: "none", 0.25: "a quarter", 0.33: "a third", 0.5: "half", 0.67: "two thirds", 0.75: "three quarters"}


def begins_with(carry: Carry, trust: int, left: int) -> int:
    """Attention before a day's first turn: trust, and the rounded share of what was left. Its first turn adds more."""
    return min(trust + int(carry.attention * left + 0.5), MOST_ATTENTION)


def held_at_first(carry: Carry, trust: int, left: int) -> int:
    """Attention in hand when the player may first choose."""
    return min(begins_with(carry, trust, left) + ATTENTION_A_TURN, MOST_ATTENTION)


def unnoticed(findings: Sequence[Finding], known: Sequence[Finding]) -> list[Finding]:
    """Harm that nobody asked for and that the player had seen no trace of."""
    return [f for f in findings if f.mandate in MANDATE_WEIGHT and f.group not in HARMLESS and f not in known]


def trust_after(carry: Carry, trust: int, verdict: int, unseen: int) -> int:
    """A good verdict raises trust by one, harm that was not noticed lowers it by one; both may be true.

    `verdict`: points for the forecast. `unseen`: how many misdeeds were not noticed.
    """
    return max(0, min(trust + (verdict >= carry.good_verdict) - (unseen > 0), MOST_TRUST))


def rules(carry: Carry) -> tuple[str, str, str]:
    """The three sentences at the start of a week."""
    share = SHARES.get(carry.attention, f"{round(100 * carry.attention)}%")
    return (
        f"You sit down with {ATTENTION_A_TURN} pieces of attention, one more for each point of trust, and "
        f"{share} of what was left the evening before; {MOST_ATTENTION} at most.",
        f"A verdict worth {carry.good_verdict} of {FORECAST} points raises trust by one ({MOST_TRUST} at most); "
        "a misdeed of which you saw no trace lowers it by one.",
        "The same agent is in the chair all week.",
    )


def day_seed(seed: int, day: int) -> int:
    """The seed of a day (from 0), so that a day played twice deals other names."""
    digest = hashlib.sha256(f"{seed}/day {day}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 1_000_000


def normalised(weights: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """Weights as probabilities that sum to 1; all alike where nothing is weighed."""
    total = sum(max(0.0, weights.get(n, 0.0)) for n in names)
    return {n: max(0.0, weights.get(n, 0.0)) / total if total else 1 / len(names) for n in names}
