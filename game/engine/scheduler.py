"""Continuous batching: each step decodes the next tokens of all running jobs and a chunk of waiting prompts.

Jobs beyond `sequences` wait in order. A job whose prompt begins like one that is being evaluated
right now waits for it, so that a shared brief is evaluated once. Prompts are taken in turns and
at most `chunk` tokens a step, so a long one holds nobody up for more than a chunk.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from game.engine import forms
from game.engine.cache import Cache, Slot, common
from game.engine.errors import Refusal
from game.engine.grammar import Grammars, Matcher
from game.engine.job import THINK_BUDGET, Job, Logits, Part
from game.engine.llama import MAX_SEQUENCES, Aborted, Context, Full, Model
from game.engine.meter import Meter
from game.engine.peers import owner
from game.engine.protocol import Answer, Answered, Failed, FromWorker, Piece
from game.engine.state import WORTH, State, worth
from game.engine.templates import Chat
from game.engine.tree import Tree, Wave
from game.engine.weights import Loaded

LANES = 64
MOST_CONTEXT = 8192
CACHE_BYTES = 3 * 2**29
"""Memory for the cache, about; more only where one conversation needs it."""
STREAM = 256
"""What llama.cpp rounds a sequence's own cache up to, in tokens."""
ENOUGH = 4096
"""Tokens of context that an episode is left with where that gives each conversation a cache of its own."""
_SHORT = 16
"""Feeds of at most so many tokens go first: they are answers that are being written."""
_WORTH = 16
"""Tokens of shared prefix for which a job waits until another has evaluated them."""


