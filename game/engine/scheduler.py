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
from game.engine.batch import SHORT, between, portions, slot_of
from game.engine.cache import Cache, Slot, common
from game.engine.context import Aborted, Full
from game.engine.errors import Refusal
from game.engine.grammar import Grammars, Matcher
from game.engine.job import THINK_BUDGET, Job, Logits, Part
from game.engine.layout import lay_out
from game.engine.llama import Model
from game.engine.meter import Meter
from game.engine.options import Options
from game.engine.peers import owner
from game.engine.protocol import Answer, Answered, Failed, FromWorker, Piece
from game.engine.state import WORTH, State, worth
from game.engine.templates import Chat
from game.engine.tree import Tree, Wave
from game.engine.weights import Loaded

_WORTH = 16
"""Tokens of shared prefix for which a job waits until another has evaluated them."""


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
        """`cells`: as in `lay_out`. `weights`: a condition under which all of it runs."""
        self._model, self._send = model, send
        self.context = context
        self.sequences = sequences
        self.chat = Chat(template, model.vocab)
        self.grammars = Grammars(model.vocab)
        self.meter = Meter()
        self.layout = lay_out(model, sequences=sequences, context=context, threads=threads, cells=cells)
        self.llama = self.layout.conversations
        if weights is not None:
            for put in self.layout.contexts:
                weights.put(put)
        self.cache = Cache(self.llama, range(self.layout.slots), recurrent=model.recurrent)
        self._options = Options(self.layout, self.cache, recurrent=model.recurrent)
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
        return self._options.waves(tree)

    def save(self, slot: Slot) -> None:
        self.cache.save(slot)

    def evaluate(self, slot: Slot, tree: Tree, wave: Wave) -> Logits:
        """Logits, [nodes of the wave, vocabulary], a view. Each lane starts as a copy of the slot."""
        began = time.perf_counter()
        try:
            return self._options.evaluate(slot, tree, wave)
        finally:
            self.meter.trees += time.perf_counter() - began
            self.meter.options += len(wave.nodes)

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
        for context in self.layout.contexts:
            context.abort()

    def clear_abort(self) -> None:
        for context in self.layout.contexts:
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
        batch = portions(self._running, self.llama.room, self.layout.chunk, self.layout.bridge)
        if not batch:
            return
        began = time.perf_counter()
        try:
            rows = self._decode(batch)
        except Aborted:
            self._undo(batch)
            return
        except Refusal as e:
            for job, _ in batch:
                self._finish(job, Failed(job.request.id, e.kind, e.says), broken=True)
            return
        fed = sum(n for _, n in batch)
        if fed > SHORT * len(batch):
            # Mostly prompts: this is how fast they are read.
            self._read = self._read[0] + fed, self._read[1] + time.perf_counter() - began
        row = 0
        for job, n in batch:
            assert job.slot is not None
            if job.prefilling:
                self.meter.prompt += n
            else:
                self.meter.fed += n
            job.slot.tokens += job.feed[:n]
            del job.feed[:n]
        # All slots are up to date before any job goes on: a job may evaluate a tree, which decodes.
        ready = []
        for job, _ in batch:
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
            if self._running and self._needs(job) + sum(map(self._needs, self._running)) > self.layout.cells:
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

    def _fill(self, batch: list[tuple[Job, int]]) -> list[tuple[int, int]]:
        """Sequences in gaps of a batch that get a token in it which is forgotten again, and how much they hold."""
        gaps = between([slot_of(job).sequence for job, _ in batch], self.layout.bridge)
        if not gaps:
            return []
        lengths = {slot.sequence: len(slot.tokens) for slot in self.cache.slots.values()}
        room = self.llama.room - sum(n for _, n in batch)
        return [(s, lengths.get(s, 0)) for s in gaps if lengths.get(s, 0) < self.context][:room]

    def _decode(self, batch: list[tuple[Job, int]]) -> Logits:
        while True:
            fillers = self._fill(batch)
            runs = [(s, at, [0], False) for s, at in fillers]
            for job, n in batch:
                slot = slot_of(job)
                runs.append((slot.sequence, len(slot.tokens), job.feed[:n], n == len(job.feed)))
            for sequence, at, tokens, whole in sorted(runs):
                self.llama.add_run(tokens, at, sequence, whole)
            # Masks depend on what was written, not on the logits: they are ready when those are.
            masks = self._aside.submit(_prepare, [job.matcher for job, n in batch if n == len(job.feed)])
            began = time.perf_counter()
            try:
                return self.llama.decode()
            except Full:
                if not self.cache.evict():
                    raise Refusal("internal", "the cache has no room for the running requests") from None
            finally:
                for sequence, at in fillers:
                    self.llama.keep(sequence, at)
                masks.result()
                self.meter.decode += time.perf_counter() - began
                self.meter.steps += 1

    def _undo(self, batch: list[tuple[Job, int]]) -> None:
        """A decode was stopped halfway: bring each slot back to what it held before."""
        for job, _ in batch:
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
        self.layout.close()


def _prepare(matchers: Iterable[Matcher | None]) -> None:
    for matcher in matchers:
        if matcher is not None:
            # What goes wrong goes wrong again in the job that asks, and is answered there.
            with contextlib.suppress(Exception):
                matcher.prepare()


def _unexpected(e: Exception) -> str:
    said = " ".join(str(e).split())[:200]
    return f"the engine failed unexpectedly: {type(e).__name__}: {said}"
