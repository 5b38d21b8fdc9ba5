"""Appending to a journal: whole lines only, and what was acknowledged is on the disk."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from pydantic_core import PydanticSerializationError

from game.errors import Failure, UserError
from game.events import Event, Header
from game.journal.read import Reader

_FLAGS = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Journal:
    """An open journal. `append` returns when its lines are on the disk (`sync`) or with the system.

    A save appends each event as it happens, a run all lines of an episode when it has ended.
    A failed append leaves the file as it was before it and raises `Failure`.
    """

    def __init__(self, path: Path, fd: int, size: int) -> None:
        self.path = path
        self._fd = fd
        self._size = size

    @classmethod
    def create(cls, path: Path, header: Header) -> Journal:
        """Begin a new file. Raises UserError if it is there already or cannot be written."""
        if path.exists():
            raise UserError(f"{path} is there already; name another file, or go on with it (--resume)")
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(part, _FLAGS | os.O_CREAT | os.O_EXCL, 0o644)
            journal = cls(path, fd, 0)
            try:
                journal._lock()
                journal._write(to_line(header))
                os.fsync(fd)
                if sys.platform == "win32":
                    # An open file can't be renamed there.
                    os.close(fd)
                    part.replace(path)
                    journal._fd = os.open(path, _FLAGS)
                else:
                    part.replace(path)
            except BaseException:
                journal.close()
                part.unlink(missing_ok=True)
                raise
        except OSError as e:
            raise UserError(f"{path}: cannot be written: {e.strerror or e}; name another place") from None
        return journal

    @classmethod
    def reopen(cls, path: Path) -> tuple[Journal, Reader, set[str]]:
        """Go on with a file: a torn tail (in a run also an episode without its end) is cut off.

        Returns the journal, the reader with its header and notes of what was dropped, and the
        ids of the episodes that have ended.
        """
        try:
            fd = os.open(path, _FLAGS)
        except OSError as e:
            raise UserError(f"{path}: cannot be written: {e.strerror or e}") from None
        journal = cls(path, fd, 0)
        try:
            journal._lock()
            reader = Reader(path)
            ended = {e.id for e in reader.episodes() if e.end is not None}
            journal._size = reader.good
            if path.stat().st_size > reader.good:
                os.truncate(path, reader.good)
                os.fsync(fd)
        except OSError as e:
            journal.close()
            raise UserError(f"{path}: cannot be written: {e.strerror or e}") from None
        except BaseException:
            journal.close()
            raise
        return journal, reader, ended

    def append(self, events: Iterable[Event], *, sync: bool = True) -> None:
        """Append these events as whole lines. With `sync` they survive a loss of power, too."""
        data = b"".join(to_line(e) for e in events)
        if not data:
            return
        try:
            self._write(data)
            if sync:
                os.fsync(self._fd)
        except OSError as e:
            self._back()
            raise Failure(
                f"{self.path}: {e.strerror or e}; everything before is safe in it: make room and go on (--resume)"
            ) from None

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]
        self._size += len(data)

    def _back(self) -> None:
        """Cut off what a failed write left behind. If even that fails, recovery does it."""
        try:
            os.truncate(self.path, self._size)
        except OSError:
            return

    def _lock(self) -> None:
        """Keep a second program from appending to the same file (where the system knows such locks)."""
        if sys.platform == "win32":
            return
        import fcntl

        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{self.path}: another parkbench is writing to it; wait for it, or stop it") from None
        except OSError:
            # A file system without locks.
            return

    def close(self) -> None:
        """Nothing more will be appended."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


def to_line(event: Event | Header) -> bytes:
    """One event as one line of JSON."""
    try:
        return event.model_dump_json().encode() + b"\n"
    except (PydanticSerializationError, UnicodeEncodeError):
        # Half of a surrogate pair, from a terminal or a model, has no place in UTF-8.
        text = json.dumps(event.model_dump(mode="python"), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace") + b"\n"
