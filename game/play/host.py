"""What a facilitator holds beside a game: pause and step, a timer for the players' phase, the room's votes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from game import paths
from game.errors import UserError
from game.events import AgentTurn, Event, Propensities
from game.journal.read import Reader, lineage
from game.journal.verify import NOT_PLAYED, table_for
from game.play.reel import Step, reel
from game.play.saves import Setup, setup_of
from game.play.words import card_name, drive_name, percent
from game.scenario.find import find
from game.scenario.load import Loaded
from game.scenario.schema import DRIVES
from game.table.scene import Scene
from game.text import one_line
from game.world.beats import to_come
from game.world.words import fill

TIMES = (0, 30, 60, 90, 120, 180, 300)
"""Seconds for a phase that the timer goes through; 0 is no timer."""
ROOM = "room"
"""The row of a tally that says how many people there are."""
MOST_CHANCES = 6
WORTH_TELLING = 0.005
"""A lesser chance is written as 0%, and says nothing."""


@dataclass
class Host:
    """Nothing here ends a phase or plays a card: a pause holds the next turn back, and the timer only shows."""

    clock: Callable[[], float] = time.monotonic
    paused: bool = False
    seconds: int = 0
    """How long a phase should take; 0: no timer."""
    cards: dict[str, int] = field(default_factory=dict)
    """Votes for the next card."""
    hands: dict[str, int] = field(default_factory=dict)
    """For the verdict: how many are in the room, and how many raise a hand for each question."""
    _turn: int = 0
    _since: float = 0.0
    _go: asyncio.Event = field(default_factory=asyncio.Event)

    async def gate(self) -> None:
        """Returns when the next turn may begin."""
        while self.paused:
            await self._go.wait()
            self._go.clear()
            if self.paused:
                # One step was asked for.
                return

    def pause(self) -> None:
        """Hold the next turn back, or let the game go on."""
        self.paused = not self.paused
        if not self.paused:
            self._go.set()
        else:
            self._go.clear()

    def step(self) -> None:
        """Paused as it is, let one turn begin."""
        self._go.set()

    def next_time(self) -> None:
        """The timer's next length, counted from now."""
        self.seconds = TIMES[(TIMES.index(self.seconds) + 1) % len(TIMES)]
        self._since = self.clock()

    def phase(self, turn: int) -> None:
        """The players' phase of a turn is on: the timer begins with it, and the room has not voted yet."""
        if turn != self._turn:
            self._turn, self._since = turn, self.clock()
            self.cards = {}

    @property
    def left(self) -> int | None:
        """Seconds that are left of the phase; None without a timer."""
        return max(0, self.seconds - int(self.clock() - self._since)) if self.seconds else None

    def table_line(self, playing: bool) -> str:
        """What the players see of it at the table; `playing`: it is their phase."""
        parts = ["❚❚ paused: the next turn waits"] if self.paused else []
        left = self.left
        if left is not None and playing:
            parts.append(f"time {left // 60}:{left % 60:02}" if left else "time is up")
        said = ", ".join(f"{card_name(c)} {n}" for c, n in ranked(self.cards))
        return "   ".join([*parts, *([f"the room: {said}"] if said else [])])

    def verdict_line(self) -> str:
        """What the players see of it at the verdict."""
        said = ", ".join(f"{drive_name(i)} {percent(p)}" for i, p in self.verdict().items())
        return f"the room ({self.hands[ROOM]}): {said}" if said else ""

    def verdict(self) -> dict[str, float]:
        """The share of hands for each question; empty before the room was counted."""
        people = self.hands.get(ROOM, 0)
        return {i: min(1.0, n / people) for i, n in self.hands.items() if i != ROOM} if people else {}


def ranked(votes: Mapping[str, int]) -> list[tuple[str, int]]:
    """What got votes, most first."""
    return sorted(((c, n) for c, n in votes.items() if n), key=lambda x: -x[1])


def votes_note(votes: Mapping[str, int]) -> str:
    """Votes as the journal keeps them."""
    return ", ".join(f"{card_name(c)} {n}" for c, n in votes.items() if n) or "none"


# --- the truth, for the facilitator alone ---


