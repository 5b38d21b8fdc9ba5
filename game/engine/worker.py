"""The worker process: owns the model, reads messages from a pipe, and answers on it until the pipe closes.

A reader thread takes messages in, so that a cancel reaches a decode that is running. The process
ends when its parent does (the pipe closes), and leaves Ctrl-C to the parent.
"""

from __future__ import annotations

import hashlib
import os
import queue
import signal
import sys
import threading
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from game.engine.errors import Refusal
from game.engine.peers import Peers, inward, named, outward, owner
from game.engine.protocol import (
    Answer,
    Attach,
    Cancel,
    Failed,
    Forget,
    FromWorker,
    Listen,
    Listening,
    Load,
    Loaded,
    LoadSettings,
    Look,
    Measure,
    ModelInfo,
    OnDisk,
    Quit,
    Restore,
    Spent,
    Statistics,
    Store,
    Stored,
    ToWorker,
    Weights,
)
from game.engine.state import read, write

if TYPE_CHECKING:
    from game.engine.llama import Model
    from game.engine.scheduler import Scheduler

_SAMPLING = {
    "general.sampling.temp": "temperature",
    "general.sampling.top_k": "top_k",
    "general.sampling.top_p": "top_p",
    "general.sampling.min_p": "min_p",
    "general.sampling.penalty_repeat": "repeat_penalty",
}


def main(pipe: Connection) -> None:
    """The process's whole life. Messages come in one by one and go out in lists."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    mute()
    Worker(pipe).run()


def mute() -> None:
    """Point standard output and error at nothing: native code must not write on the game's screen."""
    null = os.open(os.devnull, os.O_WRONLY)
    for fd in (1, 2):
        os.dup2(null, fd)
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - for the life of the process


