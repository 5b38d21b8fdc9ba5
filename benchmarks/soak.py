"""Thousands of episodes over one worker, whose clients are killed at random: is anything left behind?

    python benchmarks/soak.py [--model egg] [--episodes 2000] [--clients 8] [--seed 1]

Every client is a process that attaches to the shared worker and plays episodes, two side by side. After an episode
some client may be killed (one in four, at any moment of its turns), and another takes its place. When all are gone, the
worker has to hold no conversation, no request and no client, no more files, sockets and threads than after the first
tenth of the episodes, and no more than `GROWTH` bytes of memory. Exit code 1 where something is left.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, fields
from pathlib import Path

from game.agents.chair import find_model
from game.agents.llama import LlamaAgent
from game.engine.client import EngineClient
from game.engine.host import share
from game.engine.protocol import LoadSettings
from game.events import AgentTurn
from game.lab.turn import a_table
from game.table.episode import play

SEQUENCES = 8
KILLED = 0.25
"""The chance that a client is killed when an episode has ended."""
GROWTH = 32 * 2**20
"""Bytes that the worker may have more: allocators keep some of what they were given back."""
PATIENCE = 60.0
"""Seconds in which the worker has to notice that everybody is gone."""


@dataclass(frozen=True)
class Held:
    """What the worker holds; the last three are 0 where the system does not tell."""

    attached: int
    running: int
    waiting: int
    conversations: int
    tokens: int
    files: int
    """Open files and sockets."""
    threads: int
    memory: int
    """Bytes."""


@dataclass(frozen=True)
class Soaked:
    """What was played, and what was held after the first tenth of it and in the end, everybody gone."""

    episodes: int
    killed: int
    seconds: float
    before: Held
    after: Held

    @property
    def left(self) -> list[str]:
        """What should not be there any more."""
        a, b = self.after, self.before
        most = {f.name: 0 for f in fields(Held)} | {
            "files": b.files,
            "threads": b.threads,
            "memory": b.memory + GROWTH,
        }
        return [f"{name}: {getattr(a, name):,}, at most {n:,}" for name, n in most.items() if getattr(a, name) > n]


async def held(keeper: EngineClient) -> Held:
    """As it is now."""
    s = await keeper.look()
    files = threads = memory = 0
    with contextlib.suppress(OSError):
        files = len(os.listdir(f"/proc/{keeper.process_id}/fd"))  # noqa: PTH208 - names are enough
        status = Path(f"/proc/{keeper.process_id}/status").read_text(encoding="ascii", errors="replace")
        told = dict(line.split(":", 1) for line in status.splitlines())
        threads, memory = int(told["Threads"]), int(told["VmRSS"].split()[0]) * 1024
    return Held(s.attached, s.running, s.waiting, s.conversations, s.tokens, files, threads, memory)


async def empty(keeper: EngineClient) -> Held:
    """What is held once nobody is attached and nothing runs, or after `PATIENCE`."""
    files: list[int] = []
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        now = await held(keeper)
        files = [*files[-4:], now.files]
        # Threads that say goodbye to a client take a moment.
        if not (now.attached or now.running or now.waiting) and len(files) == 5 and len(set(files)) == 1:
            return now
        await asyncio.sleep(0.1)
    return await held(keeper)


class Crowd:
    """The clients: starts them, counts the episodes that they tell of, kills them and starts others."""

    def __init__(self, file: Path, clients: int, turns: int, rng: random.Random) -> None:
        self._file, self._turns, self._rng, self._most = file, turns, rng, clients
        self._processes: list[Process] = []
        self.killed = 0

    async def play(self, episodes: int, say: Callable[[int], None]) -> int:
        """Until so many episodes have ended. Everybody is gone afterwards. Raises RuntimeError if a client fails."""
        ended: asyncio.Queue[Process | None] = asyncio.Queue()
        readers = [asyncio.create_task(self._one(ended)) for _ in range(self._most)]
        done = 0
        try:
            while done < episodes:
                process = await asyncio.wait_for(ended.get(), 300)
                if process is None:
                    raise RuntimeError("a client ended by itself")
                done += 1
                say(done)
                if self._rng.random() < KILLED:
                    await asyncio.sleep(self._rng.random() / 4)
                    self._kill(self._rng.choice(self._processes))
        finally:
            for task in readers:
                task.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
        return done

    def _kill(self, process: Process) -> None:
        if process.returncode is None and process in self._processes:
            self._processes.remove(process)
            self.killed += 1
            process.kill()

    async def _one(self, ended: asyncio.Queue[Process | None]) -> None:
        """One client after the other, each until it is killed."""
        while True:
            command = (sys.executable, str(Path(__file__).resolve()), "--client", str(self._file))
            args = ("--turns", str(self._turns), "--seed", str(self._rng.randrange(2**30)))
            env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
            process = await asyncio.create_subprocess_exec(*command, *args, stdout=PIPE, env=env)
            assert process.stdout is not None
            self._processes.append(process)
            try:
                while await process.stdout.readline():
                    ended.put_nowait(process)
                if process in self._processes:
                    ended.put_nowait(None)
                    return
            finally:
                if process in self._processes:
                    self._processes.remove(process)
                    process.kill()
                await process.wait()


async def soak(
    model: str,
    episodes: int,
    clients: int,
    *,
    turns: int = 0,
    seed: int = 1,
    say: Callable[[int], None] = lambda _: None,
) -> Soaked:
    """`turns` ends every episode early (0: they are played to their end)."""
    path = find_model(model).path
    if path is None:
        raise SystemExit(f"{model} is a script; name a model")
    with tempfile.TemporaryDirectory(prefix="parkbench-") as folder:
        file = Path(folder) / "engine.json"
        async with share(LoadSettings(str(path.resolve()), sequences=SEQUENCES), file) as keeper:
            crowd = Crowd(file, clients, turns, random.Random(seed))
            began = time.monotonic()
            first = await crowd.play(max(2, episodes // 10), say)
            before = await empty(keeper)
            rest = await crowd.play(episodes - first, lambda n: say(first + n))
            after = await empty(keeper)
            return Soaked(first + rest, crowd.killed, time.monotonic() - began, before, after)


async def be_a_client(file: Path, turns: int, seed: int) -> None:
    """Play for ever, two episodes side by side; a line for each that has ended."""
    client = EngineClient()
    agent = LlamaAgent(client, await client.attach(file))

    async def one_after_the_other(seed: int) -> None:
        while True:
            seed += 2
            table, made = a_table(agent, seed, propensities=seed % 4 == 0), 0
            async with aclosing(play(table)) as stream:  # type: ignore[type-var]
                async for event in stream:
                    made += isinstance(event, AgentTurn)
                    if turns and made >= turns:
                        agent.end(table.scene.episode)
                        break
            if table.status == "crashed":
                raise SystemExit(f"an episode crashed: {table.reason}")
            print(seed, flush=True)

    await asyncio.gather(one_after_the_other(seed), one_after_the_other(seed + 1))


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", default="egg")
    p.add_argument("--episodes", type=int, default=2000)
    p.add_argument("--clients", type=int, default=8)
    p.add_argument("--turns", type=int, default=0, help="end every episode after so many (0: play it to its end)")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--client", type=Path, help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.client is not None:
        asyncio.run(be_a_client(a.client, a.turns, a.seed))
        return 0

    def say(done: int) -> None:
        if done % 50 == 0:
            print(f"{done} of {a.episodes} episodes", file=sys.stderr, flush=True)

    found = asyncio.run(soak(a.model, a.episodes, a.clients, turns=a.turns, seed=a.seed, say=say))
    print(f"{found.episodes} episodes, {found.killed} clients killed, {found.seconds:.0f} s")
    print(f"after a tenth: {found.before}\nin the end:    {found.after}")
    print("left behind: " + ("; ".join(found.left) or "nothing"))
    return 1 if found.left else 0


if __name__ == "__main__":
    sys.exit(main())