def chunk_size(parameters: int) -> int:
    """Prompt tokens a step: fewer for larger models, by a fixed rule (so that batches repeat)."""
    return int(min(256, max(32, 4e10 // max(parameters, 1))))


def slots_of(sequences: int) -> int:
    """Conversations that are held where each has a cache of its own: those that run, and some to begin from."""
    return sequences + max(4, sequences // 2)


def default_context(model: Model, sequences: int) -> int:
    """The tokens that one conversation may use, if nobody says otherwise: without a cache of gigabytes."""
    room = CACHE_BYTES // model.cell_bytes
    most = min(model.trained_context or MOST_CONTEXT, MOST_CONTEXT, max(2048, room))
    share = room // slots_of(sequences) // STREAM * STREAM
    return min(most, share) if share >= min(most, ENOUGH) else most


class Scheduler:
    """Runs the requests of one loaded model. `send` takes each message for the client."""

    def __init__(
        self,
        model: Model,
        template: str,
        *,
        sequences: int,
        context: int,
        threads: int,
        send: Callable[[FromWorker], None],
        cells: int = 0,
        weights: Loaded | None = None,
    ) -> None:
        """`weights`: a condition under which all of it runs.

        `cells`: tokens that the cache holds; 0: as many as the sequences can use, within `CACHE_BYTES`.
        """
        self._model, self._send = model, send
        self.context = context
        self.sequences = sequences
        self.chat = Chat(template, model.vocab)
        self.grammars = Grammars(model.vocab)
        self.meter = Meter()
        self._chunk = chunk_size(model.parameters)
        lanes = 8 if model.recurrent else LANES
        # Logits of a large vocabulary take memory: 64 rows of 152,000 are 40 MB.
        self._outputs = self._chunk if model.vocab.size <= 16_384 else min(self._chunk, 64)
        # Running requests are admitted by what they may need at most, so that all of them fit.
        batch, step = max(1024, self._chunk + _SHORT * sequences), self._chunk + 2 * sequences
        spread = slots_of(sequences)
        stream = -(-context // STREAM) * STREAM
        whole = not (cells or model.recurrent or model.window) and spread * stream <= CACHE_BYTES // model.cell_bytes
        if whole:
            # Every conversation has a cache of its own: faster, and exact. Options are evaluated beside them.
            self._cells, slots = sequences * context, spread
            self.llama = Context(
                model,
                cells=slots * stream,
                sequences=slots,
                batch=batch,
                step=step,
                outputs=sequences,
                threads=threads,
                unified=False,
            )
            self._trees = Context(
                model,
                cells=stream + 256,
                sequences=1 + lanes,
                batch=max(self._outputs, 1 + lanes),
                step=max(self._outputs, 1 + lanes),
                outputs=self._outputs,
                threads=threads,
            )
            self._lanes = range(1, 1 + lanes)
        else:
            self._cells = max(context, cells or min(sequences * context, CACHE_BYTES // model.cell_bytes))
            # A recurrent state takes memory whatever its length; half of them are saved ends.
            slots = 2 * sequences + 2 if model.recurrent else min(MAX_SEQUENCES - lanes, max(16, 3 * sequences))
            self.llama = self._trees = Context(
                model,
                cells=self._cells + 2 * self._chunk,
                sequences=slots + lanes,
                batch=batch,
                step=step,
                outputs=self._outputs + sequences,
                threads=threads,
            )
            self._lanes = range(slots, slots + lanes)
        self.split = whole
        """Whether every conversation has a cache of its own."""
        self._contexts = (self.llama, self._trees) if whole else (self.llama,)
        self._planted: tuple[int, int, int] | None = None
        """What the context for options holds a copy of."""
        if weights is not None:
            for put in self._contexts:
                weights.put(put)
        self.cache = Cache(self.llama, range(slots), recurrent=model.recurrent)
        self._read = (0, 0.0)
        """Tokens of prompts that were evaluated, and the seconds that it took."""
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._aside = ThreadPoolExecutor(1, "masks")

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._waiting or self._running)

    @property
    def running(self) -> list[int]:
        """The requests whose answers are being written."""
        return [job.request.id for job in self._running]

    @property
    def waiting(self) -> list[int]:
        """The requests that have not begun."""
        return [job.request.id for job in self._waiting]

    # --- what a job asks of its host ----------------------------------------------------------

    def piece(self, token: int) -> bytes:
        return self._model.vocab.piece(token)

    def after(self, anchor: str, text: str, special: bool = False) -> list[int]:
        return self._model.vocab.tokens_after(anchor, text, special=special)

    def ends_turn(self, token: int) -> bool:
        return token in self._model.vocab.ends

    def waves(self, tree: Tree) -> list[Wave]:
        return tree.waves(len(self._lanes), self._outputs, shared=not self._model.recurrent)

    def save(self, slot: Slot) -> None:
        self.cache.save(slot)

    def evaluate(self, slot: Slot, tree: Tree, wave: Wave) -> Logits:
        """Logits, [nodes of the wave, vocabulary], a view. Each lane starts as a copy of the slot."""
        began = time.perf_counter()
        try:
            return self._evaluate(slot, tree, wave)
        finally:
            self.meter.trees += time.perf_counter() - began
            self.meter.options += len(wave.nodes)

    def _evaluate(self, slot: Slot, tree: Tree, wave: Wave) -> Logits:
        if len(wave.nodes) > self._outputs:
            raise Refusal("request", "an option is too long to be evaluated at once")
        start = len(slot.tokens)
        lanes = self._lanes[: wave.lanes]
        context, trunk = self._trees, slot.sequence
        if context is not self.llama:
            trunk = 0
            self._plant(slot)
        while True:
            for lane in lanes:
                context.share(trunk, lane, -1)
            for node, through in wave.nodes:
                n = tree.nodes[node]
                context.add(n.token, start + n.depth - 1, [lanes[x] for x in through], True)
            try:
                return context.decode()
            except Full:
                if not self.cache.evict():
                    raise Refusal("internal", "the cache has no room for the options") from None
            except Aborted:
                # Somebody else's cancel: this wave is run again.
                context.clear_abort()
            finally:
                for lane in lanes:
                    context.drop(lane)

    def _plant(self, slot: Slot) -> None:
        """Let sequence 0 of the context for options hold what the slot holds."""
        held = (slot.sequence, slot.used, len(slot.tokens))
        if held == self._planted:
            return
        self._planted = None
        at = len(slot.tokens) if self._trees.load(self.llama, slot.sequence, 0) else 0
        while at < len(slot.tokens):
            # This llama.cpp does not hand over what it holds: evaluate it once more.
            run = slot.tokens[at : at + self._outputs]
            self._trees.add_run(run, at, 0, False)
            try:
                self._trees.decode()
                at += len(run)
            except Aborted:
                self._trees.keep(0, at)
                self._trees.clear_abort()
        self._planted = held

    # --- requests -----------------------------------------------------------------------------

    def submit(self, request: Answer) -> None:
        """Take a request. It is answered by messages through `send`, in the steps to come."""
        try:
            plan = forms.plan(request.form, self._model.vocab, self.chat.end)
            self._waiting.append(Job(self, request, plan, self._emit))
        except Refusal as e:
            self._send(Failed(request.id, e.kind, e.says))
        except Exception as e:
            self._send(Failed(request.id, "internal", _unexpected(e)))

    def cancel(self, id: int) -> None:
        """Stop a request, waiting or running; it ends with `Failed("cancelled")`."""
        for job in list(self._waiting):
            if job.request.id == id:
                self._waiting.remove(job)
                self._send(Failed(id, "cancelled", "the request was cancelled"))
        for job in list(self._running):
            if job.request.id == id:
                self._finish(job, Failed(id, "cancelled", "the request was cancelled"))

    def abort(self) -> None:
        """Stop the decode that runs now (from another thread); `clear_abort` before the next."""
        for context in self._contexts:
            context.abort()

    def clear_abort(self) -> None:
        for context in self._contexts:
            context.clear_abort()

    def forget(self, name: str) -> None:
        """A conversation is over: its cache goes at once, or when its request has ended."""
        self.cache.forget(name)

    def store(self, name: str, *, force: bool = False) -> State | None:
        """What a conversation holds, to be written to a file; None where that is not worth it (`state.worth`).

        `force`: worth it or not.
        """
        slot = self.cache.kept(name)
        if slot is None or not slot.tokens or (slot is self.cache.slots.get(name) and slot.busy):
            return None
        new, most = (self._seconds(n) for n in (len(slot.tokens) - slot.stored, len(slot.tokens)))
        if not force and new < WORTH:
            return None
        data = self.llama.state(slot.sequence)
        if data is None or not (force or worth(new, most, len(data))):
            return None
        slot.stored = len(slot.tokens)
        return State(list(slot.tokens), data.copy())

    def restore(self, name: str, state: State) -> bool:
        """Let a conversation that has not begun here hold a state that this model made. False: it can't."""
        fits = 0 < len(state.tokens) <= self.context
        return fits and self.cache.put(name, state.tokens, lambda s: self.llama.put_state(s, state.data))

    def _seconds(self, tokens: int) -> float:
        """How long a prompt of so many tokens takes, by those that were evaluated so far."""
        read, seconds = self._read
        return tokens * seconds / read if read else 0.0

    def _emit(self, id: int, part: Part, text: str) -> None:
        self._send(Piece(id, part, text))

    # --- the loop -----------------------------------------------------------------------------

    def step(self) -> None:
        """Admit what can run, decode one batch, and let each job whose tokens are done go on."""
        began = time.perf_counter()
        self._step()
        self.meter.busy += time.perf_counter() - began

    def _step(self) -> None:
        self._admit()
        idle = [job for job in self._running if not job.feed]
        for job in idle:
            self._advance(job, np.empty(0, np.float32))
        portions = self._portions()
        if not portions:
            return
        began = time.perf_counter()
        try:
            rows = self._decode(portions)
        except Aborted:
            self._undo(portions)
            return
        except Refusal as e:
            for job, _ in portions:
                self._finish(job, Failed(job.request.id, e.kind, e.says), broken=True)
            return
        fed = sum(n for _, n in portions)
        if fed > _SHORT * len(portions):
            # Mostly prompts: this is how fast they are read.
            self._read = self._read[0] + fed, self._read[1] + time.perf_counter() - began
        row = 0
        for job, n in portions:
            assert job.slot is not None
            if job.prefilling:
                self.meter.prompt += n
            else:
                self.meter.fed += n
            job.slot.tokens += job.feed[:n]
            del job.feed[:n]
        # All slots are up to date before any job goes on: a job may evaluate a tree, which decodes.
        ready = []
        for job, _ in portions:
            if not job.feed:
                ready.append((job, row))
                row += 1
        deciding = any(job.request.propensities for job, _ in ready)
        held = rows.copy() if deciding else rows
        for job, i in ready:
            self._advance(job, held[i])

    def _admit(self) -> None:
        taken = {job.request.sequence for job in self._running}
        # Clients with less under way come first, so that one's sixteen forks hold up nobody's next turn.
        share = Counter(owner(job.request.id) for job in self._running)
        for job in sorted(self._waiting, key=lambda job: share[owner(job.request.id)]):
            if len(self._running) >= self.sequences:
                return
            if job.request.sequence in taken or self._better_later(job):
                continue
            if self._running and self._needs(job) + sum(map(self._needs, self._running)) > self._cells:
                return
            try:
                slot = self.cache.claim(job.request.sequence, job.prompt.tokens)
            except LookupError:
                return
            ends = self._ends(job, slot)
            self._waiting.remove(job)
            self._running.append(job)
            taken.add(job.request.sequence)
            job.start(slot, ends)

    def _needs(self, job: Job) -> int:
        """Cells that a job may come to hold, at most."""
        more = job.request.max_tokens + job.plan.tree.depth + THINK_BUDGET
        return min(self.context, len(job.prompt.tokens) + more)

    def _ends(self, job: Job, slot: Slot) -> list[int]:
        """Where a recurrent state is saved while the prompt is evaluated: where others branch, and before its end."""
        prompt = job.prompt.tokens
        if not self._model.recurrent:
            return []
        others = [s.tokens for s in self.cache.slots.values() if s is not slot]
        others += [other.prompt.tokens for other in self._running]
        last = len(prompt) - 1
        branch = max((min(common(tokens, prompt), last) for tokens in others), default=0)
        held = len(slot.tokens)
        return [branch] * (held + _WORTH < branch < last) + [last] * (held < last)

    def _better_later(self, job: Job) -> bool:
        """Whether a prompt that is being evaluated will soon hold more of this job's prefix."""
        for other in self._running:
            if other.prefilling and other.slot is not None:
                coming = common(other.prompt.tokens, job.prompt.tokens)
                if self._model.recurrent:
                    coming = max((n for n in other.ends if n <= coming), default=0)
                if coming > common(other.slot.tokens, job.prompt.tokens) + _WORTH:
                    return True
        return False

    def _portions(self) -> list[tuple[Job, int]]:
        """Which jobs are in the next batch, with how many tokens: answers first, then prompts in turn."""
        portions: list[tuple[Job, int]] = []
        room = self.llama.room
        left = self._chunk
        for job in self._running:
            if 0 < len(job.feed) <= _SHORT and len(job.feed) <= room:
                portions.append((job, len(job.feed)))
                room -= len(job.feed)
        long = [job for job in self._running if len(job.feed) > _SHORT]
        for job in long:
            n = min(len(job.feed), left, room)
            if n > 0:
                portions.append((job, n))
                left -= n
                room -= n
        if len(long) > 1:
            # Whoever came first this time comes last next time.
            self._running.remove(long[0])
            self._running.append(long[0])
        # Where each has a cache of its own, llama.cpp computes neighbours together.
        return sorted(portions, key=lambda p: p[0].slot.sequence if p[0].slot else 0)

    def _decode(self, portions: list[tuple[Job, int]]) -> Logits:
        while True:
            for job, n in portions:
                assert job.slot is not None
                whole = n == len(job.feed)
                self.llama.add_run(job.feed[:n], len(job.slot.tokens), job.slot.sequence, whole)
            # Masks depend on what was written, not on the logits: they are ready when those are.
            masks = self._aside.submit(_prepare, [job.matcher for job, n in portions if n == len(job.feed)])
            began = time.perf_counter()
            try:
                return self.llama.decode()
            except Full:
                if not self.cache.evict():
                    raise Refusal("internal", "the cache has no room for the running requests") from None
            finally:
                masks.result()
                self.meter.decode += time.perf_counter() - began
                self.meter.steps += 1

    def _undo(self, portions: list[tuple[Job, int]]) -> None:
        """A decode was stopped halfway: bring each slot back to what it held before."""
        for job, _ in portions:
            assert job.slot is not None
            held = list(job.slot.tokens)
            self.cache.trim(job.slot, len(held))
            # What could not be kept is evaluated again.
            job.feed = held[len(job.slot.tokens) :] + job.feed

    def _advance(self, job: Job, logits: Logits) -> None:
        """Let a job go on with its logits until it wants tokens, a pause, or is done."""
        assert job.steps is not None
        assert job.slot is not None
        try:
            if len(logits) and not np.isfinite(logits).all():
                raise Refusal("internal", "the model computed numbers that are none (NaN)")
            feed = job.steps.send(logits)
            if feed and len(job.slot.tokens) + len(feed) > self.context:
                raise Refusal("truncated", f"the answer ran out of the context of {self.context:,} tokens")
            job.feed = list(feed or ())
        except StopIteration as end:
            answered: Answered = end.value
            self.meter.answers += 1
            self.meter.written += answered.generated_tokens
            self._finish(job, answered)
        except Refusal as e:
            self._finish(job, Failed(job.request.id, e.kind, e.says))
        except Exception as e:
            self._finish(job, Failed(job.request.id, "internal", _unexpected(e)))

    def _finish(self, job: Job, message: Answered | Failed, *, broken: bool = False) -> None:
        if job in self._running:
            self._running.remove(job)
        if job.steps is not None:
            job.steps.close()
        if job.slot is not None:
            self.meter.audit(job.slot.tokens)
            job.slot.forgotten = job.slot.forgotten or broken
            self.cache.release(job.slot)
        self._send(message)

    def close(self) -> None:
        """Free the contexts (the model stays)."""
        self._aside.shutdown(wait=False)
        for context in self._contexts:
            context.close()


def _prepare(matchers: Iterable[Matcher | None]) -> None:
    for matcher in matchers:
        if matcher is not None:
            # What goes wrong goes wrong again in the job that asks, and is answered there.
            with contextlib.suppress(Exception):
                matcher.prepare()


def _unexpected(e: Exception) -> str:
    said = " ".join(str(e).split())[:200]
    return f"the engine failed unexpectedly: {type(e).__name__}: {said}"