class Worker:
    """Connects a pipe, and whoever attaches beside it, to a scheduler."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._inbox: queue.SimpleQueue[tuple[int, ToWorker | Stored | None]] = queue.SimpleQueue()
        """Each with its client's number; None: that client is gone; `Stored`: what a thread of ours has written."""
        self._writer: threading.Thread | None = None
        """Writes a state."""
        self._peers: Peers | None = None
        self._info: ModelInfo | None = None
        self._outbox: list[FromWorker] = []
        self._schedulers: dict[tuple[Weights, ...], Scheduler] = {}
        """One for the model as it is, and one for each weight-level condition: each has a context of its own."""
        self._model: Model | None = None

    def run(self) -> None:
        threading.Thread(target=self._read, name="pipe", daemon=True).start()
        while True:
            # Before the inbox is read: a cancel that comes after that stops the next decode.
            for scheduler in self._schedulers.values():
                scheduler.clear_abort()
            while True:
                busy = [s for s in self._schedulers.values() if s.busy]
                if busy and self._inbox.empty():
                    break
                self._take(*self._inbox.get())
                self._flush()
            for scheduler in busy:
                scheduler.step()
                self._flush()

    def _read(self) -> None:
        """The reader thread."""
        while True:
            try:
                message: ToWorker = self._pipe.recv()
            except (EOFError, OSError):
                # The parent is gone, or wants us gone; a decode may be running, so don't ask it.
                os._exit(0)
            if isinstance(message, Quit):
                os._exit(0)
            self._put(0, message)

    def _put(self, client: int, message: ToWorker | None) -> None:
        """Whoever leaves or cancels stops the decode that is running."""
        self._inbox.put((client, message))
        if message is None or isinstance(message, Cancel):
            for scheduler in list(self._schedulers.values()):
                scheduler.abort()

    def _flush(self) -> None:
        out, self._outbox = self._outbox, []
        ours = [message for message in out if not owner(message.id)]
        if ours:
            try:
                self._pipe.send(ours)
            except OSError:
                os._exit(0)
        if self._peers is not None:
            for client in {owner(message.id) for message in out} - {0}:
                self._peers.send(client, [outward(m) for m in out if owner(m.id) == client])

    def _take(self, client: int, message: ToWorker | Stored | None) -> None:
        if message is None:
            self._leave(client)
            return
        if isinstance(message, Stored):
            self._outbox.append(message)
            return
        message = inward(client, message)
        if client and isinstance(message, Load | Listen):
            self._outbox.append(Failed(message.id, "request", "only who started the worker loads a model into it"))
        elif isinstance(message, Listen):
            self._peers = self._peers or Peers(message.token, self._put)
            self._outbox.append(Listening(message.id, self._peers.port))
        elif isinstance(message, Attach):
            known = Failed(message.id, "model", "the worker has no model loaded")
            self._outbox.append(known if self._info is None else Loaded(message.id, self._info))
        elif isinstance(message, Look):
            self._outbox.append(self._statistics(message.id))
        elif isinstance(message, Load):
            try:
                self._outbox.append(Loaded(message.id, self._load(message.settings)))
            except Refusal as e:
                self._outbox.append(Failed(message.id, e.kind, e.says))
        elif isinstance(message, Answer):
            scheduler = self._schedulers.get(message.weights)
            if scheduler is None:
                self._outbox.append(Failed(message.id, "model", "no such model is loaded"))
            else:
                scheduler.submit(message)
        elif isinstance(message, Cancel):
            for scheduler in self._schedulers.values():
                scheduler.cancel(message.id)
        elif isinstance(message, Store):
            self._store(message)
        elif isinstance(message, Restore):
            self._outbox.append(self._restore(message))
        elif isinstance(message, Measure):
            self._outbox.append(self._spent(message))
        elif isinstance(message, Forget):
            for scheduler in self._schedulers.values():
                scheduler.forget(message.sequence)

    def _store(self, asked: Store) -> None:
        """The state is copied here, and written beside: the next batch need not wait for a disk."""
        scheduler = self._schedulers.get(asked.weights)
        busy = self._writer is not None and self._writer.is_alive()
        state = None if scheduler is None or busy else scheduler.store(asked.sequence, force=asked.force)
        if state is None:
            self._outbox.append(Stored(asked.id, 0))
            return

        def put() -> None:
            done = write(Path(asked.path), self._state_key(asked), asked.secret, state)
            self._inbox.put((-1, Stored(asked.id, len(state.tokens) if done else 0, len(state.data))))

        self._writer = threading.Thread(target=put, name="state", daemon=True)
        self._writer.start()

    def _restore(self, asked: Restore) -> Stored:
        scheduler = self._schedulers.get(asked.weights)
        state = None if scheduler is None else read(Path(asked.path), self._state_key(asked), asked.secret)
        if scheduler is None or state is None or not scheduler.restore(asked.sequence, state):
            return Stored(asked.id, 0)
        return Stored(asked.id, len(state.tokens), len(state.data))

    def _state_key(self, asked: OnDisk) -> str:
        """What a state belongs to: this file under these weights, this build, these settings."""
        assert self._info is not None
        return f"{self._info.sha256} {asked.key} {self._info.build} {self._info.memory}"

    def _spent(self, message: Measure) -> Spent:
        from game.engine.meter import Meter

        sums: Counter[str] = Counter()
        for scheduler in self._schedulers.values():
            sums.update(scheduler.meter.spent(message.id).sums)
            scheduler.meter = Meter(audited=message.audit)
        return Spent(message.id, dict(sums))

    def _leave(self, client: int) -> None:
        """A client is gone: what it asked for ends, and what was cached for it goes."""
        for scheduler in self._schedulers.values():
            for id in scheduler.waiting + scheduler.running:
                if owner(id) == client:
                    scheduler.cancel(id)
            for name in {slot.end_of or slot.name for slot in scheduler.cache.slots.values()}:
                if name.startswith(named(client, "")):
                    scheduler.forget(name)

    def _statistics(self, id: int) -> Statistics:
        schedulers = self._schedulers.values()
        slots = [slot for s in schedulers for slot in s.cache.slots.values()]
        return Statistics(
            id=id,
            attached=0 if self._peers is None else len(self._peers),
            running=sum(len(s.running) for s in schedulers),
            waiting=sum(len(s.waiting) for s in schedulers),
            conversations=len(slots),
            tokens=sum(len(slot.tokens) for slot in slots),
        )

    def _load(self, settings: LoadSettings) -> ModelInfo:
        # Imported late: the process is there, and muted, before native code is.
        import llama_cpp

        from game.engine import llama
        from game.engine.choices import chosen, default_threads, gpu_layers
        from game.engine.layout import default_context
        from game.engine.scheduler import Scheduler
        from game.engine.weights import Loaded as Condition

        for old in self._schedulers.values():
            old.close()
        self._schedulers, self._info = {}, None
        if self._model is not None:
            self._model.close()
            self._model = None
        digest = _Digest(settings.path)
        digest.start()
        llama.silence()
        extra = settings.extra_buffers is not False
        gpu = bool(llama_cpp.llama_supports_gpu_offload())
        model = self._model = llama.Model(
            settings.path,
            extra_buffers=extra,
            gpu_layers=gpu_layers(settings.gpu_layers, can=gpu),
            mmap=settings.mmap,
            kv_type=settings.kv_type,
            flash_attention=settings.flash_attention,
        )
        sequences = max(1, min(settings.sequences, 64))
        context = min(model.trained_context or settings.context, settings.context) or default_context(model, sequences)
        threads = settings.threads or default_threads(model.parameters)
        template = model.meta("tokenizer.chat_template")
        schedulers: dict[tuple[Weights, ...], Scheduler] = {}
        for weights in (*([()] if settings.bare or not settings.weights else []), *settings.weights):
            schedulers[weights] = Scheduler(
                model,
                template,
                sequences=sequences,
                context=context,
                threads=threads,
                send=self._outbox_append,
                weights=Condition(model, weights),
            )
        sampler: dict[str, float] = {}
        for key, name in _SAMPLING.items():
            try:
                sampler[name] = float(model.meta(key))
            except ValueError:
                continue
        digest.join()
        self._schedulers = schedulers
        self._info = ModelInfo(
            path=settings.path,
            name=model.meta("general.name") or Path(settings.path).stem,
            architecture=model.meta("general.architecture"),
            parameters=model.parameters,
            size=model.size,
            sha256=digest.hex,
            context=context,
            vocabulary=model.vocab.size,
            memory=model.memory,
            choices=tuple(
                chosen(
                    settings,
                    model,
                    threads=threads,
                    context=context,
                    split=next(iter(schedulers.values())).layout.split,
                    gpu=gpu,
                )
            ),
            has_template=bool(template),
            build=f"llama-cpp-python {llama_cpp.__version__}, {'' if extra else 'no '}extra buffers",
            sampler=sampler,
        )
        return self._info

    def _outbox_append(self, message: FromWorker) -> None:
        self._outbox.append(message)


class _Digest(threading.Thread):
    """The file's sha256, computed while llama.cpp loads it."""

    def __init__(self, path: str) -> None:
        super().__init__(name="sha256", daemon=True)
        self._path = path
        self.hex = ""

    def run(self) -> None:
        try:
            with Path(self._path).open("rb") as file:
                self.hex = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            self.hex = ""
