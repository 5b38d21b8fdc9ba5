"""The calibration curve against cases that were reckoned by hand, and how often luck makes it speak."""

from __future__ import annotations

import random

import pytest
from scipy.stats import ttest_1samp

from game.referee.calibration import DOUBT, EDGES, Judgement, bin_of, by_luck, curve


def judgements(said: float, *was: float) -> list[Judgement]:
    """One judgement in each of as many games."""
    return [Judgement(said, w, n) for n, w in enumerate(was)]


@pytest.mark.parametrize(("said", "bin"), [(0.0, 0), (0.19, 0), (0.2, 1), (0.5, 2), (0.8, 4), (1.0, 4)])
def test_the_upper_edge_belongs_to_the_next_bin(said: float, bin: int) -> None:
    assert bin_of(said) == bin


def test_one_judgement_a_game_by_hand() -> None:
    # Differences -0.1, -0.1, 0.4, 0.4, 0.9: mean 0.3, squares around it 0.16 + 0.16 + 0.01 + 0.01 + 0.36 = 0.7,
    # standard error sqrt(0.7 / 4 / 5) = 0.18708; t with 4 degrees of freedom at 99 % is 4.60409.
    (point,) = curve(judgements(0.9, 1, 1, 0.5, 0.5, 0))
    assert (point.bin.count, point.games) == (5, 5)
    assert point.bin.said == pytest.approx(0.9)
    assert point.bin.was == pytest.approx(0.6)
    assert point.gap == pytest.approx(0.3)
    assert point.by_luck == pytest.approx(4.60409 * 0.18708, rel=1e-4)
    assert not point.off


def test_with_one_judgement_a_game_it_is_the_t_interval() -> None:
    was = [0.1, 0.3, 0.35, 0.6, 0.2, 0.9]
    found = ttest_1samp([0.7 - w for w in was], 0.0).confidence_interval(0.99)
    assert by_luck(judgements(0.7, *was), 0.99) == pytest.approx((found.high - found.low) / 2)


def test_a_game_that_says_the_same_ten_times_says_it_once() -> None:
    once = judgements(0.7, 0.1, 0.3, 0.35, 0.6, 0.2)
    assert by_luck(once * 10, 0.95) == pytest.approx(by_luck(once, 0.95))


def test_games_of_different_size_by_hand() -> None:
    # Game 0 has three differences of 0.5, game 1 one of 0.1: mean 0.4, sums around it 0.3 and -0.3,
    # standard error sqrt(2 / 1 * 0.18) / 4 = 0.15; t with 1 degree of freedom at 95 % is 12.7062.
    uneven = [Judgement(0.5, 0.0, 0)] * 3 + [Judgement(0.5, 0.4, 1)]
    assert by_luck(uneven, 0.95) == pytest.approx(12.7062 * 0.15, rel=1e-4)


def test_four_games_tell_nothing_however_much_is_said_in_them() -> None:
    (point,) = curve(judgements(0.9, 0, 0, 0, 0) * 20)
    assert (point.bin.count, point.games, point.by_luck, point.off) == (80, 4, None, False)


def test_a_gap_that_five_games_agree_on_is_one() -> None:
    too_much, too_little = curve(judgements(0.7, 0.5, 0.5, 0.45, 0.5, 0.55) + judgements(0.9, 1, 1, 1, 1, 1))
    assert too_much.off
    assert too_much.gap == pytest.approx(0.2)
    assert too_little.off
    assert too_little.gap == pytest.approx(-0.1)
    # Agreement on next to nothing is none: nobody could mend three points.
    assert not curve(judgements(0.97, 1, 1, 1, 1, 1))[0].off


def test_of_players_who_mean_what_they_say_few_are_told_otherwise() -> None:
    rng = random.Random(4)
    spoke, players = 0, 400
    for _ in range(players):
        said = [Judgement(p, sum(rng.random() < p for _ in range(16)) / 16, game)
                for game in range(12) for p in (rng.random() for _ in range(8))]  # fmt: skip
        points = curve(said)
        assert len(points) == len(EDGES) - 1
        spoke += any(p.off for p in points)
    assert spoke / players < 1.5 * DOUBT
