"""The engine against llama.cpp's own batched benchmark, on one model, in one run.

    python benchmarks/engine.py models/egg.gguf --batched-bench path/to/llama-batched-bench

Builds nothing: `llama-batched-bench` comes from the llama.cpp sources inside llama-cpp-python's source archive
(cmake -DLLAMA_CURL=OFF, target llama-batched-bench). Without it the other lines are still measured.

Every conversation is a scenario's brief and some turns; the forms are what the game asks for. For a larger model most
of the time goes into reading the prompts, which is no part of what is measured: sixteen of 600 tokens take one of half
a billion parameters minutes. So have it read one, a short one, and write less:

    python benchmarks/engine.py big.gguf --shared --turn 1 --tokens 16
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from game.agents.chair import find_model, script
from game.agents.llama import _form, _messages
from game.engine import llama
from game.engine.meter import Meter
from game.engine.protocol import Answer, Form, FromWorker, Message, Option, Sampler
from game.engine.scheduler import Scheduler, default_context
from game.events import Token
from game.lab.turn import a_table
from game.table.episode import play
from game.table.protocol import AgentError, Turn, View


@dataclass(frozen=True)
class Work:
    """What is decoded."""

    sequences: int
    turn: int
    """The turn that the conversations stand at: the longer, the more there is to read."""
    tokens: int
    """Of each answer."""
    shared: bool
    """Whether all begin with one and the same prompt, which is read once."""


class Catch:
    """Plays a script up to a turn, and keeps what stood before it then."""

    def __init__(self, turn: int) -> None:
        self._turn, self._inner = turn, script(find_model("scripted:mix"))
        self.name = self.sha256 = "catch"
        self.view: View | None = None

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        self.view = view
        if view.turn >= self._turn:
            raise AgentError("invalid", "enough")
        async for item in self._inner.act(view):
            yield item

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


@functools.cache
def conversations(n: int, turn: int) -> list[tuple[tuple[Message, ...], Form]]:
    """The same scenario in different worlds, at the same turn."""

    async def one(seed: int) -> tuple[tuple[Message, ...], Form]:
        catch = Catch(turn)
        async for _ in play(a_table(catch, seed)):
            pass
        assert catch.view is not None
        return _messages(catch.view.messages), _form(catch.view)

    return [asyncio.run(one(seed)) for seed in range(n)]


class Engine:
    """A scheduler in this process."""

    def __init__(self, path: Path, sequences: int, threads: int) -> None:
        self.model = llama.Model(str(path), extra_buffers=True, gpu_layers=0)
        self.threads = threads or llama.default_threads(self.model.parameters)
        self.out: list[FromWorker] = []
        self.scheduler = Scheduler(
            self.model,
            self.model.meta("tokenizer.chat_template"),
            sequences=sequences,
            context=default_context(self.model, sequences),
            threads=self.threads,
            send=self.out.append,
        )

    def run(self, *requests: Answer) -> Meter:
        """Answer these side by side; what it took."""
        self.scheduler.meter = Meter()
        for request in requests:
            self.scheduler.submit(request)
        while self.scheduler.busy:
            self.scheduler.step()
        return self.scheduler.meter

    def close(self) -> None:
        self.scheduler.close()
        self.model.close()


@dataclass(frozen=True)
class Decoded:
    """What the decoding of a piece of work took, with every prompt in the cache."""

    prompt: int
    """Tokens of the longest prompt."""
    free: float
    """Tokens a second without a form, each written to the end as in the other program."""
    asked: float
    """The same with a turn's form."""
    meter: Meter
    """Of the latter."""


def answers(work: Work, *, constrained: bool, tokens: int) -> list[Answer]:
    n = work.sequences
    asked = conversations(1, work.turn) * n if work.shared else conversations(n, work.turn)
    return [
        Answer(i, f"e{i}", said, form, Sampler(temperature=1.0, seed=i), constrained=constrained, max_tokens=tokens)
        for i, (said, form) in enumerate(asked, 1)
    ]


def decoding(engine: Engine, work: Work) -> Decoded:
    """Decode twice, without a form and with a turn's; the prompts are read once."""
    scheduler = engine.scheduler
    engine.run(*answers(work, constrained=False, tokens=1))
    prompt = max(len(s.tokens) for s in scheduler.cache.slots.values())
    scheduler.ends_turn = lambda token: False  # type: ignore[method-assign]
    free = engine.run(*answers(work, constrained=False, tokens=work.tokens))
    del scheduler.ends_turn
    asked = engine.run(*answers(work, constrained=True, tokens=work.tokens))
    return Decoded(prompt, free.written / free.busy, asked.written / asked.busy, asked)


