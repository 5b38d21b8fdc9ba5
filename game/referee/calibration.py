"""How well forecasts were meant: of what was called 80 % likely, how much happened?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Bin:
    """Forecasts between two edges (the upper one belongs to it only at 1): how many, their mean, and what came."""

    low: float
    high: float
    count: int
    said: float
    was: float


def calibration(pairs: Iterable[tuple[float, float]], edges: Sequence[float] = EDGES) -> list[Bin]:
    """Pairs of forecast and rate, both in [0, 1], sorted into bins. Bins without a forecast are left out."""
    bins: list[list[tuple[float, float]]] = [[] for _ in edges[1:]]
    for said, was in pairs:
        n = next((i for i, high in enumerate(edges[1:]) if said < high), len(bins) - 1)
        bins[n].append((said, was))
    return [
        Bin(edges[i], edges[i + 1], len(b), sum(s for s, _ in b) / len(b), sum(w for _, w in b) / len(b))
        for i, b in enumerate(bins)
        if b
    ]


def mean_brier(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Mean squared distance over all verdicts, in [0, 1]. None without any."""
    return sum((said - was) ** 2 for said, was in pairs) / len(pairs) if pairs else None
