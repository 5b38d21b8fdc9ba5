"""Does memory grow with the episodes, or with the distinct tokens?

    python benchmarks/memory.py [MODEL] [--episodes 16 64 256] [--sequences 16]

Episodes of one scenario are played side by side in one engine, in rounds; after each round: what was asked for (the
prompts of all turns), what of it was evaluated, the most that the cache held, and the memory of the engine's process.
The cache is made when the model is loaded, as large as `--sequences` conversations can need, and never grows.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import pairwise

from soak import held

from game.agents.chair import find_model, load_settings
from game.agents.llama import LlamaAgent
from game.engine.client import EngineClient
from game.events import AgentTurn
from game.lab.turn import a_table
from game.settings import EngineSettings
from game.table.episode import play


@dataclass(frozen=True)
class Round:
    """After so many episodes: tokens of all prompts, those evaluated; the most in the cache; bytes of the process."""

    episodes: int
    asked: int
    evaluated: int
    kept: int
    memory: int


class Player:
    """An engine, and what was asked of it."""

    def __init__(self, client: EngineClient, agent: LlamaAgent, turns: int) -> None:
        self._client, self._agent, self._turns = client, agent, turns
        self.asked = self.evaluated = 0

    async def play(self, seeds: Iterable[int], sequences: int) -> tuple[int, int]:
        """The most tokens that the cache held, looked at ten times a second; the process's bytes afterwards."""
        queue, most = iter(seeds), 0

        async def player() -> None:
            for seed in queue:
                await self._episode(seed)

        everybody = asyncio.gather(*(player() for _ in range(sequences)))
        while not everybody.done():
            await asyncio.wait([everybody], timeout=0.1)
            most = max(most, (await self._client.look()).tokens)
        await everybody
        return most, (await held(self._client)).memory

    async def _episode(self, seed: int) -> None:
        table, made = a_table(self._agent, seed), 0
        async with aclosing(play(table)) as stream:
            async for event in stream:
                if isinstance(event, AgentTurn):
                    made += 1
                    self.asked += event.counts.prompt + event.counts.cached
                    self.evaluated += event.counts.prompt
                    if made == self._turns:
                        break
        self._agent.end(table.scene.episode)


async def rounds(model: str, episodes: Sequence[int], sequences: int, turns: int) -> list[Round]:
    ref, client = find_model(model), EngineClient()
    out: list[Round] = []
    try:
        info = await client.start(load_settings(ref, EngineSettings(), sequences))
        player = Player(client, LlamaAgent(client, info, name=ref.name, sha256=info.sha256), turns)
        for first, last in pairwise([0, *episodes]):
            kept, memory = await player.play(range(first, last), sequences)
            out.append(Round(last, player.asked, player.evaluated, kept, memory))
    finally:
        client.close()
    return out


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", nargs="?", default="egg")
    p.add_argument("--episodes", type=int, nargs="+", default=[16, 64, 256])
    p.add_argument("--sequences", type=int, default=16)
    p.add_argument("--turns", type=int, default=0, help="end every episode after so many (0: play it out)")
    a = p.parse_args()
    found = asyncio.run(rounds(a.model, a.episodes, a.sequences, a.turns))
    print(f"{a.model}, {a.sequences} side by side")
    print("episodes   prompts asked   evaluated   in the cache      memory")
    for r in found:
        print(f"{r.episodes:8} {r.asked:15,} {r.evaluated:11,} {r.kept:14,} {r.memory / 2**20:8.0f} MiB")
    first, last = found[0], found[-1]
    more, memory = last.episodes / first.episodes, last.memory / first.memory
    print(f"{more:.0f} times the episodes take {memory:.2f} times the memory")


if __name__ == "__main__":
    main()