def propensities(engine: Engine, turn: int, moves: int = 64) -> tuple[float, float, int]:
    """Seconds for the propensities of so many moves; seconds for as many tokens in one batch; the tokens."""
    scheduler = engine.scheduler
    (said, _), *_ = conversations(1, turn)
    places = [f"{word}{n}" for word in ("hall", "store", "attic", "yard") for n in range(moves // 4)]
    form = Form(tuple(Option(f"copy path=notes.txt place={place}") for place in places))
    request = Answer(1, "e", said, form, Sampler(seed=1), propensities=True, scores_only=True)
    engine.run(request)
    meter = engine.run(request)
    context, nodes = scheduler._trees, meter.options
    best = float("inf")
    for _ in range(3):
        context.keep(0, len(scheduler.cache.slots["e"].tokens) - 1)
        began = time.perf_counter()
        at, left = len(scheduler.cache.slots["e"].tokens) - 1, nodes
        while left:
            run = [7] * min(left, context.room)
            for i, token in enumerate(run):
                context.add(token, at + i, [0], True)
            context.decode()
            at, left = at + len(run), left - len(run)
        best = min(best, time.perf_counter() - began)
    return meter.trees, best, nodes


def theirs(tool: Path, path: Path, work: Work, prompt: int, engine: Engine, *, ours: bool) -> float:
    """Tokens a second that llama-batched-bench decodes: with a cache like ours, or its plain shared one."""
    n, threads, cells = work.sequences, str(engine.threads), engine.scheduler.context
    args = [
        str(tool), "-m", str(path), "-c", str(cells * n), "-b", "2048", "-ub", "512",
        "-npp", str(prompt), "-ntg", str(work.tokens), "-npl", str(n), "-t", threads, "-tb", threads,
        "-fa", "off", "-ngl", "0", "--output-format", "jsonl",
        *(["-pps"] if work.shared else []), *([] if ours else ["-kvu"]),
    ]  # fmt: skip
    done = subprocess.run(args, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return float(rows[-1]["speed_tg"])


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path)
    p.add_argument("--batched-bench", type=Path, metavar="FILE", help="llama-batched-bench, to be compared with")
    p.add_argument("--sequences", type=int, default=16, metavar="N", help="conversations side by side (16)")
    p.add_argument("--turn", type=int, default=5, metavar="N", help="the turn they stand at; 1: the brief alone (5)")
    p.add_argument("--tokens", type=int, default=48, metavar="N", help="of each answer; a turn has about 48 (48)")
    p.add_argument("--shared", action="store_true", help="one prompt for all, read once (in the other program, too)")
    p.add_argument("--threads", type=int, default=0, metavar="N", help="as many as the game would take, if left out")
    a = p.parse_args()
    if min(a.sequences, a.turn, a.tokens) < 1 or a.threads < 0:
        p.error("these are whole numbers from 1 on")
    llama.silence()
    measure(a.model, Work(a.sequences, a.turn, a.tokens, a.shared), a.threads, a.batched_bench)


def measure(path: Path, work: Work, threads: int, tool: Path | None) -> None:
    """Everything, line by line."""
    engine = Engine(path, work.sequences, threads)
    try:
        found = decoding(engine, work)
        kind = "conversations of one prompt" if work.shared else "conversations"
        print(f"{path.name}, {work.sequences} {kind} of {found.prompt} tokens, {engine.threads} threads")
        print(f"decode, without a form       {found.free:8.0f} tokens/s")
        print(f"decode, a turn's form        {found.asked:8.0f} tokens/s", flush=True)
        if tool is not None:
            run = functools.partial(theirs, tool, path, work, found.prompt, engine)
            ours, shared = run(ours=True), run(ours=False)
            ratio, form = found.free / ours, found.asked / ours
            print(f"llama-batched-bench          {ours:8.0f} tokens/s; ratio {ratio:.2f}, a form {form:.2f}")
            print(f"its default, a shared cache  {shared:8.0f} tokens/s: ratio {found.free / shared:.2f}")
        meter = found.meter
        rest = meter.busy - meter.decode - meter.masks - meter.samples
        print(f"masks and sampling           {100 * (meter.masks + meter.samples) / meter.busy:8.1f} % of the time")
        print(f"the rest of Python           {100 * rest / meter.busy:8.1f} %", flush=True)
    finally:
        engine.close()
    engine = Engine(path, 4, threads)
    try:
        took, batch, nodes = propensities(engine, work.turn)
    finally:
        engine.close()
    ratio = took / batch
    print(f"propensities of 64 moves     {1e3 * took:8.1f} ms for {nodes} tokens: {ratio:.2f} of one batch of them")


if __name__ == "__main__":
    main()
