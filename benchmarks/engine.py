"""The engine against llama.cpp's own batched benchmark, on one model, in one run.

    python benchmarks/engine.py models/egg.gguf --batched-bench path/to/llama-batched-bench

Builds nothing: `llama-batched-bench` comes from the llama.cpp sources inside llama-cpp-python's source archive
(cmake -DLLAMA_CURL=OFF, target llama-batched-bench). Without it the other lines are still measured.

Every conversation is a scenario's brief and five turns; the forms are what the game asks for.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import subprocess
import time
from collections.abc import AsyncIterator
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

WRITTEN = 48
"""Tokens of an answer, about what a turn has."""


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
def conversations(n: int, turn: int = 5) -> list[tuple[tuple[Message, ...], Form]]:
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


def answers(n: int, *, constrained: bool, tokens: int) -> list[Answer]:
    return [
        Answer(i, f"e{i}", said, form, Sampler(temperature=1.0, seed=i), constrained=constrained, max_tokens=tokens)
        for i, (said, form) in enumerate(conversations(n), 1)
    ]


def decoding(path: Path, sequences: int, threads: int, *, constrained: bool) -> tuple[float, Meter, int, int, int]:
    """Tokens a second with every prompt in the cache; what it took; a prompt's tokens, threads, a sequence's cells."""
    engine = Engine(path, sequences, threads)
    try:
        engine.run(*answers(sequences, constrained=False, tokens=1))
        if not constrained:
            # As in the other program, all of them write to the end.
            engine.scheduler.ends_turn = lambda token: False  # type: ignore[method-assign]
        meter = engine.run(*answers(sequences, constrained=constrained, tokens=WRITTEN))
        prompt = max(len(s.tokens) for s in engine.scheduler.cache.slots.values()) - WRITTEN
        return meter.written / meter.busy, meter, prompt, engine.threads, engine.scheduler.context
    finally:
        engine.close()


def propensities(path: Path, threads: int, moves: int = 64) -> tuple[float, float, int]:
    """Seconds for the propensities of so many moves; seconds for as many tokens in one batch; the tokens."""
    engine = Engine(path, 4, threads)
    try:
        (said, _), *_ = conversations(1)
        places = [f"{word}{n}" for word in ("hall", "store", "attic", "yard") for n in range(moves // 4)]
        form = Form(tuple(Option(f"copy path=notes.txt place={place}") for place in places))
        request = Answer(1, "e", said, form, Sampler(seed=1), propensities=True, scores_only=True)
        engine.run(request)
        meter = engine.run(request)
        context, nodes = engine.scheduler._trees, meter.options
        best = float("inf")
        for _ in range(3):
            context.keep(0, len(engine.scheduler.cache.slots["e"].tokens) - 1)
            began = time.perf_counter()
            at, left = len(engine.scheduler.cache.slots["e"].tokens) - 1, nodes
            while left:
                run = [7] * min(left, context.room)
                for i, token in enumerate(run):
                    context.add(token, at + i, [0], True)
                context.decode()
                at, left = at + len(run), left - len(run)
            best = min(best, time.perf_counter() - began)
        return meter.trees, best, nodes
    finally:
        engine.close()


def theirs(tool: Path, path: Path, sequences: int, prompt: int, threads: int, cells: int, *, ours: bool) -> float:
    """Tokens a second that llama-batched-bench decodes: with a cache like ours, or its plain shared one."""
    args = [
        str(tool), "-m", str(path), "-c", str(cells * sequences), "-b", "2048", "-ub", "512",
        "-npp", str(prompt), "-ntg", str(WRITTEN), "-npl", str(sequences), "-t", str(threads), "-tb", str(threads),
        "-fa", "off", "-ngl", "0", "--output-format", "jsonl", *([] if ours else ["-kvu"]),
    ]  # fmt: skip
    done = subprocess.run(args, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return float(rows[-1]["speed_tg"])


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path)
    p.add_argument("--batched-bench", type=Path)
    p.add_argument("--sequences", type=int, default=16)
    p.add_argument("--threads", type=int, default=0)
    a = p.parse_args()
    llama.silence()
    free, _, prompt, threads, cells = decoding(a.model, a.sequences, a.threads, constrained=False)
    asked, meter, *_ = decoding(a.model, a.sequences, a.threads, constrained=True)
    print(f"{a.model.name}, {a.sequences} conversations of {prompt} tokens, {threads} threads")
    print(f"decode, without a form       {free:8.0f} tokens/s")
    print(f"decode, a turn's form        {asked:8.0f} tokens/s")
    if a.batched_bench:
        run = functools.partial(theirs, a.batched_bench, a.model, a.sequences, prompt, threads, cells)
        ours, shared = run(ours=True), run(ours=False)
        print(f"llama-batched-bench          {ours:8.0f} tokens/s; ratio {free / ours:.2f}, a form {asked / ours:.2f}")
        print(f"its default, a shared cache  {shared:8.0f} tokens/s: ratio {free / shared:.2f}")
    busy = meter.busy
    rest = busy - meter.decode - meter.masks - meter.samples
    print(f"masks and sampling           {100 * (meter.masks + meter.samples) / busy:8.1f} % of the time")
    print(f"the rest of Python           {100 * rest / busy:8.1f} %")
    took, batch, nodes = propensities(a.model, a.threads)
    print(
        f"propensities of 64 moves     {1e3 * took:8.1f} ms for {nodes} tokens: {took / batch:.2f} of one batch of them"
    )


if __name__ == "__main__":
    main()
