"""The client's end of a worker: a child process and its pipe, or a socket to a worker that somebody else started.

A reader thread waits for messages and passes them to the event loop; nothing polls.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Client, Connection
from multiprocessing.process import BaseProcess
from typing import Any

from game.engine import worker
from game.engine.address import HOST, Address, hang_up
from game.engine.protocol import FromWorker, ToWorker


class Link:
    """What both kinds share: messages out, messages in, and one call when the other end is gone."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deliver: Callable[[Link, list[FromWorker]], None],
        lost: Callable[[Link], None],
    ) -> None:
        self._loop, self._deliver, self._lost = loop, deliver, lost
        self._pipe: Connection[Any, Any] | None = None
        self._lock = threading.Lock()
        self._killed = False
        self.open = False

    @property
    def process_id(self) -> int | None:
        """The worker's, where it is ours."""
        return None

    def start(self) -> None:
        """Reach the worker (blocks for some tens of milliseconds). Raises OSError where there is none."""
        with self._lock:
            if self._killed:
                return
            self._pipe = self._reach()
            self.open = True
        threading.Thread(target=self._read, name="engine", daemon=True).start()

    def send(self, message: ToWorker) -> None:
        """Tell the worker; nothing happens where it is gone."""
        if self._pipe is None or not self.open:
            return
        try:
            self._pipe.send(message)
        except (OSError, ValueError):
            # The reader notices the death itself, and says so.
            return

    def kill(self) -> None:
        """Part at once, without waiting; the reader thread sees the end."""
        with self._lock:
            self._killed = True
            self.open = False
            self._part()

    def _reach(self) -> Connection[Any, Any]:
        raise NotImplementedError

    def _part(self) -> None:
        raise NotImplementedError

    def _ended(self) -> None:
        """After the last message, in the reader thread."""

    def _read(self) -> None:
        assert self._pipe is not None
        while True:
            try:
                messages: list[FromWorker] = self._pipe.recv()
            except (EOFError, OSError):
                break
            self._call(self._deliver, self, messages)
        self.open = False
        self._ended()
        with self._lock:
            self._pipe.close()
        self._call(self._lost, self)

    def _call(self, function: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            # The loop is closed: nobody is left to be told.
            return


class Own(Link):
    """A worker process of our own; it ends with this end."""

    _process: BaseProcess | None = None

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    def _reach(self) -> Connection[Any, Any]:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=worker.main, args=(theirs,), name="parkbench-engine", daemon=True)
        process.start()
        # Only the child may hold its end, or its death would not close the pipe.
        theirs.close()
        self._process = process
        return ours

    def _part(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _ended(self) -> None:
        assert self._process is not None
        self._process.join()


class Shared(Link):
    """A worker that serves others too; it goes on without us, and frees what was ours."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deliver: Callable[[Link, list[FromWorker]], None],
        lost: Callable[[Link], None],
        address: Address,
    ) -> None:
        super().__init__(loop, deliver, lost)
        self._address = address

    def _reach(self) -> Connection[Any, Any]:
        """Raises OSError, EOFError, and `multiprocessing.AuthenticationError` for a wrong token."""
        return Client((HOST, self._address.port), family="AF_INET", authkey=self._address.token)

    def _part(self) -> None:
        if self._pipe is not None and not self._pipe.closed:
            hang_up(self._pipe)
