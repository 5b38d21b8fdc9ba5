"""How often the model's process may be killed while somebody plays, and the game goes on.

    python benchmarks/kills.py [--times 50] [--model models/egg.gguf] [--seed 1] [--json FILE]

Plays games by keys, in the application itself without a terminal, and kills the worker of the engine
over and over: while it loads, while nobody is asking it anything, in the middle of a decision, of a
probe, of an interview, and of the copies that play behind a verdict. After each the game has to come
to its next phase (or its debrief); at the end of every game its save is read and
played again. Ends with 1 where one of them did not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from textual.pilot import Pilot

from game.agents.chair import Chair, open_agent
from game.events import EpisodeEnd
from game.journal.read import Reader
from game.journal.verify import verify
from game.play.start import Start
from game.scenario.find import find
from game.table.forks import MOST
from game.tui.app import ParkbenchApp

PATIENCE = 300.0
"""Seconds in which a game has to have gone on."""
MOMENTS = ("loading", "idle", "first token", "mid-decision", "probe", "interview", "copies")
SCENARIO = "sandwich"


class Killer:
    """Kills the engine's process, now or when so many tokens of the next answer have come."""

    def __init__(self) -> None:
        self.chair: Chair | None = None
        self.kills: Counter[str] = Counter()
        self._after: int | None = None
        self._moment = ""

    def now(self, moment: str) -> None:
        """Kill what is there. Raises RuntimeError where there is nothing to kill."""
        pid = self._pid()
        if pid is None:
            raise RuntimeError(f"no engine to kill ({moment})")
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self.kills[moment] += 1

    def _pid(self) -> int | None:
        agent = self.chair.agent if self.chair is not None else None
        client = getattr(agent, "_client", None)
        return client.process_id if client is not None else None

    @property
    def armed(self) -> bool:
        return self._after is not None

    def arm(self, moment: str, tokens: int) -> None:
        """Kill after so many pieces of the next answer; 0 kills as soon as it was asked for."""
        self._moment, self._after = moment, tokens

    def asked(self) -> None:
        """An answer was asked for; if the engine is dead already, that kill is still to come."""
        if self._after == 0 and self.chair is not None and self.chair.alive():
            self._fire()

    def piece(self) -> None:
        """A piece of an answer has come."""
        if self._after is not None:
            self._after -= 1
            if self._after <= 0:
                self._fire()

    def _fire(self) -> None:
        self._after = None
        self.now(self._moment)

    @contextlib.asynccontextmanager
    async def open(self, name: str) -> AsyncIterator[Chair]:
        """An opener for the application: the real agent, whose client tells us when it is asked."""
        async with open_agent(name) as chair:
            self.chair = chair
            client = chair.agent._client  # type: ignore[attr-defined]
            answer = client.answer

            async def watched(*args: object, **more: object) -> AsyncIterator[object]:
                stream = answer(*args, **more)
                async with contextlib.aclosing(stream):
                    self.asked()
                    async for piece in stream:
                        yield piece
                        self.piece()

            client.answer = watched
            yield chair


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> float:
    """Seconds until something has happened. Raises TimeoutError."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > PATIENCE:
            seat = getattr(pilot.app, "seat", None)
            chair = f"{seat.state} {seat.says}" if seat is not None else "empty"
            raise TimeoutError(f"never came: {what}; on the screen is {pilot.app.screen}, the chair is {chair}")
        await pilot.pause(0.02)
    await pilot.pause()
    return time.monotonic() - began


class Game:
    """One game by keys, in which the engine dies."""

    def __init__(self, pilot: Pilot[None], killer: Killer, rng: random.Random) -> None:
        self.pilot, self.killer, self.rng = pilot, killer, rng
        self.seconds: list[float] = []
        """From each kill until the game had gone on."""

    def on(self, name: str) -> bool:
        return type(self.pilot.app.screen).__name__ == name

    async def screen(self, name: str) -> None:
        await until(self.pilot, lambda: self.on(name), name)

    def _choosing(self, turn: int) -> bool:
        phase = getattr(self.pilot.app.screen, "phase", None)
        return phase is not None and phase.turn >= turn

    async def sit_down(self, *, kill: bool) -> None:
        """From the briefing to the first phase; the engine may die before the table has asked it anything."""
        pilot = self.pilot
        await until(pilot, lambda: pilot.app.seat is not None and pilot.app.seat.state == "ready", "an agent")  # type: ignore[attr-defined]
        await self.screen("BriefingScreen")
        if kill:
            self.killer.now("idle")
        await pilot.press("enter")
        await self.go_on(1, asks=kill)

    async def go_on(self, turn: int, *, asks: bool) -> None:
        """To the phase of a turn. Where the engine died, the game asks, and starts it again."""
        began = time.monotonic()
        while not self._choosing(turn) and not self.on("Notice"):
            await until(
                self.pilot,
                lambda: self._choosing(turn) or self.on("Confirm") or self.on("Permission") or self.on("Notice"),
                f"the phase of turn {turn}",
            )
            if self.on("Confirm"):
                await self.pilot.press("y")
            elif self.on("Permission"):
                await self.pilot.press("l")
            await self.pilot.pause(0.05)
        if self.on("Permission"):
            await self.pilot.press("l")
        if asks:
            self.seconds.append(time.monotonic() - began)

    async def to_the_end(self, moments: list[str]) -> None:
        """Turn by turn, with one of these moments in each as long as there are any."""
        turn = 1
        while not self.on("Notice"):
            moment = moments.pop(0) if moments and moments[0] != "copies" else ""
            if moment in ("probe", "interview") and self._card(moment):
                await self._ask(moment, turn)
            elif moment == "idle":
                self.killer.now("idle")
            elif moment:
                self.killer.arm(moment, 0 if moment == "first token" else self.rng.randrange(2, 6))
            turn += 1
            await self.pilot.press("n")
            await self.go_on(turn, asks=moment not in ("", "probe", "interview"))
        await self.pilot.press("enter")
        await self.screen("VerdictScreen")

    def _card(self, card: str) -> bool:
        offers = self.pilot.app.screen.phase.offers  # type: ignore[attr-defined]
        return any(o.card == card and not o.why_not for o in offers)

    async def _ask(self, card: str, turn: int) -> None:
        self.killer.arm(card, self.rng.randrange(0, 3))
        await self.pilot.press(*(("p",) if card == "probe" else ("i", "1")))
        while self.killer.armed:
            await until(self.pilot, lambda: not self.killer.armed or self.on("Confirm"), f"a {card}")
            if self.killer.armed:
                # The last kill came when its answer was whole: the engine is found dead only now.
                await self.pilot.press("y")
                await until(self.pilot, lambda: not self.on("Confirm"), "an engine")
        await self.go_on(turn, asks=True)

    async def verdict(self, *, kill: bool) -> None:
        """Hand it in; the engine may die under the copies."""
        if kill:
            self.killer.arm("copies", self.rng.randrange(5, 60))
        began = time.monotonic()
        await self.pilot.press("v")
        while not self.on("DebriefScreen"):
            await until(self.pilot, lambda: self.on("Notice") or self.on("DebriefScreen"), "the debrief")
            if self.on("Notice"):
                await self.pilot.press("enter")
                await self.pilot.pause(0.05)
        if kill:
            self.seconds.append(time.monotonic() - began)


async def loading(model: str, killer: Killer, rng: random.Random) -> float:
    """The engine dies while it loads: the title says so, and another try sits it down. Seconds that it took."""
    from game.engine.link import Own

    app = ParkbenchApp(Start(model=model), pace=0, opener=killer.open)
    start, shot = Own.start, False

    def shooting(link: Own) -> None:
        nonlocal shot
        start(link)
        if not shot and link.process_id is not None:
            shot = True
            os.kill(link.process_id, getattr(signal, "SIGKILL", signal.SIGTERM))
            killer.kills["loading"] += 1

    Own.start = shooting  # type: ignore[method-assign]
    try:
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: app.seat is not None and app.seat.state != "loading", "the end of loading")
            assert app.seat is not None
            if app.seat.state != "failed":
                raise RuntimeError("it loaded, although it was killed")
            began = time.monotonic()
            await pilot.press("m")
            await until(pilot, lambda: type(app.screen).__name__ == "Pick", "the choice of an agent")
            await pilot.press("1")
            await until(pilot, lambda: app.seat is not None and app.seat.state == "ready", "an agent")
            return time.monotonic() - began
    finally:
        Own.start = start  # type: ignore[method-assign]


async def game(model: str, seed: int, killer: Killer, moments: list[str], rng: random.Random) -> list[float]:
    """One game to its debrief, with a kill at each of these moments. Returns the seconds after each."""
    app = ParkbenchApp(Start(scenario=SCENARIO, model=model, seed=seed), pace=0, opener=killer.open)
    async with app.run_test(size=(100, 30)) as pilot:
        one = Game(pilot, killer, rng)
        first = moments[:1] == ["idle"] and bool(moments.pop(0))
        await one.sit_down(kill=first)
        copies = "copies" in moments
        await one.to_the_end([m for m in moments if m != "copies"])
        await one.verdict(kill=copies)
        session = app.session
        assert session is not None
        path = session.path
        assert path is not None
        if copies and session.forks_counted < MOST:
            raise RuntimeError(f"only {session.forks_counted} of {MOST} copies played to their end")
    (episode,) = Reader(path).episodes()
    assert isinstance(episode.end, EpisodeEnd)
    if episode.end.status not in ("completed", "stopped", "looping"):
        raise RuntimeError(f"the game ended {episode.end.status}: {episode.end.reason}")
    diverges = await verify(episode.events, find)
    if diverges is not None:
        raise RuntimeError(f"the save does not play again: {diverges}")
    return one.seconds


async def kills(model: str, times: int, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Games until the engine has died `times` times. Raises where one does not go on."""
    rng = random.Random(seed)
    killer = Killer()
    seconds: list[float] = []
    games = 0
    while killer.kills.total() < times:
        left = times - killer.kills.total()
        if games % 3 == 0:
            seconds.append(await loading(model, killer, rng))
            left -= 1
        chosen = ["idle", "first token", "mid-decision", "interview", "mid-decision", "probe", "copies"][:left]
        if chosen:
            seconds += await game(model, seed + games, killer, chosen, rng)
        games += 1
        say(f"{killer.kills.total()} of {times}: game {games}, {dict(killer.kills)}")
    return {
        "kills": killer.kills.total(),
        "games": games,
        "moments": dict(killer.kills),
        "median_s": statistics.median(seconds),
        "worst_s": max(seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50, help="kills (default 50)")
    parser.add_argument("--model", default="egg", help="a name or a path to a GGUF (default egg)")
    parser.add_argument("--seed", type=int, default=1, help="of the first game, and of the moments")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["PARKBENCH_SAVES"] = home
        found = asyncio.run(
            kills(args.model, args.times, args.seed, lambda text: print(text, file=sys.stderr, flush=True))
        )
    for name, value in found.items():
        print(f"{name:10} {value:.1f}" if isinstance(value, float) else f"{name:10} {value}")
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
