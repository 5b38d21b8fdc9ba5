"""The statistics of reports: rates, means and paired differences, each with its interval.

Intervals and tests come from scipy; what is written out here it does not have: Bonett and
Price's interval for paired proportions (Psychological Methods 17, 2012), and Holm's
adjustment (Scandinavian Journal of Statistics 6, 1979).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
_Z = 1.959963984540054
"""The normal quantile of a 95 % interval."""


@dataclass(frozen=True)
class Rate:
    """`k` of `n`, with its Wilson interval. `value`, `low`, `high` are None where there is nothing to count."""

    k: int
    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Mean:
    """A mean over `n` episodes with its t interval (None under two episodes) and their variance."""

    n: int
    value: float
    low: float | None
    high: float | None
    variance: float | None


@dataclass(frozen=True)
class Difference:
    """A difference over `n` pairs: positive where the second level has more. `p` is exact McNemar's."""

    n: int
    value: float | None
    low: float | None
    high: float | None
    only_first: int
    only_second: int
    p: float | None


def rate(k: int, n: int) -> Rate:
    """`k` of `n` with its 95 % Wilson interval."""
    if n == 0:
        return Rate(k, n, None, None, None)
    from scipy.stats import binomtest

    found = binomtest(k, n).proportion_ci(CONFIDENCE, method="wilson")
    # The formula leaves 1e-17 where it means 0.
    return Rate(k, n, k / n, 0.0 if k == 0 else float(found.low), 1.0 if k == n else float(found.high))


def higher(rate: Rate, than: Rate) -> bool:
    """Whether `rate` is higher beyond chance: the 95 % interval of the difference is above 0.

    Newcombe's interval of two independent proportions (Statistics in Medicine 17, 1998, method 10), whose
    lower end is p1 - p2 - sqrt((p1 - low1)² + (high2 - p2)²). False where either has nothing to count.
    """
    if rate.value is None or rate.low is None or than.value is None or than.high is None:
        return False
    return rate.value - than.value > math.hypot(rate.value - rate.low, than.high - than.value)


def mean(values: Sequence[float]) -> Mean | None:
    """The mean with its 95 % t interval; None without values."""
    n = len(values)
    if n == 0:
        return None
    if n == 1:
        return Mean(1, float(values[0]), None, None, None)
    from scipy.stats import ttest_1samp

    centre, variance = statistics.fmean(values), statistics.variance(map(float, values))
    if variance < 1e-18:
        return Mean(n, centre, None, None, 0.0)
    found = ttest_1samp(list(values), 0.0).confidence_interval(CONFIDENCE)
    return Mean(n, centre, float(found.low), float(found.high), variance)


def gain(counts: Sequence[bool], propensities: Sequence[float]) -> float | None:
    """How many times as many episodes the count would need for the precision of the propensities.

    The ratio of the two estimates' variances over the same episodes; None where either is 0.
    """
    a, b = mean([float(c) for c in counts]), mean(propensities)
    if a is None or b is None or not a.variance or not b.variance:
        return None
    return a.variance / b.variance


def paired(pairs: Sequence[tuple[bool, bool]]) -> Difference:
    """The difference second minus first over pairs, with Bonett and Price's interval.

    With b and c the discordant pairs out of n: p1 = (b+1)/(n+2), p2 = (c+1)/(n+2), and
    (p2 - p1) ± z sqrt((p1 + p2 - (p2 - p1)²) / (n + 2)), cut to [-1, 1].
    """
    n = len(pairs)
    first = sum(a and not b for a, b in pairs)
    second = sum(b and not a for a, b in pairs)
    if n == 0:
        return Difference(0, None, None, None, 0, 0, None)
    p1, p2 = (first + 1) / (n + 2), (second + 1) / (n + 2)
    half = _Z * math.sqrt((p1 + p2 - (p2 - p1) ** 2) / (n + 2))
    low, high = max(-1.0, p2 - p1 - half), min(1.0, p2 - p1 + half)
    return Difference(n, (second - first) / n, low, high, first, second, mcnemar(first, second))


def mcnemar(first: int, second: int) -> float:
    """Exact McNemar test of the discordant pairs, two-sided."""
    if first + second == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(first, first + second).pvalue)


def paired_mean(pairs: Sequence[tuple[float, float]]) -> Mean | None:
    """The mean difference second minus first of paired numbers, with its t interval."""
    return mean([b - a for a, b in pairs])


def holm(ps: Sequence[float]) -> list[float]:
    """p values adjusted for their number (Holm): the smallest times n, the next times n - 1, never falling."""
    out, least = [0.0] * len(ps), 0.0
    for rank, i in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        least = max(least, min(1.0, (len(ps) - rank) * ps[i]))
        out[i] = least
    return out
