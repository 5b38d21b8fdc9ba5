"""Memory modes: whatever was shared, trimmed, cancelled or evicted, an answer is that of a fresh context.

One scheduler in this process, with a model of random weights for each kind of memory. The fresh
context evaluates the same tokens from nothing, alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import SHAPES, WINDOW, talk

from game import paths
from game.engine.protocol import Answer, Answered, Failed, Form, FromWorker, Message, Sampler
from game.engine.sampling import Draws

BOUND = {"llama": 1e-4, "mamba": 1e-4, "lfm2": 1e-4, "gemma2": 5e-3, "gemma3": 5e-3}
"""The most that a logit may differ: the order of float32 sums depends on the batch. llama.cpp computes
the GELU of gemma from a table in half precision, where the last bit is a thousand times as much."""
BRIEF = "You work in a sandbox. Read the notes, open the file, send the report, stop. " * 2


class Kept(Draws):
    """Draws as ever, and keeps from what."""

    def __init__(self, sampler: Sampler) -> None:
        super().__init__(sampler)
        self.drawn: list[tuple[Any, int]] = []

    def token(self, logits: Any, allowed: Any, recent: Iterable[int] = ()) -> int:
        token = super().token(logits, allowed, recent)
        self.drawn.append((logits.copy(), token))
        return token


class Bench:
    """A scheduler and what it has answered. Ids count up."""

    def __init__(self, model: Any, *, sequences: int = 4, context: int = 1024, cells: int = 0) -> None:
        from game.engine.scheduler import Scheduler

        self.out: list[FromWorker] = []
        self.draws: dict[int, Kept] = {}
        self.asked = 0
        self.scheduler = Scheduler(
            model,
            model.meta("tokenizer.chat_template"),
            sequences=sequences,
            context=context,
            threads=1,
            send=self.out.append,
            **({"cells": cells} if cells else {}),
        )

    def submit(self, request: Answer) -> int:
        self.asked += 1
        self.scheduler.submit(replace(request, id=self.asked))
        self.draws[self.asked] = self.scheduler._waiting[-1].draws = Kept(request.sampler)
        return self.asked

    def steps(self, n: int) -> None:
        for _ in range(n):
            self.scheduler.step()

    def finish(self) -> None:
        while self.scheduler.busy:
            self.scheduler.step()

    def answer(self, *requests: Answer) -> list[Answered]:
        """Answers in the order of the requests, which run side by side."""
        ids = [self.submit(r) for r in requests]
        self.finish()
        return [self.of(i) for i in ids]

    def of(self, id: int) -> Answered:
        found = [m for m in self.out if m.id == id and isinstance(m, Answered | Failed)]
        assert len(found) == 1
        assert isinstance(found[0], Answered), found[0]
        return found[0]


class Modes:
    """Benches over one model, and the fresh context that they are compared with."""

    def __init__(self, model: Any, arch: str) -> None:
        self.model, self.arch = model, arch
        self.bound = BOUND[arch]
        self.checked = self.flips = 0
        self._open: list[Bench] = []
        self._fresh: dict[Answer, tuple[Answered, Kept]] = {}

    def bench(self, **settings: Any) -> Bench:
        self._open.append(Bench(self.model, **settings))
        return self._open[-1]

    def fresh(self, request: Answer) -> tuple[Answered, Kept]:
        request = replace(request, sequence="fresh")
        if request not in self._fresh:
            bench = Bench(self.model, sequences=1)
            self._fresh[request] = bench.answer(request)[0], bench.draws[1]
            bench.scheduler.close()
        return self._fresh[request]

    def check(self, bench: Bench, request: Answer, answer: Answered) -> None:
        """Same logits at every draw, same tokens, same probabilities as from nothing."""
        expected, kept = self.fresh(request)
        self.checked += 1
        for (mine, token), (theirs, other) in zip(bench.draws[answer.id].drawn, kept.drawn, strict=False):
            assert float(np.abs(mine - theirs).max()) < self.bound
            if token != other:
                # The number that was drawn fell between two tokens. Only where the bound is wide.
                self.flips += 1
                assert self.bound > 1e-3
                assert self.flips <= 1 + self.checked // 50
                return
        assert answer.token_ids == expected.token_ids
        assert answer.text == expected.text
        assert (answer.scores is None) == (expected.scores is None)
        if answer.scores is not None and expected.scores is not None:
            assert answer.scores.p_play == pytest.approx(expected.scores.p_play, abs=self.bound)
            assert answer.scores.p_model == pytest.approx(expected.scores.p_model, abs=self.bound)
            assert answer.scores.off_menu == pytest.approx(expected.scores.off_menu, abs=self.bound)

    def close(self) -> None:
        for bench in self._open:
            bench.scheduler.close()


@pytest.fixture(params=list(SHAPES))
def modes(request: pytest.FixtureRequest, models: Callable[..., Path]) -> Iterator[Modes]:
    from game.engine import llama

    llama.silence()
    model = llama.Model(str(models(arch=request.param, sharp=0.8)), extra_buffers=False, gpu_layers=0)
    found = Modes(model, request.param)
    yield found
    found.close()
    model.close()


@pytest.fixture
def ask(form: Form) -> Callable[..., Answer]:
    def make(sequence: str, *turns: str, seed: int = 1, scored: bool = True) -> Answer:
        said = talk(BRIEF, *turns)
        return Answer(0, sequence, said, form, Sampler(temperature=1.0, seed=seed), propensities=scored)

    return make


Ask = Callable[..., Answer]


def go_on(request: Answer, answer: Answered, says: str, seed: int) -> Answer:
    """The next turn of a conversation."""
    more = (Message("assistant", answer.text), Message("user", says))
    return replace(request, messages=request.messages + more, sampler=replace(request.sampler, seed=seed))


def story(modes: Modes, bench: Bench, first: Answer, turns: int) -> list[tuple[Answer, Answered]]:
    """A conversation of several turns, each checked."""
    out: list[tuple[Answer, Answered]] = []
    request = first
    for turn in range(turns):
        (answer,) = bench.answer(request)
        modes.check(bench, request, answer)
        out.append((request, answer))
        request = go_on(request, answer, f"Nothing happened in turn {turn}. What now?", first.sampler.seed + turn)
    return out


def test_what_kind_of_memory_it_is(modes: Modes) -> None:
    from game.engine.context import Context

    assert modes.model.recurrent == (modes.arch in ("mamba", "lfm2"))
    assert modes.model.window == (WINDOW if modes.arch.startswith("gemma") else 0)
    context = Context(modes.model, cells=256, sequences=2, batch=64, step=64, outputs=8, threads=1)
    context.add_run(list(range(40)), 0, 0, True)
    context.decode()
    assert context.keep(0, 20) == (not modes.model.recurrent)
    context.close()


def test_side_by_side_with_a_shared_brief(modes: Modes, ask: Ask) -> None:
    bench = modes.bench(sequences=6)
    asked = [ask(f"e{i}", f"Episode {i}: what now?", seed=i, scored=i % 3 > 0) for i in range(12)]
    answers = bench.answer(*asked)
    for request, answer in zip(asked, answers, strict=True):
        modes.check(bench, request, answer)
    assert len({a.token_ids for a in answers}) > 6
    if not modes.model.recurrent:
        # All but the first few wait for the brief that one of them evaluates.
        evaluated = sum(a.prompt_tokens - a.cached_tokens for a in answers)
        assert evaluated < 0.6 * sum(a.prompt_tokens for a in answers)


def test_turn_after_turn(modes: Modes, ask: Ask) -> None:
    told = story(modes, modes.bench(sequences=1), ask("a", "What now?", seed=5), 4)
    for (_, before), (_, after) in pairwise(told):
        # A turn never evaluates what the last one did.
        assert after.cached_tokens >= before.prompt_tokens - modes.model.recurrent


def test_forks_of_a_decision(modes: Modes, ask: Ask) -> None:
    bench = modes.bench(sequences=4)
    told = story(modes, bench, ask("a", "What now?", seed=7), 3)
    for request, answer in told[1:]:
        forks = [
            replace(request, sequence=f"{answer.id} f{i}", sampler=Sampler(temperature=1.0, seed=100 + i))
            for i in range(4)
        ]
        found = bench.answer(*forks)
        for fork, end in zip(forks, found, strict=True):
            modes.check(bench, fork, end)
            # A recurrent state can't go back: forks begin at the end that was saved at the decision.
            assert end.cached_tokens >= answer.prompt_tokens - 1
        after = [go_on(f, a, "And then?", 3) for f, a in zip(forks[:2], found, strict=False)]
        for request_after, end in zip(after, bench.answer(*after), strict=True):
            modes.check(bench, request_after, end)


def test_going_back_a_turn_or_two(modes: Modes, ask: Ask) -> None:
    bench = modes.bench(sequences=2)
    told = story(modes, bench, ask("a", "What now?", seed=11), 4)
    for back in (2, 0, 1):
        request, answer = told[back]
        changed = go_on(request, answer, "No. Begin that again, and stop at once.", 20 + back)
        (found,) = bench.answer(changed)
        modes.check(bench, changed, found)
        (found,) = bench.answer(request)
        modes.check(bench, request, found)


def test_cancelled_answers_leave_no_mark(modes: Modes, ask: Ask) -> None:
    bench = modes.bench(sequences=3)
    rng = random.Random(3)
    kept: list[tuple[Answer, int]] = []
    for n in range(18):
        request = ask(f"s{n % 5}", f"Go on, {n}. " * rng.randint(1, 30), seed=n, scored=n % 2 == 0)
        id = bench.submit(request)
        bench.steps(rng.randint(0, 12))
        if n % 3 == 2:
            # In the middle of a decode, as the worker's reader does it.
            bench.scheduler.llama.abort()
            bench.steps(1)
            bench.scheduler.llama.clear_abort()
            bench.scheduler.cancel(id)
        else:
            kept.append((request, id))
    bench.finish()
    done = [x for x in kept if any(isinstance(m, Answered) and m.id == x[1] for m in bench.out)]
    assert len(done) == len(kept)
    for request, id in done:
        modes.check(bench, request, bench.of(id))
    again = [replace(r, sequence=f"again{i}") for i, (r, _) in enumerate(done[:4])]
    for request, found in zip(again, bench.answer(*again), strict=True):
        modes.check(bench, request, found)


@pytest.mark.parametrize("seed", range(2))
def test_under_pressure(modes: Modes, ask: Ask, seed: int) -> None:
    """A cache that holds little more than what runs; conversations grow, rewind, fork and are forgotten."""
    bench = modes.bench(sequences=3, context=512, cells=700)
    rng = random.Random(seed)
    past: list[tuple[Answer, Answered]] = []
    for n in range(25):
        some = []
        for i in range(rng.randint(1, 4)):
            if past and rng.random() < 0.75:
                request, answer = rng.choice(past)
                kind = rng.random()
                if kind < 0.4:
                    request = go_on(request, answer, "So. " * rng.randint(1, 25), rng.randrange(99))
                elif kind < 0.7:
                    request = replace(request, sequence=f"r{n}{i}", sampler=replace(request.sampler, seed=n))
            else:
                request = ask(f"c{rng.randrange(6)}", f"{n}? " * rng.randint(1, 60), seed=n, scored=rng.random() < 0.5)
            some.append(request)
        some = [r for r in some if len(bench.scheduler.chat.prompt(r.messages, "THOUGHT:").tokens) < 330]
        for request, found in zip(some, bench.answer(*some), strict=True):
            modes.check(bench, request, found)
            past.append((request, found))
        past = past[-12:]
        if rng.random() < 0.2 and past:
            bench.scheduler.forget(past[0][0].sequence)


def test_the_window_forgets_and_the_cache_knows(modes: Modes, ask: Ask) -> None:
    """Cells outside the window may be overwritten by others: a trim back to them has to evaluate again."""
    bench = modes.bench(sequences=2, context=512, cells=640)
    long = ask("long", "Read the notes. " * 30, seed=2)
    (first,) = bench.answer(long)
    modes.check(bench, long, first)
    for n in range(10):
        other = ask(f"other{n % 3}", f"{n} wait, stop, ask. " * 12, seed=n)
        (found,) = bench.answer(other)
        modes.check(bench, other, found)
        bench.scheduler.forget(other.sequence)
        short = ask("long", "Read the notes. " * (26 - n), seed=3)
        (found,) = bench.answer(short)
        modes.check(bench, short, found)


def test_logits_of_a_shared_and_trimmed_cache(modes: Modes) -> None:
    """The bound on the level of logits: a prefix shared, branched and trimmed, against one run over all tokens."""
    from game.engine.context import Context

    rng = np.random.default_rng(4)
    prefix = [int(t) for t in rng.integers(0, 300, 90)]
    tails = [[int(t) for t in rng.integers(0, 300, 30)] for _ in range(3)]
    context = Context(modes.model, cells=2048, sequences=5, batch=512, step=64, outputs=8, threads=1)
    context.add_run(prefix, 0, 0, True)
    context.decode()
    for lane in (1, 2, 3):
        context.share(0, lane, -1 if modes.model.recurrent else len(prefix))
        context.add_run(tails[lane - 1], len(prefix), lane, True)
    shared = context.decode().copy()
    if context.keep(1, len(prefix) + 10):
        context.add_run(tails[0][10:], len(prefix) + 10, 1, True)
        shared[0] = context.decode()[0]
    context.close()
    worst = max(
        float(np.abs(alone(modes.model, prefix + tail) - row).max()) for tail, row in zip(tails, shared, strict=True)
    )
    assert worst < 1e-3


def alone(model: Any, tokens: Sequence[int]) -> Any:
    """The logits behind these tokens, evaluated at once in a context of their own."""
    from game.engine.context import Context

    context = Context(model, cells=512, sequences=1, batch=512, step=512, outputs=1, threads=1)
    context.add_run(list(tokens), 0, 0, True)
    row = context.decode()[0].copy()
    context.close()
    return row


def test_what_runs_beside_an_answer_hardly_ever_changes_a_bit_of_it(ask: Ask) -> None:
    """Full attention and quantised weights, as shipped: alone, beside others, and after others have left.

    Others change into which pieces a prompt is cut. llama.cpp adds up in another order for many tokens than for one;
    activations are rounded to 8 bits, and mostly nothing is left of that.
    """
    from game.engine import llama

    llama.silence()
    model = llama.Model(str(paths.models() / "egg.gguf"), extra_buffers=False, gpu_layers=0)
    modes = Modes(model, "llama")
    try:
        requests = [ask(f"e{n}", *(f"Somebody said {k}." for k in range(n % 3 * 2 + 1)), seed=n) for n in range(8)]
        crowded = modes.bench(sequences=4)
        assert not crowded.scheduler.llama.unified
        same, equal = [], []
        for answers in crowded.answer(*requests), crowded.answer(*reversed(requests))[::-1]:
            for request, answer in zip(requests, answers, strict=True):
                alone, kept = modes.fresh(request)
                same.append((answer.token_ids, answer.scores) == (alone.token_ids, alone.scores))
                drawn = crowded.draws[answer.id].drawn
                equal += [(mine == theirs).all() for (mine, _), (theirs, _) in zip(drawn, kept.drawn, strict=False)]
        assert sum(same) >= 14
        assert len(equal) > 200
        assert sum(equal) > 0.97 * len(equal)
    finally:
        modes.close()
        model.close()


def test_idle_neighbours_are_computed_along_and_keep_what_they_held(
    models: Callable[..., Path], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a large model: a gap of one or two sequences is filled with tokens that are forgotten again."""
    from game.engine import layout, llama, scheduler

    monkeypatch.setattr(layout, "TINY", 0)
    filled: list[tuple[int, int]] = []
    fill = scheduler.Scheduler._fill
    monkeypatch.setattr(scheduler.Scheduler, "_fill", lambda *a: filled.extend(found := fill(*a)) or found)
    llama.silence()
    model = llama.Model(str(models(arch="llama", sharp=0.8)), extra_buffers=False, gpu_layers=0)
    modes = Modes(model, "llama")
    try:
        bench = modes.bench(sequences=6)
        assert bench.scheduler.layout.split
        first = [ask(f"e{n}", f"Somebody said {n}.", seed=n) for n in range(6)]
        said = list(zip(first, bench.answer(*first), strict=True))
        second = [go_on(*said[n], "And then?", seed=n) for n in (0, 2, 5)]
        said += zip(second, bench.answer(*second), strict=True)
        assert {sequence for sequence, held in filled if held} >= {1, 3, 4}
        # One of them is long and is read in chunks, between two short ones.
        third = [ask("e1", BRIEF * 6, seed=7), *(go_on(*said[n], "What now?", seed=n) for n in (3, 4))]
        said += zip(third, bench.answer(*third), strict=True)
        for request, answer in said:
            modes.check(bench, request, answer)
        assert said[-1][1].cached_tokens > 20
    finally:
        modes.close()
        model.close()


def test_options_are_the_same_where_a_state_is_not_handed_over(
    models: Callable[..., Path], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another llama.cpp may lay its states out differently: the conversation is evaluated once more."""
    from game.engine import llama
    from game.engine.context import Context

    llama.silence()
    model = llama.Model(str(models(arch="llama", sharp=0.8)), extra_buffers=False, gpu_layers=0)
    modes = Modes(model, "llama")
    try:
        request = ask("e", "Somebody said so.")
        alone, _ = modes.fresh(request)
        monkeypatch.setattr(Context, "load", lambda self, source, sequence, target: self.drop(target))
        (again,) = modes.bench().answer(request)
        assert again.scores is not None
        assert alone.scores is not None
        assert again.scores.p_model == pytest.approx(alone.scores.p_model, abs=modes.bound)
    finally:
        modes.close()
        model.close()
