"""The program's side of the engine: starts the worker, sends requests, hands out answers as they stream.

It starts a worker of its own, or attaches to one that somebody else started and shares. All
methods belong to the loop that `start` or `attach` ran on.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import multiprocessing
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from game.engine import address, state, trial
from game.engine.errors import EngineError, Kind
from game.engine.header import read_header
from game.engine.link import Link, Own, Shared
from game.engine.protocol import (
    Answer,
    Answered,
    Attach,
    Cancel,
    Failed,
    Forget,
    Form,
    FromWorker,
    Listen,
    Listening,
    Load,
    Loaded,
    LoadSettings,
    Look,
    Measure,
    Message,
    ModelInfo,
    Piece,
    Restore,
    Sampler,
    Spent,
    Statistics,
    Store,
    Stored,
    ToWorker,
    Weights,
)
from game.errors import UserError

if TYPE_CHECKING:
    from game.events import Truncation

__all__ = ["EngineClient", "EngineError"]
_DIED = "the engine's process ended unexpectedly; the model has to be loaded again"
PATIENCE = 60.0
"""Seconds that a client of a shared worker waits for another one to take its place."""
PAUSE = 0.2
"""Seconds between two tries."""


class EngineClient:
    """One worker. `on_death` is called on the loop when it ends, or lets us go, without being closed."""

    def __init__(self, on_death: Callable[[], None] | None = None) -> None:
        self.on_death = on_death
        self.info: ModelInfo | None = None
        """What is loaded, from `start` on."""
        self.settings: LoadSettings | None = None
        self._ids = itertools.count(1)
        self._file: Path | None = None
        """Where the address of a shared worker stands."""
        self._link: Link | None = None
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
        self.settings, self._file = settings, None
        link = Own(asyncio.get_running_loop(), self._deliver, self._lost)
        return await self._open(
            link, lambda id: Load(id, settings), f"the engine's process died while it loaded {settings.path}"
        )

    async def _open(self, link: Link, ask: Callable[[int], ToWorker], died: str) -> ModelInfo:
        self._link = link
        try:
            await asyncio.to_thread(link.start)
            message = await self._asked(ask)
        except BaseException:
            # Cancelled or failed: no half-loaded worker stays behind.
            link.kill()
            if self._link is link:
                self._link = None
            raise
        if isinstance(message, Loaded):
            self.info = message.info
            return message.info
        self.close()
        raise _error(message, died)

    async def attach(self, file: Path) -> ModelInfo:
        """Share the worker whose address stands in `file`, whatever is loaded in it.

        Raises `EngineError`: `died` where there is none, `request` where it does not know the token.
        """
        self.close()
        self._file = file
        try:
            where = await asyncio.to_thread(address.read, file)
            link = Shared(asyncio.get_running_loop(), self._deliver, self._lost, where)
            return await self._open(link, Attach, _DIED)
        except multiprocessing.AuthenticationError:
            raise EngineError("request", "the shared engine does not know this token") from None
        except (OSError, EOFError, UserError) as e:
            raise EngineError("died", f"the shared engine is not there: {e}") from None

    async def listen(self, token: bytes) -> int:
        """Let others attach to our worker if they know the token. Returns the port. Raises `EngineError`."""
        message = await self._asked(lambda id: Listen(id, token))
        if isinstance(message, Listening):
            return message.port
        raise _error(message, _DIED)

    async def look(self) -> Statistics:
        """How busy the worker is. Raises `EngineError`."""
        message = await self._asked(Look)
        if isinstance(message, Statistics):
            return message
        raise _error(message, _DIED)

    async def _asked(self, ask: Callable[[int], ToWorker]) -> FromWorker:
        """The one answer to a question. Raises `EngineError` without a worker."""
        if not self.alive:
            raise EngineError("died", _DIED)
        id = next(self._ids)
        inbox = self._pending[id] = asyncio.Queue()
        try:
            self._tell(ask(id))
            return await inbox.get()
        finally:
            self._pending.pop(id, None)

    async def restart(self) -> ModelInfo:
        """Start again as the last `start` or `attach` did, after a death or in the middle of anything.

        A shared worker is started again by whoever owns it; that is waited for.
        """
        if self._file is not None:
            for _ in range(int(PATIENCE / PAUSE)):
                with contextlib.suppress(EngineError):
                    return await self.attach(self._file)
                await asyncio.sleep(PAUSE)
            return await self.attach(self._file)
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
        weights: tuple[Weights, ...] = (),
        scores_only: bool = False,
        truncation: Truncation = "disabled",
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
            self._tell(Answer(id, sequence, *asked, truncation))
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

    async def store(
        self, sequence: str, path: Path, key: str, *, weights: tuple[Weights, ...] = (), force: bool = False
    ) -> Stored:
        """Have the state of a conversation written to a file if that is worth it (`engine/state.py`).

        `key`: who plays. Raises `EngineError`, and OSError where there is no place for this user's secret.
        """
        secret = await asyncio.to_thread(lambda: state.secret(address.folder()))
        return _stored(await self._asked(lambda id: Store(id, sequence, str(path), key, secret, weights, force)))

    async def restore(self, sequence: str, path: Path, key: str, *, weights: tuple[Weights, ...] = ()) -> Stored:
        """Have a conversation begin with what `store` wrote, if the file is that. Raises as `store`."""
        secret = await asyncio.to_thread(lambda: state.secret(address.folder()))
        return _stored(await self._asked(lambda id: Restore(id, sequence, str(path), key, secret, weights)))

    async def measure(self, *, audit: bool = False) -> dict[str, float]:
        """What the engine has spent since it was last asked (`Spent.sums`). Raises `EngineError`."""
        message = await self._asked(lambda id: Measure(id, audit))
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

    def _deliver(self, link: Link, messages: list[FromWorker]) -> None:
        if link is not self._link:
            return
        for message in messages:
            inbox = self._pending.get(message.id)
            if inbox is not None:
                inbox.put_nowait(message)

    def _lost(self, link: Link) -> None:
        if link is not self._link:
            return
        self._link = None
        self._fail_pending()
        if self.on_death is not None:
            self.on_death()

    def _fail_pending(self) -> None:
        for id, inbox in list(self._pending.items()):
            inbox.put_nowait(Failed(id, "internal", ""))


def _stored(message: FromWorker) -> Stored:
    if isinstance(message, Stored):
        return message
    raise _error(message, _DIED)


def _error(message: FromWorker, died: str) -> EngineError:
    if isinstance(message, Failed) and message.says:
        kind: Kind = message.kind
        return EngineError(kind, message.says)
    return EngineError("died", died)
