"""Measuring a model on this machine by what the game does with it: whole turns, whole episodes."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from game.agents.chair import Chair, ModelRef, open_agent
from game.errors import Failure
from game.events import AgentTurn, EpisodeEnd, Observed, Token
from game.lab.turn import a_table
from game.settings import EngineSettings
from game.table.episode import play

SEQUENCES = (1, 4, 16, 64)
EPISODES = 2
"""Episodes for each sequence, one after the other: the ends of the first are not all at once."""


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
class Level:
    """So many episodes side by side. Shares are of the time in which the engine had work."""

    sequences: int
    decode_per_second: float
    """Tokens over all sequences, while any is being decoded."""
    tokens_per_second: float
    """The same with the prompts' time in it: what the engine writes in a second of work."""
    llama: float
    """Share of the time in llama.cpp."""
    masks: float
    samples: float
    rest: float
    """Share of the rest of Python."""
    episodes_per_minute: float | None
    """None where episodes were cut short."""
    episodes: int
    odd_episodes: int
    memory: int | None
    """Bytes at the most, this process and the engine's; None where the system does not tell."""


@dataclass(frozen=True)
class Kept:
    """What keeping the engine's state beside a save costs, and what it saves."""

    tokens: int
    size: int
    """Bytes."""
    write_seconds: float
    read_seconds: float
    evaluate_seconds: float | None
    """For as many prompt tokens, at the speed of the first turn."""


@dataclass(frozen=True)
class Bench:
    """The numbers of a model on this machine."""

    model: str
    build: str
    memory: str
    """How keys and values are kept."""
    context: int
    prompt_per_second: float | None
    """Prompt tokens evaluated a second, in the first turn of an episode."""
    prompt_overhead: float
    """Prompt tokens evaluated over the least possible: the distinct prefixes that no answer had left behind."""
    mask_microseconds: float
    """For a token of a free text."""
    propensity_steps: float
    """What the propensities of one decision cost, in decode steps of one sequence."""
    options: float
    """Tokens of legal moves at a decision, evaluated for its propensities."""
    levels: tuple[Level, ...]
    state: Kept | None = None
    """Of a conversation of a few turns; None where its episode was over before."""

    @property
    def batching(self) -> float:
        """Decode speed of the most sequences over that of one."""
        return self.levels[-1].decode_per_second / self.levels[0].decode_per_second


async def bench(
    ref: ModelRef,
    sequences: Sequence[int] = SEQUENCES,
    turns: int = 0,
    say: Callable[[str], None] = lambda _: None,
    engine: EngineSettings | None = None,
) -> Bench:
    """Play on the first shipped scenario: at each number of sequences, then with propensities, then counting prefixes.

    `turns` ends every episode early (0: they are played to their end). Raises Failure where the model makes no turn.
    """
    levels: list[Level] = []
    waited, prompt = 0.0, 0
    masked = 0.0
    for n in sorted({1, *sequences}):
        say(f"{n} side by side")
        async with open_agent(ref, sequences=n, engine=engine) as chair:
            # The first turns of a process load what it needs.
            await episodes_of(chair, [0], 1, turns=2)
            await spent(chair)
            found = await episodes_of(chair, list(range(1, 1 + EPISODES * n)), n, turns=turns)
            sums = await spent(chair)
            if not found.turns:
                raise Failure(f"{ref.name} made no turn; try: parkbench model check {ref.name}")
            levels.append(_level(n, found, sums, whole=not turns))
            if n == 1:
                first = max(found.turns, key=lambda s: s.prompt)
                waited, prompt = first.first - first.asked, first.prompt
                masked = 1e6 * sums["masks"] / sums["written"]
                step = sums["decode"] / sums["steps"]
            memory = str(chair.identity.get("memory", ""))
            build, context = str(chair.identity.get("build", "")), int(str(chair.identity.get("context", 0)))
    say("propensities")
    async with open_agent(ref, sequences=4, engine=engine) as chair:
        await episodes_of(chair, [0], 1, propensities=True, turns=2)
        await spent(chair)
        await episodes_of(chair, [1, 2], 1, propensities=True, turns=turns)
        probed = await spent(chair)
        say("distinct prefixes")
        await spent(chair, audit=True)
        await episodes_of(chair, list(range(1, 9)), 4, turns=turns)
        audited = await spent(chair)
        say("a state")
        speed = prompt / waited if waited > 0 and prompt else None
        state = await kept(chair, speed)
    return Bench(
        model=ref.name,
        build=build,
        memory=memory,
        context=context,
        prompt_per_second=speed,
        prompt_overhead=audited["prompt"] / max(1, audited["distinct"] - audited["fed"]),
        mask_microseconds=masked,
        propensity_steps=probed["trees"] / max(1, probed["answers"]) / step,
        options=probed["options"] / max(1, probed["answers"]),
        levels=tuple(levels),
        state=state,
    )


async def spent(chair: Chair, *, audit: bool = False) -> dict[str, float]:
    """What the engine has spent since it was last asked. Raises Failure where the agent has no engine."""
    if chair.measure is None:
        raise Failure("only a model's engine can be measured")
    return await chair.measure(audit=audit)


async def kept(chair: Chair, speed: float | None, turns: int = 2) -> Kept | None:
    """Store a conversation of so many turns, and restore it. `speed`: prompt tokens a second."""
    if chair.states is None:
        return None
    table = a_table(chair.agent, 99, False)
    name, made = table.scene.episode, 0
    with tempfile.TemporaryDirectory(prefix="parkbench-") as folder:
        path = Path(folder) / "bench.state"
        async with aclosing(play(table)) as stream:  # type: ignore[type-var]
            async for event in stream:
                made += isinstance(event, AgentTurn)
                if made == turns:
                    break
        began = time.perf_counter()
        written = await chair.states.store(name, path, force=True)
        stored = time.perf_counter()
        chair.agent.end(name)
        read = await chair.states.restore(name, path)
        done = time.perf_counter()
        chair.agent.end(name)
    if not written.tokens or read.tokens != written.tokens:
        return None
    again = written.tokens / speed if speed else None
    return Kept(written.tokens, written.size, stored - began, done - stored, again)


def _level(sequences: int, found: Measured, sums: dict[str, float], *, whole: bool) -> Level:
    busy = sums["busy"]
    parts = {
        "llama": sums["decode"] + sums["trees"],
        "masks": sums["masks"],
        "samples": sums["samples"],
    }
    return Level(
        sequences=sequences,
        decode_per_second=decode_speed(found.turns),
        tokens_per_second=sums["written"] / busy,
        **{name: seconds / busy for name, seconds in parts.items()},
        rest=1 - sum(parts.values()) / busy,
        episodes_per_minute=60 * found.episodes / found.wall if whole else None,
        episodes=found.episodes,
        odd_episodes=found.odd,
        memory=peak_memory(),
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
