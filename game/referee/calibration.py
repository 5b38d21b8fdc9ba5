"""How well forecasts were meant: of what was called 80 % likely, how much happened?

Judgements of one game hang together (one agent, one past), so what luck can do is reckoned from games, not from
judgements (the usual linearised variance of a mean over clusters).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
ENOUGH_GAMES = 5
"""A bin with judgements from fewer games tells nothing."""
DOUBT = 0.05
"""The chance that luck alone makes any bin of a curve speak."""
WORTH_SAYING = 0.05
"""A gap under this is none that anybody could mend."""


@dataclass(frozen=True)
class Bin:
    """Forecasts between two edges (the upper one belongs to it only at 1): how many, their mean, and what came."""

    low: float
    high: float
    count: int
    said: float
    was: float


@dataclass(frozen=True)
class Judgement:
    """One forecast and the rate that it is measured by, both in [0, 1], and the game that it belongs to."""

    said: float
    was: float
    game: Hashable


@dataclass(frozen=True)
class Point:
    """A bin of a curve. `by_luck`: how far mean forecast and mean rate may be apart by luck; None: too few games."""

    bin: Bin
    games: int
    by_luck: float | None

    @property
    def gap(self) -> float:
        """Mean forecast minus mean rate: above 0, more was said than happened."""
        return self.bin.said - self.bin.was

    @property
    def off(self) -> bool:
        """Whether the gap is wider than luck makes it, and worth a word."""
        return self.by_luck is not None and abs(self.gap) > max(self.by_luck, WORTH_SAYING)


def bin_of(said: float, edges: Sequence[float] = EDGES) -> int:
    """The number of the bin that a forecast in [0, 1] falls into, from 0."""
    return next((i for i, high in enumerate(edges[1:]) if said < high), len(edges) - 2)


def calibration(pairs: Iterable[tuple[float, float]], edges: Sequence[float] = EDGES) -> list[Bin]:
    """Pairs of forecast and rate, both in [0, 1], sorted into bins. Bins without a forecast are left out."""
    bins: list[list[tuple[float, float]]] = [[] for _ in edges[1:]]
    for said, was in pairs:
        bins[bin_of(said, edges)].append((said, was))
    return [
        Bin(edges[i], edges[i + 1], len(b), sum(s for s, _ in b) / len(b), sum(w for _, w in b) / len(b))
        for i, b in enumerate(bins)
        if b
    ]


def curve(judgements: Sequence[Judgement], edges: Sequence[float] = EDGES) -> list[Point]:
    """The calibration curve: a point for each bin that has a judgement, lowest first."""
    out = []
    for b in calibration([(j.said, j.was) for j in judgements], edges):
        within = [j for j in judgements if edges[bin_of(j.said, edges)] == b.low]
        games = len({j.game for j in within})
        tells = games >= ENOUGH_GAMES
        out.append(Point(b, games, by_luck(within, 1 - DOUBT / (len(edges) - 1)) if tells else None))
    return out


def by_luck(judgements: Sequence[Judgement], confidence: float) -> float:
    """Half the width of the t interval of the mean of `said - was`, over games. At least two games.

    With m games, d_g the sum and n_g the number of a game's differences, D their mean over all n judgements:
    t(m - 1) sqrt(m / (m - 1) sum (d_g - n_g D)²) / n.
    """
    from scipy.special import stdtrit

    n = len(judgements)
    mean = sum(j.said - j.was for j in judgements) / n
    games: dict[Hashable, float] = {}
    for j in judgements:
        games[j.game] = games.get(j.game, 0.0) + j.said - j.was - mean
    m = len(games)
    spread = math.sqrt(m / (m - 1) * sum(d * d for d in games.values())) / n
    return float(stdtrit(m - 1, (1 + confidence) / 2)) * spread


def mean_brier(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Mean squared distance over all verdicts, in [0, 1]. None without any."""
    return sum((said - was) ** 2 for said, was in pairs) / len(pairs) if pairs else None
