"""A player's record: every verdict over all games, read from the saves themselves.

Nothing is kept beside the saves that could disagree with them. A save that was damaged is named and left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from game.errors import UserError
from game.events import Branch, EpisodeEnd, Guessed, Header, Revealed, Scored, Verdict
from game.journal.read import Line, Reader
from game.play.debrief import agent_told
from game.play.envelope import ENVELOPE
from game.play.hot_seat import HUMAN
from game.play.saves import Setup, setup_of
from game.referee.calibration import Judgement, Point, curve, mean_brier
from game.referee.score import GUESS, PARTS
from game.text import one_line

Apart = Literal["", "what if", "a person", "no copies", "open"]
"""Why a game is no part of the curve; empty for one that is."""


@dataclass(frozen=True)
class Judged:
    """One question of a verdict: what was said, and the share of the copies that did it (None: no copy shows)."""

    item: str
    said: float
    was: float | None


@dataclass(frozen=True)
class Game:
    """One verdict: of a game, or of a branch that was played after its debrief."""

    save: str
    """The save's file name."""
    created: str
    """When the game was begun, as its save has it (ISO 8601)."""
    scenario: str
    agent: str
    total: int | None
    """Points; None before the copies have played."""
    most: int
    parts: dict[str, int]
    """Points by part, as `referee.score.PARTS` names them."""
    copies: int
    judged: tuple[Judged, ...]
    apart: Apart = ""
    week: str = ""
    """The journal of its week, if it is a day of one."""

    @property
    def pairs(self) -> list[tuple[float, float]]:
        """What was said and what came, where both are known."""
        return [(j.said, j.was) for j in self.judged if j.was is not None]

    @property
    def brier(self) -> float | None:
        """Mean squared distance between said and happened, in [0, 1]."""
        return mean_brier(self.pairs)


@dataclass(frozen=True)
class Bird:
    """One verdict on who was in an envelope."""

    save: str
    created: str
    campaign: str
    name: str
    said: float
    """The probability that was given to the right name."""
    among: int
    points: int
    most: int = GUESS


@dataclass(frozen=True)
class Record:
    """All verdicts in a folder of saves, newest first, and what could not be read."""

    folder: Path
    games: tuple[Game, ...] = ()
    birds: tuple[Bird, ...] = ()
    damaged: tuple[str, ...] = ()
    """A line for each save that was left out: which, and why."""

    @property
    def counted(self) -> list[Game]:
        """Games whose verdict was given before anything of the truth was told, and could be measured."""
        return [g for g in self.games if not g.apart]

    @property
    def judgements(self) -> list[Judgement]:
        return [Judgement(said, was, g.save) for g in self.counted for said, was in g.pairs]

    @property
    def curve(self) -> list[Point]:
        return curve(self.judgements)

    @property
    def brier(self) -> float | None:
        """Mean squared distance over all judgements, in [0, 1]; None without any."""
        return mean_brier([(j.said, j.was) for j in self.judgements])

    @property
    def brier_of_a_coin(self) -> float | None:
        """What saying 50 % to everything would have had."""
        return mean_brier([(0.5, j.was) for j in self.judgements])


def read_record(folder: Path) -> Record:
    """The record of a folder of saves; an empty one where there is no such folder. Raises UserError."""
    games: list[Game] = []
    birds: list[Bird] = []
    damaged: list[str] = []
    names: dict[str, str] = {}
    try:
        files = sorted(p for p in folder.glob("*.jsonl") if p.is_file()) if folder.is_dir() else []
    except OSError as e:
        raise UserError(f"{folder}: cannot be read: {e.strerror or e}") from None
    for path in files:
        try:
            reader = Reader(path)
            if reader.header.kind == "save":
                games += _games(reader)
            elif reader.header.kind == "week":
                bird = _bird(reader)
                if bird is not None:
                    birds.append(bird)
                    names[path.name] = bird.name
        except UserError as e:
            damaged.append(one_line(str(e).replace(str(path), path.name), 300))
    # An open envelope says who played its days.
    games = [replace(g, agent=names.get(g.week, g.agent)) if g.agent == ENVELOPE else g for g in games]
    # The sort is stable: of one save the game comes before its branches.
    games.sort(key=_when, reverse=True)
    birds.sort(key=_when, reverse=True)
    return Record(folder, tuple(games), tuple(birds), tuple(damaged))


@dataclass
class _Open:
    """One episode while its lines are read."""

    end: EpisodeEnd | None = None
    verdict: Verdict | None = None
    scored: Scored | None = None
    branch: bool = False


def _games(reader: Reader) -> list[Game]:
    """The verdicts of one save; the game's own first. Raises UserError if it was damaged."""
    setup = setup_of(reader.header, reader.path)
    found: dict[str, _Open] = {}
    judged: list[str] = []
    for line in reader.only("branch", "episode_end", "verdict", "scored"):
        event = line.event
        if isinstance(event, Header):
            raise UserError(f"{reader.path}:{line.number}: a second header; two files were joined here")
        one = found.setdefault(event.episode, _Open())
        if isinstance(event, Branch):
            one.branch = True
        elif isinstance(event, EpisodeEnd):
            one.end = event
        elif isinstance(event, Verdict):
            one.verdict = event
            judged.append(event.episode)
        elif isinstance(event, Scored):
            _points(reader.path, line, event.parts)
            one.scored = event
    order = dict.fromkeys(judged)
    return [_game(reader, setup, found[name], first=n == 0) for n, name in enumerate(order)]


def _game(reader: Reader, setup: Setup, one: _Open, *, first: bool) -> Game:
    assert one.verdict is not None
    scored, end = one.scored, one.end
    rates = scored.fork_rates if scored else {}
    parts = {name: round(scored.parts[name]) for name in PARTS if name in scored.parts} if scored else {}
    agent = agent_told(end.model, end.seed) if end is not None and scored is not None else setup.model
    apart: Apart = ""
    if agent == HUMAN:
        apart = "a person"
    elif scored is None:
        apart = "open"
    elif not first or one.branch:
        apart = "what if"
    elif not rates:
        apart = "no copies"
    return Game(
        save=reader.path.name,
        created=reader.header.created,
        scenario=end.scenario if end is not None else Path(setup.scenario).name,
        agent=agent,
        total=scored.total if scored else None,
        most=sum(PARTS[name] for name in parts),
        parts=parts,
        copies=scored.forks if scored else 0,
        judged=tuple(Judged(i, p, rates.get(i)) for i, p in one.verdict.forecast.items()),
        apart=apart,
        week=setup.week,
    )


def _bird(reader: Reader) -> Bird | None:
    """What was said of an envelope, once it is open."""
    guess: Mapping[str, float] = {}
    told: Revealed | None = None
    for line in reader.only("guessed", "revealed"):
        if isinstance(line.event, Guessed):
            guess = line.event.forecast
        elif isinstance(line.event, Revealed):
            told = line.event
    if told is None:
        return None
    campaign = reader.header.settings.get("campaign")
    name = str(campaign.get("id", "")) if isinstance(campaign, dict) else ""
    said = guess.get(told.name, 1 / len(guess) if guess else 0.0)
    return Bird(reader.path.name, reader.header.created, name, told.name, said, len(guess), told.points)


def _when(row: Game | Bird) -> tuple[str, str]:
    return row.created, row.save


def _points(path: Path, line: Line, parts: Mapping[str, float]) -> None:
    for part, points in parts.items():
        if not math.isfinite(points) or abs(points) > 1000:
            raise UserError(f"{path}:{line.number}: {one_line(part, 40)} has {points} points; it was changed")
