"""How the game feels at a terminal, as its bytes show it through a pty (Linux and macOS).

    python benchmarks/terminal.py [--model models/egg.gguf] [--json FILE]

Starts the game as a player would and measures, each from a key or a start to bytes on the screen:
the title; help opening while the model decodes (the 95th percentile of many); quitting in the
middle of a decode; and, on Linux, the memory of all its processes (PSS, so that shared pages count
once). Every run has its own empty saves.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import statistics
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
def started(*command: str, rows: int = 36, columns: int = 120) -> Iterator[Terminal]:
    """The program in a terminal of its own, with saves in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as home:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "PARKBENCH_SAVES": home, "COLORTERM": "truecolor"}
        process = subprocess.Popen(
            [sys.executable, "-m", "game", *command],
            stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        try:
            yield Terminal(process, master)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(master)


def family(pid: int) -> list[int]:
    """A process and all below it (Linux)."""
    out = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            out += family(int(child))
    return out


def memory(pid: int) -> float | None:
    """MB that a process and all below it hold; None where the system does not say."""
    if not Path("/proc/self/smaps_rollup").exists():
        return None
    kilobytes = 0
    for one in family(pid):
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{one}/smaps_rollup").read_text(), re.MULTILINE)
        kilobytes += int(found[1]) if found else 0
    return kilobytes / 1024


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of them lie (the nearest one that was measured)."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def title(times: int) -> list[float]:
    """Seconds from the start of the program to its title."""
    out = []
    for _ in range(times):
        with started() as screen:
            screen.until("The sandwich")
            out.append(time.monotonic() - screen.began)
            screen.press("q")
            screen.ended()
    return out


def game(model: str, presses: int) -> dict[str, float | None]:
    """Plays `sandwich`: help opened again and again while the agent's turns come, then quits in a turn."""
    latencies: list[float] = []
    with started("play", "sandwich", "--model", model, "--seed", "3") as screen:
        screen.until("Begin")
        screen.press("\r")
        screen.until("Your turn", 120)
        while len(latencies) < presses:
            screen.press("n")
            for _ in range(4):
                screen.press("?")
                latencies.append(screen.until("Enter or Esc: close"))
                screen.press("\x1b")
                screen.keep_reading(0.2)
            screen.until("Your turn", 120)
        held = memory(screen.process.pid)
        screen.press("n")
        screen.keep_reading(0.1)
        screen.press("\x11")
        return {
            "key_median_ms": 1000 * statistics.median(latencies),
            "key_p95_ms": 1000 * percentile(latencies, 0.95),
            "quit_ms": 1000 * screen.ended(),
            "memory_mb": held,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="egg", help="a name or a path to a GGUF (default egg)")
    parser.add_argument("--presses", type=int, default=40, help="keys to time (default 40)")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    args = parser.parse_args()
    found: dict[str, float | None] = {"title_ms": 1000 * statistics.median(title(5))}
    found |= game(args.model, args.presses)
    for name, value in found.items():
        print(f"{name:16} {'not measured here' if value is None else f'{value:.0f}'}")
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
