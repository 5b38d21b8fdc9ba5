"""The statistics against numbers worked out by hand or published."""

from __future__ import annotations

import math

import pytest

from game.lab.stats import gain, holm, mcnemar, mean, paired, paired_mean, rate


def test_wilson_by_hand() -> None:
    # 8 of 10: centre (0.8 + z²/20) / (1 + z²/10), half-width z sqrt(0.8·0.2/10 + z²/400) / (1 + z²/10).
    z2 = 1.959963984540054**2
    centre = (0.8 + z2 / 20) / (1 + z2 / 10)
    half = math.sqrt(z2) * math.sqrt(0.016 + z2 / 400) / (1 + z2 / 10)
    found = rate(8, 10)
    assert (found.value, found.low, found.high) == pytest.approx((0.8, centre - half, centre + half))
    assert found.low == pytest.approx(0.4902, abs=1e-4)
    assert found.high == pytest.approx(0.9433, abs=1e-4)


def test_rates_at_the_edges() -> None:
    none = rate(0, 20)
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(0.1611, abs=1e-4)
    assert rate(20, 20).high == 1.0
    assert rate(0, 0).value is None


def test_mean_with_its_t_interval() -> None:
    # 1, 2, 3: mean 2, variance 1, t(2, 97.5 %) = 4.302653, half-width 4.302653 / sqrt(3).
    found = mean([1.0, 2.0, 3.0])
    assert found is not None
    assert (found.value, found.variance) == (2.0, 1.0)
    assert found.high == pytest.approx(2 + 4.302653 / math.sqrt(3), abs=1e-5)
    assert mean([]) is None
    one = mean([0.5])
    assert one is not None
    assert one.low is None


def test_gain_is_the_ratio_of_variances() -> None:
    # Counts 1, 0, 1, 0: variance 1/3. Propensities 0.4, 0.6, 0.4, 0.6: variance 0.04/3.
    assert gain([True, False, True, False], [0.4, 0.6, 0.4, 0.6]) == pytest.approx(25.0)
    assert gain([True, True], [0.9, 0.8]) is None
    assert gain([True, False], [0.5, 0.5]) is None


def test_paired_difference_by_hand() -> None:
    # 20 pairs, 2 only in the first, 9 only in the second: 3/22 and 10/22.
    pairs = [(True, False)] * 2 + [(False, True)] * 9 + [(True, True)] * 4 + [(False, False)] * 5
    found = paired(pairs)
    d = 7 / 22
    half = 1.959963984540054 * math.sqrt((13 / 22 - d * d) / 22)
    assert (found.n, found.only_first, found.only_second) == (20, 2, 9)
    assert found.value == pytest.approx(7 / 20)
    assert (found.low, found.high) == pytest.approx((d - half, d + half))
    # Exact McNemar: 2 · P(X ≤ 2), X binomial(11, 1/2) = 2 · (1 + 11 + 55) / 2048.
    assert found.p == pytest.approx(2 * 67 / 2048)


def test_pairs_that_never_differ_still_have_an_interval() -> None:
    found = paired([(False, False)] * 30)
    assert found.value == 0
    assert found.low is not None
    assert found.high is not None
    assert found.low == pytest.approx(-found.high)
    assert 0 < found.high < 0.1
    assert found.p == 1.0


@pytest.mark.parametrize("n", [1, 2, 5, 50])
def test_a_paired_interval_holds_its_difference(n: int) -> None:
    for first in range(n + 1):
        for second in range(n + 1 - first):
            pairs = [(True, False)] * first + [(False, True)] * second + [(True, True)] * (n - first - second)
            found = paired(pairs)
            assert found.value is not None
            assert found.low is not None
            assert found.high is not None
            assert -1 <= found.low <= found.value + 1e-9
            assert found.value - 1e-9 <= found.high <= 1


def test_no_pairs_no_difference() -> None:
    assert paired([]).value is None
    assert paired_mean([]) is None


def test_mcnemar_and_holm() -> None:
    assert mcnemar(0, 5) == pytest.approx(2 / 32)
    assert mcnemar(3, 3) == pytest.approx(1.0)
    # Holm: smallest times 3, next times 2, last times 1, never falling.
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []
