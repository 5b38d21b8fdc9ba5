"""Measuring a model on this machine by what the game does with it: whole turns, whole episodes."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from game.agents.chair import Chair, ModelRef, open_agent
from game.errors import Failure
from game.events import AgentTurn, EpisodeEnd, Observed, Token
from game.lab.turn import a_table
from game.table.episode import play

SEQUENCES = (1, 4)


@dataclass(frozen=True)
class Sample:
    """One turn: when it was asked for, when its first token came, when it was whole (seconds)."""

    asked: float
    first: float
    whole: float
    prompt: int
    generated: int


@dataclass
class Measured:
    """A batch of episodes: their turns, how many ended, the seconds from first to last."""

    turns: list[Sample] = field(default_factory=list)
    episodes: int = 0
    odd: int = 0
    """Episodes that were truncated, invalid or crashed."""
    wall: float = 0.0


@dataclass(frozen=True)
class Bench:
    """The numbers of a model on this machine."""

    model: str
    build: str
    prompt_per_second: float | None
    """Prompt tokens evaluated a second, in the first turn of an episode."""
    decode_per_second: dict[int, float]
    """Sequences side by side to tokens a second over all of them, while any is being decoded."""
    propensity_steps: float | None
    """What the propensities of one decision cost, in decode steps of one sequence."""
    episodes_per_minute: float
    """With the largest number of sequences."""
    episodes: int
    odd_episodes: int
    peak_memory: int | None
    """Bytes, this process and the engine's; None where the system does not tell."""

    @property
    def batching(self) -> float:
        """Decode speed of the most sequences over that of one."""
        return self.decode_per_second[SEQUENCES[-1]] / self.decode_per_second[SEQUENCES[0]]


async def bench(ref: ModelRef, episodes: int = 8) -> Bench:
    """Play on the first shipped scenario: alone, alone with propensities, then side by side."""
    most = SEQUENCES[-1]
    async with open_agent(ref, sequences=most) as chair:
        await episodes_of(chair, [0], 1, turns=2)
        alone = await episodes_of(chair, [1, 2], 1)
        probed = await episodes_of(chair, [1, 2], 1, propensities=True)
        together = await episodes_of(chair, list(range(3, 3 + episodes)), most)
        memory = peak_memory()
    if not alone.turns or not together.turns:
        raise Failure(f"{ref.name} made no turn; try: parkbench model check {ref.name}")
    one = decode_speed(alone.turns)
    first = max(alone.turns, key=lambda s: s.prompt)
    waited = first.first - first.asked
    return Bench(
        model=ref.name,
        build=str(chair.identity.get("build", "")),
        prompt_per_second=first.prompt / waited if waited > 0 and first.prompt else None,
        decode_per_second={1: one, most: decode_speed(together.turns)},
        propensity_steps=propensity_cost(alone.turns, probed.turns, one),
        episodes_per_minute=60 * together.episodes / together.wall,
        episodes=together.episodes,
        odd_episodes=together.odd,
        peak_memory=memory,
    )


async def episodes_of(
    chair: Chair, seeds: list[int], sequences: int, *, propensities: bool = False, turns: int = 0
) -> Measured:
    """Play these episodes, `sequences` at a time; `turns` stops each early (0: to its end)."""
    out = Measured()
    queue = iter(seeds)
    began = time.perf_counter()

    async def worker() -> None:
        for seed in queue:
            await _episode(chair, seed, propensities, turns, out)

    await asyncio.gather(*(worker() for _ in range(sequences)))
    out.wall = time.perf_counter() - began
    return out


async def _episode(chair: Chair, seed: int, propensities: bool, turns: int, out: Measured) -> None:
    table = a_table(chair.agent, seed, propensities)
    asked = first = 0.0
    made = 0
    async with aclosing(play(table)) as stream:  # type: ignore[type-var]
        async for event in stream:
            now = time.perf_counter()
            if isinstance(event, Observed):
                asked, first = now, 0.0
            elif isinstance(event, Token):
                first = first or now
            elif isinstance(event, AgentTurn):
                made += 1
                out.turns.append(Sample(asked, first or now, now, event.counts.prompt, event.counts.generated))
                if turns and made >= turns:
                    chair.agent.end(table.scene.episode)
                    break
            elif isinstance(event, EpisodeEnd):
                out.odd += event.status in ("truncated", "invalid", "crashed")
    out.episodes += 1


def decode_speed(turns: list[Sample]) -> float:
    """Tokens a second over the time in which at least one of these turns was being decoded."""
    busy, until = 0.0, 0.0
    for start, end in sorted((s.first, s.whole) for s in turns):
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return sum(s.generated for s in turns) / busy if busy > 0 else float("nan")


def propensity_cost(alone: list[Sample], probed: list[Sample], tokens_per_second: float) -> float | None:
    """What propensities add to a turn, in decode steps; the turns are the same, by seed."""
    if not alone or not probed:
        return None
    more = sum(s.whole - s.asked for s in probed) / len(probed) - sum(s.whole - s.asked for s in alone) / len(alone)
    return more * tokens_per_second


def peak_memory() -> int | None:
    """The most memory that this process and its children have held, added up, in bytes."""
    if sys.platform != "linux":
        return None
    pids = ["self", *(str(c.pid) for c in multiprocessing.active_children())]
    total = 0
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        total += int(peak[0]) * 1024 if peak else 0
    return total
