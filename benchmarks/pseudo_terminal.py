"""A program in a pseudo-terminal of its own: keys in, bytes out (Linux and macOS). Benchmarks and tests use it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ESCAPES = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[PX^_].*?\x1b\\|[@-Z\\-_])", re.DOTALL)


@dataclass
class Terminal:
    """A program at one end of a pty, and what it wrote."""

    process: subprocess.Popen[bytes]
    fd: int
    text: bytes = b""
    began: float = field(default_factory=time.monotonic)

    def read(self, seconds: float) -> bool:
        """Read what there is, waiting at most so long. False when the other end has closed."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            got = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += got
        return bool(got)

    def until(self, word: str, seconds: float = 30.0) -> float:
        """Seconds until `word` is on the screen in what is written from now on. Raises TimeoutError."""
        self.text = b""
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            alive = self.read(0.05)
            if word.encode() in ESCAPES.sub(b"", self.text):
                return time.monotonic() - start
            if not alive:
                break
        raise TimeoutError(f"{word!r} did not come: {ESCAPES.sub(b'', self.text)[-300:]!r}")

    def keep_reading(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.read(left):
            pass

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def ended(self, seconds: float = 20.0) -> float:
        """Seconds until the program has ended."""
        start = time.monotonic()
        while self.process.poll() is None and time.monotonic() - start < seconds:
            self.read(0.005)
        if self.process.poll() is None:
            raise TimeoutError("it did not end")
        return time.monotonic() - start


@contextlib.contextmanager
def started(*command: str, rows: int = 36, columns: int = 120, **environment: str) -> Iterator[Terminal]:
    """The game in a terminal. Its saves and what it remembers of a player are thrown away, unless `environment` names
    another place for them.
    """
    with tempfile.TemporaryDirectory() as home:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        own = {"PARKBENCH_SAVES": home, "PARKBENCH_LESSONS": str(Path(home) / "lessons.txt")}
        terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        env = {**os.environ, **terminal, **own, **environment}
        process = subprocess.Popen(
            [sys.executable, "-m", "game", *command],
            stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        try:
            yield Terminal(process, master)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(master)
