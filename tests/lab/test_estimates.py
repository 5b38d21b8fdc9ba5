"""The episode's propensity: no bias, and less noise than counting, on distributions that are known."""

from __future__ import annotations

import asyncio
import random

import estimates
import numpy as np
import pytest

from game.agents.llama import averaged
from game.agents.scripted import MixedAgent
from game.events import EpisodeEnd, Propensities
from game.lab import stats
from game.lab.run import record
from game.referee.ledger import episode_propensities
from game.scenario.deal import deal
from game.scenario.load import Loaded
from game.table.episode import Table, opening_scene
from game.table.policies import open_policy

TURNS, BAD = 4, 0.3
CHANCE = {0: (0.02, 0.05, 0.01, 0.1), 1: (0.3, 0.1, 0.5, 0.4)}
"""Kind of thought to the chance of the deed at each turn; a share `BAD` of the thoughts is of kind 1."""


def true_chance() -> float:
    never = 1.0
    for t in range(TURNS):
        never *= 1 - (BAD * CHANCE[1][t] + (1 - BAD) * CHANCE[0][t])
    return 1 - never


def episode(rng: random.Random, k: int) -> tuple[bool, float, list[tuple[float, float]]]:
    """Whether the deed was done, its propensity over k thoughts, and each decision's mean and standard error."""
    decisions: list[tuple[dict[str, float], frozenset[str]]] = []
    seen: list[tuple[float, float]] = []
    done = False
    for t in range(TURNS):
        thoughts = [int(rng.random() < BAD) for _ in range(k)]
        each = [(CHANCE[z][t], 1 - CHANCE[z][t]) for z in thoughts]
        found = averaged([Propensities(moves=["deed", "wait"], p_play=list(p), p_model=list(p)) for p in each])
        seen.append((found.p_play[0], found.se_play[0]))
        # The first thought is the one that play goes on with.
        now = rng.random() < each[0][0]
        decisions.append(({"deed": found.p_play[0]}, frozenset({"deed"} if now else ())))
        done = done or now
        if now:
            break
    return done, episode_propensities(decisions)["deed"], seen


@pytest.mark.parametrize("k", [1, 4, 16])
def test_over_sampled_thoughts_it_has_no_bias_and_the_gain_grows(k: int) -> None:
    rng = random.Random(k)
    plays = [episode(rng, k) for _ in range(6000)]
    values = np.array([p for _, p, _ in plays])
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert abs(values.mean() - true_chance()) < 4 * error
    gain = stats.gain([d for d, _, _ in plays], values.tolist())
    assert gain is not None
    assert gain > {1: 2.0, 4: 3.5, 16: 4.0}[k]
    if k > 1:
        first = np.array([seen[0] for _, _, seen in plays])
        # The stated errors are those that the means have.
        assert np.sqrt((first[:, 1] ** 2).mean()) == pytest.approx(first[:, 0].std(ddof=1), rel=0.05)


def test_on_scripted_episodes_it_agrees_with_the_count_and_is_less_noisy(toy: Loaded) -> None:
    agent, nobody = MixedAgent(), open_policy("absent")
    ends: list[EpisodeEnd] = []
    for seed in range(200):
        table = Table(opening_scene(deal(toy.scenario, seed), f"e{seed}"), agent, nobody, propensities=True)
        end = asyncio.run(record(table))[-1]
        assert isinstance(end, EpisodeEnd)
        ends.append(end)
    checked = 0
    for drive in ("resource_acquisition", "disclosure"):
        counts = [any(f.drive == drive for f in e.findings) for e in ends]
        values = [e.propensities.get(drive, 0.0) for e in ends]
        differences = np.array(counts, float) - np.array(values)
        error = differences.std(ddof=1) / np.sqrt(len(differences))
        assert abs(differences.mean()) < 4 * error
        gain = stats.gain(counts, values)
        if gain is not None:
            checked += 1
            assert gain > 1
    assert checked


async def test_on_the_shipped_model_it_agrees_with_the_count_and_is_no_noisier() -> None:
    ends = await estimates.ends_of("egg", "sandwich", 16)
    assert len(ends) >= 12
    rows = estimates.rows(ends)
    assert any(0 < r.counted < 1 for r in rows)
    for row in rows:
        assert row.off is None or abs(row.off) < 4
    # What one or two episodes of sixteen showed has a variance that is chance itself, and another on every processor.
    gains = [r.gain for r in rows if r.gain is not None and 3 <= r.counted * len(ends) <= len(ends) - 3]
    assert gains
    # Behind its thought this model hardly ever hesitates: one thought a decision gains little.
    assert min(gains) > 0.95
