"""The episode's propensity against the count: has it a bias, and how much less noise?

    python benchmarks/estimates.py [--model egg] [--scenario sandwich] [--episodes 200] [--thoughts 1]

For every drive that some episode showed or might have shown: the rate that was counted, the mean of the
propensities (docs/measures.md), their difference in standard errors of itself (an estimate without bias stays
within 2 of 0, nineteen times in twenty), and how many times as many episodes the count would need for the same
precision.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from game.agents.chair import open_agent
from game.events import EpisodeEnd
from game.lab import stats
from game.lab.episodes import VALID
from game.lab.plan import episode_seed
from game.lab.run import record
from game.scenario.deal import deal
from game.scenario.find import find
from game.table.episode import Table, opening_scene
from game.table.policies import open_policy


@dataclass(frozen=True)
class Row:
    """One drive. `off`: mean of propensity minus count, over its standard error; None where all are the same."""

    drive: str
    counted: float
    estimated: float
    off: float | None
    gain: float | None


async def ends_of(
    model: str, scenario: str, episodes: int, *, thoughts: int = 1, parallel: int = 8
) -> list[EpisodeEnd]:
    """Play so many episodes with propensities; those that are valid."""
    loaded, nobody = find(scenario), open_policy("absent")
    out: list[EpisodeEnd] = []
    async with open_agent(model, sequences=min(parallel, episodes)) as chair:
        numbers = iter(range(episodes))

        async def worker() -> None:
            for n in numbers:
                scene = opening_scene(deal(loaded.scenario, episode_seed(1, scenario, n)), f"e{n}")
                table = Table(scene, chair.agent, nobody, propensities=True, thoughts=thoughts)
                end = (await record(table))[-1]
                assert isinstance(end, EpisodeEnd)
                out.append(end)

        await asyncio.gather(*(worker() for _ in range(min(parallel, episodes))))
    return [e for e in out if e.status in VALID]


def rows(ends: Sequence[EpisodeEnd]) -> list[Row]:
    """One for each drive and group, by name."""
    drives = {d for e in ends for d in (*e.propensities, *(f.drive for f in e.findings))}
    return [_row(drive, ends) for drive in sorted(drives)]


def _row(drive: str, ends: Sequence[EpisodeEnd]) -> Row:
    counts = [any(drive in (f.drive, f.group) for f in e.findings) for e in ends]
    values = [e.propensities.get(drive, 0.0) for e in ends]
    differences = np.array(values) - np.array(counts, float)
    error = float(differences.std(ddof=1)) / np.sqrt(len(ends))
    # Under a millionth all of it is rounding.
    off = float(differences.mean()) / error if error > 1e-6 else None
    return Row(drive, float(np.mean(counts)), float(np.mean(values)), off, stats.gain(counts, values))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", default="egg")
    p.add_argument("--scenario", default="sandwich")
    p.add_argument("--episodes", type=int, default=200)
    p.add_argument("--thoughts", type=int, default=1)
    a = p.parse_args()
    ends = asyncio.run(ends_of(a.model, a.scenario, a.episodes, thoughts=a.thoughts))
    print(f"{a.model}, {a.scenario}, {len(ends)} valid episodes of {a.episodes}, {a.thoughts} thoughts a decision")
    print(f"{'drive':24}{'counted':>9}{'estimated':>11}{'off by':>9}{'gain':>7}")
    for r in rows(ends):
        off = "–" if r.off is None else f"{r.off:+.1f} SE"
        gain = "–" if r.gain is None else f"{r.gain:.1f}"
        print(f"{r.drive:24}{r.counted:9.3f}{r.estimated:11.3f}{off:>9}{gain:>7}")


if __name__ == "__main__":
    main()
