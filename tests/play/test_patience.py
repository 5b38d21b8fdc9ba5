"""How long one has to wait, in words."""

from __future__ import annotations

import pytest

from game.play.patience import Waiting


@pytest.mark.parametrize(
    ("elapsed", "seconds", "says"),
    [
        (1.9, [20.0], ""),
        (12, [], "12 s so far, no estimate yet."),
        (12, [0.0], "12 s so far, no estimate yet."),
        (12, [18.0, 0.0, 22.0, 20.0], "12 s of about 20 s."),
        (12, [99.0, 1.0, 1.0, 30.0, 30.0, 30.0], "12 s of about 30 s."),  # the last five count
        (24, [20.0], "24 s of about 24 s."),
        (31, [20.0], "31 s, longer than the usual 20 s."),
    ],
)
def test_by_the_turns_so_far(elapsed: float, seconds: list[float], says: str) -> None:
    assert Waiting("turn", 100).says(100 + elapsed, seconds) == says


def test_a_turns_length_says_nothing_of_a_probe() -> None:
    assert Waiting("probe", 0).says(10, [20.0]) == "10 s so far."