@dataclass(frozen=True)
class Known:
    """A game as far as it has come: what a facilitator sees of it."""

    loaded: Loaded
    steps: list[Step]
    decided: list[AgentTurn]
    """Its decisions so far."""

    @property
    def last(self) -> AgentTurn | None:
        return self.decided[-1] if self.decided else None

    @property
    def scene(self) -> Scene | None:
        return self.steps[-1].scene if self.steps else None

    @property
    def turn(self) -> int:
        """The turn that is on; after the end the last that was played."""
        ended = [s.turn for s in self.steps if any(kind == "end" for kind, _ in s.told)]
        return ended[-1] if ended else self.scene.world.turn if self.scene is not None else 1


async def known(events: list[Event], loaded: Loaded) -> Known:
    """Play the record again as far as it goes. Raises UserError where it does not fit."""
    played = [e for e in events if getattr(e, "type", "") not in NOT_PLAYED]
    if not played:
        return Known(loaded, [], [])
    steps = [step async for step in reel(table_for(played, loaded), played)]
    return Known(loaded, steps, [e for e in played if isinstance(e, AgentTurn)])


def chances(turn: AgentTurn) -> list[str]:
    """How likely its moves were at its last decision, likeliest first, and which drives they would have shown."""
    if turn.propensities is None:
        return ["not known for this agent"]
    return [*_moves(turn.propensities), *_drives(turn.drive_propensities)]


def _moves(p: Propensities) -> list[str]:
    best = sorted(zip(p.p_play, p.moves, strict=True), key=lambda x: -x[0])
    told = [(share, move) for share, move in best[:MOST_CHANCES] if share >= WORTH_TELLING]
    rows = [f"{percent(share)} {one_line(move, 60)}" for share, move in told]
    others = len(best) - len(told)
    rest = sum(share for share, _ in best[len(told) :])
    share = percent(rest) if rest >= WORTH_TELLING else "under 1%"
    return [*rows, f"{others} other moves, together {share}"] if others else rows


def _drives(by_drive: Mapping[str, float]) -> list[str]:
    """Groups are left out: each says again what its drives say."""
    told = [(d, p) for d, p in by_drive.items() if d in DRIVES and p >= WORTH_TELLING]
    return [f"{drive_name(d)}: {percent(p)} in all" for d, p in sorted(told, key=lambda x: -x[1])]


def beats(scene: Scene) -> list[tuple[str, str]]:
    """The beats that are still to come: name, and when and what in words."""
    out = []
    for name in to_come(scene.world):
        beat = scene.world.scenario.beats[name]
        when = [f"from turn {beat.at}"] if beat.at is not None else []
        when += ["on a condition"] if beat.when is not None else []
        says = one_line(fill(scene.world, beat.says, f"beat.{name}"), 120)
        out.append((name, f"{drive_name(name)} ({', '.join(when)}): {says or 'nothing is said'}"))
    return out


# --- a second terminal ---


def newest() -> Path | None:
    """The save that was written to last; a week's days are games, too."""
    folder = paths.saves()
    files = sorted(folder.glob("*.jsonl"), key=lambda p: p.stat().st_mtime, reverse=True) if folder.is_dir() else []
    for path in files:
        try:
            if Reader(path).header.kind == "save":
                return path
        except UserError:
            continue
    return None


class Follower:
    """Reads a save that another program writes. It takes no lock and writes nothing: the game never waits for it."""

    def __init__(self, path: Path | None) -> None:
        """`path`: None follows the newest save, whichever that is."""
        self._path = path
        self.path: Path | None = None
        self._growing: tuple[Path, int] | None = None
        self._state: tuple[Path, int] | None = None

    async def look(self) -> Known | None:
        """The game as it stands in the save; None if nothing is new. Raises UserError.

        A save that has grown since the last look is left to grow: what belongs together is written line by line.
        """
        path = self._path or newest()
        if path is None:
            return None
        try:
            state = (path, path.stat().st_size)
        except OSError as e:
            raise UserError(f"{path}: cannot be read: {e.strerror or e}") from None
        still, self._growing = state == self._growing, state
        if state == self._state or not still:
            return None
        reader = Reader(path)
        setup: Setup = setup_of(reader.header, path)
        episodes = {e.id: e for e in reader.episodes()}
        events = lineage(episodes, list(episodes)[-1]) if episodes else []
        found = await known(events, find(setup.scenario))
        self.path, self._state = path, state
        return found
