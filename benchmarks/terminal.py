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
import json
import re
import statistics
import time
from pathlib import Path

from pseudo_terminal import started


def family(pid: int) -> list[int]:
    """A process and all below it (Linux)."""
    out = [pid]
    # One that ends meanwhile has none.
    with contextlib.suppress(OSError):
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
    """Plays `sandwich`: help opened again and again while the agent's turns come, then quits in a turn.

    "n" is pressed whether the turn is over or not: where it is not, it does nothing.
    """
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
                screen.keep_reading(0.5)  # Esc waits whether a sequence follows; a key too soon is another key.
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
