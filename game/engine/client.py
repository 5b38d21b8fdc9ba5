"""The program's side of the engine: starts the worker, sends requests, hands out answers as they stream.

One reader thread waits on the pipe and passes messages to the event loop; nothing polls. All
methods belong to the loop that `start` ran on.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from game.engine import trial, worker
from game.engine.errors import EngineError, Kind
from game.engine.header import read_header
from game.engine.protocol import (
    Answer,
    Answered,
    Cancel,
    Failed,
    Forget,
    Form,
    FromWorker,
    Load,
    Loaded,
    LoadSettings,
    Measure,
    Message,
    ModelInfo,
    Piece,
    Sampler,
    Spent,
    ToWorker,
    Weights,
)

__all__ = ["EngineClient", "EngineError"]
_DIED = "the engine's process ended unexpectedly; the model has to be loaded again"


class EngineClient:
    """One worker process. `on_death` is called on the loop when the worker ends without being closed."""

    def __init__(self, on_death: Callable[[], None] | None = None) -> None:
        self.on_death = on_death
        self.info: ModelInfo | None = None
        """What is loaded, from `start` on."""
        self.settings: LoadSettings | None = None
        self._ids = itertools.count(1)
        self._link: _Link | None = None
        self._pending: dict[int, asyncio.Queue[FromWorker]] = {}

    @property
    def alive(self) -> bool:
        """Whether a worker is there to answer."""
        return self._link is not None and self._link.open

    @property
    def process_id(self) -> int | None:
        """The worker's process id, for diagnosis."""
        return None if self._link is None else self._link.process_id

    async def start(self, settings: LoadSettings) -> ModelInfo:
        """Start a worker and load a model into it. An earlier worker is closed.

        Raises `EngineError`: `model` for a file that is missing, damaged or can't be loaded,
        `template` for one without a usable chat template, `died` where the process ended.
        """
        self.close()
        header = await asyncio.to_thread(read_header, settings.path)
        if settings.extra_buffers is None:
            extra = await asyncio.to_thread(trial.extra_buffers, settings.path, header)
            settings = replace(settings, extra_buffers=extra)
        self.settings = settings
        loop = asyncio.get_running_loop()
        link = _Link(loop, self._deliver, self._lost)
        self._link = link
        try:
            await asyncio.to_thread(link.start)
            id = next(self._ids)
            inbox = self._pending[id] = asyncio.Queue()
            self._tell(Load(id, settings))
            message = await inbox.get()
        except BaseException:
            # Cancelled or failed: no half-loaded worker stays behind.
            link.kill()
            if self._link is link:
                self._link = None
            raise
        self._pending.pop(id, None)
        if isinstance(message, Loaded):
            self.info = message.info
            return message.info
        self.close()
        raise _error(message, f"the engine's process died while it loaded {settings.path}")

    async def restart(self) -> ModelInfo:
        """Start again with the settings of the last `start`, after a death or in the middle of anything."""
        if self.settings is None:
            raise EngineError("request", "no model was loaded yet")
        return await self.start(self.settings)

    async def answer(
        self,
        sequence: str,
        messages: Sequence[Message],
        form: Form,
        sampler: Sampler,
        *,
        propensities: bool = False,
        constrained: bool = True,
        max_tokens: int = 512,
        weights: Weights | None = None,
        scores_only: bool = False,
    ) -> AsyncGenerator[Piece | Answered, None]:
        """Stream an answer: pieces of text, then one `Answered`.

        Closing the iterator early (or cancelling its task) stops the worker within a token.
        Raises `EngineError` instead of the `Answered` where there is none.
        """
        if not self.alive:
            raise EngineError("died", _DIED)
        id = next(self._ids)
        inbox = self._pending[id] = asyncio.Queue()
        ended = False
        try:
            asked = (tuple(messages), form, sampler, propensities, constrained, max_tokens, weights, scores_only)
            self._tell(Answer(id, sequence, *asked))
            while True:
                message = await inbox.get()
                if isinstance(message, Piece):
                    yield message
                    continue
                ended = True
                if isinstance(message, Answered):
                    yield message
                    return
                raise _error(message, _DIED)
        finally:
            self._pending.pop(id, None)
            if not ended:
                self._tell(Cancel(id))

    async def measure(self, *, audit: bool = False) -> dict[str, float]:
        """What the engine has spent since it was last asked (`Spent.sums`). Raises `EngineError`."""
        if not self.alive:
            raise EngineError("died", _DIED)
        id = next(self._ids)
        inbox = self._pending[id] = asyncio.Queue()
        try:
            self._tell(Measure(id, audit))
            message = await inbox.get()
        finally:
            self._pending.pop(id, None)
        if isinstance(message, Spent):
            return message.sums
        raise _error(message, _DIED)

    def forget(self, sequence: str) -> None:
        """A conversation is over: its cache may go."""
        self._tell(Forget(sequence))

    def close(self) -> None:
        """End the worker at once, whatever it is doing. Pending answers raise `EngineError("died")`."""
        link, self._link = self._link, None
        if link is not None:
            link.kill()
        self._fail_pending()

    def _tell(self, message: ToWorker) -> None:
        if self._link is not None:
            self._link.send(message)

    def _deliver(self, link: _Link, messages: list[FromWorker]) -> None:
        if link is not self._link:
            return
        for message in messages:
            inbox = self._pending.get(message.id)
            if inbox is not None:
                inbox.put_nowait(message)

    def _lost(self, link: _Link) -> None:
        if link is not self._link:
            return
        self._link = None
        self._fail_pending()
        if self.on_death is not None:
            self.on_death()

    def _fail_pending(self) -> None:
        for id, inbox in list(self._pending.items()):
            inbox.put_nowait(Failed(id, "internal", ""))


def _error(message: FromWorker, died: str) -> EngineError:
    if isinstance(message, Failed) and message.says:
        kind: Kind = message.kind
        return EngineError(kind, message.says)
    return EngineError("died", died)


class _Link:
    """One process and its pipe."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deliver: Callable[[_Link, list[FromWorker]], None],
        lost: Callable[[_Link], None],
    ) -> None:
        self._loop, self._deliver, self._lost = loop, deliver, lost
        self._pipe: Connection | None = None
        self._process: BaseProcess | None = None
        self._lock = threading.Lock()
        self._killed = False
        self.open = False

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process (blocks for some tens of milliseconds)."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=worker.main, args=(theirs,), name="parkbench-engine", daemon=True)
        with self._lock:
            if self._killed:
                return
            process.start()
            # Only the child may hold its end, or its death would not close the pipe.
            theirs.close()
            self._pipe, self._process = ours, process
            self.open = True
        threading.Thread(target=self._read, name="engine", daemon=True).start()

    def send(self, message: ToWorker) -> None:
        if self._pipe is None or not self.open:
            return
        try:
            self._pipe.send(message)
        except (OSError, ValueError):
            # The reader notices the death itself, and says so.
            return

    def _read(self) -> None:
        assert self._pipe is not None
        assert self._process is not None
        while True:
            try:
                messages: list[FromWorker] = self._pipe.recv()
            except (EOFError, OSError):
                break
            self._call(self._deliver, self, messages)
        self.open = False
        self._process.join()
        self._pipe.close()
        self._call(self._lost, self)

    def _call(self, function: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            # The loop is closed: nobody is left to be told.
            return

    def kill(self) -> None:
        """End the process without waiting for it; the reader thread sees it out."""
        with self._lock:
            self._killed = True
            self.open = False
            if self._process is not None:
                self._process.kill()
