"""What a hundred games in one process leave behind.

    python benchmarks/games.py [--games 100] [--scenario sandwich] [--model scripted:mix] [--json FILE]

Plays game after game in one application: from the title to the debrief and back, by keys, with the
a scripted agent, headless. After every tenth game the memory of the process
is read (RSS, once the garbage is collected), and how many screens, sessions, tasks and threads are
alive. The first ten games fill caches; flat is a last reading close to the one after them.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from textual.pilot import Pilot
from textual.widget import Widget

from game.play.session import Session
from game.play.start import Start
from game.settings import Settings
from game.tui.app import ParkbenchApp

PATIENCE = 300.0
"""Seconds in which a screen has to have come."""
EVERY = 10


@dataclass(frozen=True)
class Reading:
    """What is there after so many games."""

    games: int
    mb: float
    widgets: int
    sessions: int
    tasks: int
    threads: int
    objects: int


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    """Wait for something. Raises TimeoutError."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError(f"never came: {what}; on the screen is {pilot.app.screen}")
        await pilot.pause(0.005)


async def play(pilot: Pilot[None], scenario: str, keys: Sequence[str] = ()) -> None:
    """One game from the title to the debrief and back; `keys` are pressed in every phase before the next turn."""
    app = pilot.app

    def on(*names: str) -> bool:
        return type(app.screen).__name__ in names

    def choosing() -> bool:
        return getattr(app.screen, "phase", None) is not None

    app.brief(scenario)  # type: ignore[attr-defined]
    await until(pilot, lambda: on("BriefingScreen"), "the briefing")
    await pilot.press("enter")
    while not on("Notice"):
        await until(pilot, lambda: choosing() or on("Notice", "Permission"), "a phase")
        if on("Permission"):
            await pilot.press("l")
        elif choosing():
            await pilot.press(*keys, "n")
        await pilot.pause()
    await pilot.press("enter")
    await until(pilot, lambda: on("VerdictScreen"), "the verdict")
    await pilot.press("v")
    await until(pilot, lambda: on("DebriefScreen"), "the debrief")
    await pilot.press("2", "3", "4", "enter")
    await until(pilot, lambda: on("TitleScreen"), "the title")
    await pilot.pause()


def rss() -> float:
    """MB of this process that are in memory now; where the system does not say, the most there ever were."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 1024


def reading(games: int) -> Reading:
    """What there is, once the garbage is collected."""
    for _ in range(3):
        gc.collect()
    alive = gc.get_objects()
    return Reading(
        games,
        round(rss(), 1),
        sum(isinstance(x, Widget) for x in alive),
        sum(isinstance(x, Session) for x in alive),
        len(asyncio.all_tasks()),
        threading.active_count(),
        len(alive),
    )


async def games(
    model: str, count: int, say: Callable[[Reading], None], every: int = EVERY, scenario: str = "sandwich"
) -> list[Reading]:
    """Play so many games in one application, with a reading after every few of them."""
    found: list[Reading] = []
    app = ParkbenchApp(Start(model=model), pace=0, seeds=iter(range(1, count + 2)).__next__, settings=Settings())
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.seat is not None and app.seat.state == "ready", "an agent")
        for n in range(1, count + 1):
            await play(pilot, scenario)
            if n % every == 0:
                found.append(reading(n))
                say(found[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", type=int, default=100, help="how many (default 100)")
    parser.add_argument("--scenario", default="sandwich", help="its id, or a path (default sandwich)")
    parser.add_argument("--model", default="scripted:mix", help="who plays the agent (default scripted:mix)")
    parser.add_argument("--json", type=Path, help="also write the readings to this file")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["PARKBENCH_SAVES"] = home
        said = lambda r: print(r, file=sys.stderr, flush=True)  # noqa: E731
        found = asyncio.run(games(args.model, args.games, said, scenario=args.scenario))
    for r in found:
        print(f"{r.games:>4} games  {r.mb:>7.1f} MB  {r.widgets} widgets  {r.sessions} sessions  {r.tasks} tasks")
    if len(found) > 1:
        print(f"last over first: {found[-1].mb / found[0].mb:.3f}")
    if args.json:
        args.json.write_text(json.dumps([asdict(r) for r in found], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
