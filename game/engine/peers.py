"""Clients that attach to a running worker over a local socket, beside the parent at the worker's pipe.

Each has a number; the parent is 0. Inside the worker a client's number is in the upper bits of
its requests' ids and in front of its sequences' names, so that two clients never meet, and all
that was a dead client's can be found and freed.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from typing import Any

from game.engine.address import HOST, hang_up
from game.engine.protocol import Answer, Forget, FromWorker, OnDisk, Quit, ToWorker

_BITS = 40
MOST_UNREAD = 10_000
"""Messages that may wait for a client that does not read; then it is let go."""


def owner(id: int) -> int:
    """The client whose request this is."""
    return id >> _BITS


def inward(client: int, message: ToWorker) -> ToWorker:
    """A message as the worker knows it: with ids and names that are the client's own."""
    if isinstance(message, Answer | OnDisk):
        return replace(message, id=message.id | client << _BITS, sequence=named(client, message.sequence))
    if isinstance(message, Forget):
        return replace(message, sequence=named(client, message.sequence))
    if isinstance(message, Quit):
        return message
    return replace(message, id=message.id | client << _BITS)


def outward(message: FromWorker) -> FromWorker:
    """A message as its client knows it."""
    return replace(message, id=message.id & ((1 << _BITS) - 1)) if message.id >> _BITS else message


def named(client: int, sequence: str) -> str:
    """A sequence's name inside the worker."""
    return f"{client}:{sequence}"


class Peers:
    """Whoever is attached. `take` gets each message with its client's number, and None when the client is gone."""

    def __init__(self, token: bytes, take: Callable[[int, ToWorker | None], None]) -> None:
        self._token, self._take = token, take
        self._numbers = itertools.count(1)
        self._peers: dict[int, _Peer] = {}
        self._lock = threading.Lock()
        # The challenge is not left to `accept`: who connects and says nothing would hold up all others.
        self._listener = Listener((HOST, 0), family="AF_INET", backlog=64)
        threading.Thread(target=self._accept, name="door", daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.address[1])

    def __len__(self) -> int:
        return len(self._peers)

    def send(self, client: int, messages: list[FromWorker]) -> None:
        """Never waits: a client that does not read holds up nobody."""
        with self._lock:
            peer = self._peers.get(client)
        if peer is not None:
            peer.send(messages)

    def _accept(self) -> None:
        while True:
            try:
                pipe = self._listener.accept()
            except OSError:
                continue
            threading.Thread(target=self._serve, args=(pipe,), name="client", daemon=True).start()

    def _serve(self, pipe: Connection[Any, Any]) -> None:
        """The life of one connection. Nothing it says is unpickled before it has proved to know the token."""
        try:
            deliver_challenge(pipe, self._token)
            answer_challenge(pipe, self._token)
        except (multiprocessing.AuthenticationError, EOFError, OSError, AssertionError):
            with contextlib.suppress(OSError):
                pipe.close()
            return
        peer = _Peer(pipe)
        with self._lock:
            number = next(self._numbers)
            self._peers[number] = peer
        try:
            while True:
                message = pipe.recv()
                if not isinstance(message, ToWorker):
                    break
                self._take(number, message)
        except Exception:
            # Closed, reset, or not in our words: in any case the end of this client.
            pass
        with self._lock:
            del self._peers[number]
        peer.close()
        self._take(number, None)


class _Peer:
    """One client's way out: a queue and the thread that empties it."""

    def __init__(self, pipe: Connection[Any, Any]) -> None:
        self._pipe = pipe
        self._queue: queue.SimpleQueue[list[FromWorker] | None] = queue.SimpleQueue()
        threading.Thread(target=self._write, name="answers", daemon=True).start()

    def send(self, messages: list[FromWorker]) -> None:
        if self._queue.qsize() < MOST_UNREAD:
            self._queue.put(messages)
        else:
            hang_up(self._pipe)

    def close(self) -> None:
        """After what is still to be said."""
        self._queue.put(None)

    def _write(self) -> None:
        while (messages := self._queue.get()) is not None:
            try:
                self._pipe.send(messages)
            except (OSError, ValueError):
                break
        with contextlib.suppress(OSError):
            self._pipe.close()
