"""What is bit-equal: the same episodes at another parallelism, thread count, or with propensities asked for.

    python benchmarks/determinism.py [--model egg] [--scenario sandwich] [--episodes 8]

Each line compares with the first way of playing: how many episodes have the same tokens throughout,
and, over the turns up to the first that differs, by how much the probabilities of the moves moved.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass

from game.agents.chair import find_model
from game.agents.llama import LlamaAgent
from game.engine.client import EngineClient
from game.engine.protocol import LoadSettings
from game.events import AgentTurn
from game.lab.plan import episode_seed
from game.lab.run import record
from game.scenario.deal import deal
from game.scenario.find import find
from game.table.episode import Table, opening_scene
from game.table.policies import open_policy


@dataclass(frozen=True)
class Way:
    """One way of playing the same episodes."""

    name: str
    parallel: int = 1
    threads: int = 1
    propensities: bool = True
    backwards: bool = False


WAYS = (
    Way("alone, one thread"),
    Way("the same again"),
    Way("4 side by side", parallel=4),
    Way("8 side by side, in another order", parallel=8, backwards=True),
    Way("alone, two threads", threads=2),
    Way("alone, without propensities", propensities=False),
)


async def play_all(way: Way, model: str, scenario: str, episodes: int) -> dict[int, list[AgentTurn]]:
    """Each episode's turns, by its number."""
    ref, loaded, nobody = find_model(model), find(scenario), open_policy("absent")
    client = EngineClient()
    out: dict[int, list[AgentTurn]] = {}
    try:
        info = await client.start(LoadSettings(str(ref.path), sequences=way.parallel, threads=way.threads))
        agent = LlamaAgent(client, info, name=ref.name)
        numbers = iter(range(episodes)[:: -1 if way.backwards else 1])

        async def worker() -> None:
            for n in numbers:
                scene = opening_scene(deal(loaded.scenario, episode_seed(1, scenario, n)), f"e{n}")
                events = await record(Table(scene, agent, nobody, propensities=way.propensities))
                out[n] = [e for e in events if isinstance(e, AgentTurn)]

        await asyncio.gather(*(worker() for _ in range(way.parallel)))
    finally:
        client.close()
    return out


def compare(first: dict[int, list[AgentTurn]], other: dict[int, list[AgentTurn]]) -> tuple[int, int, float]:
    """Episodes with the same tokens, those with the same probabilities to the last bit, the most that one moved."""
    same = bits = 0
    worst = 0.0
    for n, turns in first.items():
        moved = 0.0
        for a, b in zip(turns, other[n], strict=False):
            if a.propensities is not None and b.propensities is not None and a.text == b.text:
                pairs = zip(a.propensities.p_play, b.propensities.p_play, strict=True)
                moved = max(moved, *(abs(x - y) for x, y in pairs))
            if a.token_ids != b.token_ids:
                break
        else:
            same += len(turns) == len(other[n])
        bits += moved == 0
        worst = max(worst, moved)
    return same, bits, worst


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", default="egg")
    p.add_argument("--scenario", default="sandwich")
    p.add_argument("--episodes", type=int, default=8)
    a = p.parse_args()
    first: dict[int, list[AgentTurn]] = {}
    print(f"{a.model}, {a.scenario}, {a.episodes} episodes")
    for way in WAYS:
        found = asyncio.run(play_all(way, a.model, a.scenario, a.episodes))
        if not first:
            first = found
            print(f"{way.name}: {sum(map(len, found.values()))} turns", flush=True)
            continue
        same, bits, worst = compare(first, found)
        scored = f"; p_play bit-equal in {bits}, moved by at most {worst:.1e}" if way.propensities else ""
        print(f"{way.name}: {same} of {len(first)} with the same tokens{scored}", flush=True)


if __name__ == "__main__":
    main()
