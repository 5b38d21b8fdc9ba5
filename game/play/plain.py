"""Plain mode: the same game as lines of text, for pipes and screen readers. No cursor moves, no spinners."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys

from game import paths
from game.play import seat as seats
from game.play.hot_seat import HUMAN
from game.play.lessons import Lessons, teaches
from game.play.lines import Left, Lines, saved, until_left
from game.play.plain_game import game, sit_down
from game.play.plain_hot_seat import plain_seat
from game.play.plain_interview import after, before
from game.play.plain_words import brief_lines
from game.play.saves import Setup
from game.play.session import Opening, Session, new_game, saved_game
from game.play.start import Start
from game.scenario.find import shipped
from game.scenario.load import load


def play_plain(start: Start) -> int:
    """A whole game on standard input and output; a facilitator may force beats. Returns the exit code."""
    return asyncio.run(_play(start))


async def _play(start: Start) -> int:
    lines = Lines(sys.stdin, sys.stdout)
    seat: seats.Seat | None = None
    session: Session | None = None

    def left() -> None:
        if session is not None and session.path is not None:
            saved(lines, session.path)
        elif session is not None:
            lines.say("This game was not saved.")

    try:
        with until_left(lines, left):
            opening = saved_game(start.resume) if start.resume is not None else await _new(lines, start)
            person = opening.setup.model == HUMAN
            seat = seats.Seat(HUMAN, plain_seat(lines)) if person else seats.Seat(opening.setup.model)
            seat.open()
            if start.resume is None:
                for row in brief_lines(opening):
                    lines.say(row)
                opening = await before(lines, opening, seat)
            if seat.state == "loading" and not person:
                lines.say(f"{seat.called} is being loaded.")
            lessons = Lessons(paths.lessons()) if teaches(opening) and not start.facilitator else None
            chair = await seat.chair()
            session = sit_down(lines, opening, chair, facilitator=start.facilitator, lessons=lessons)
            await game(lines, session, lessons)
            with contextlib.suppress(Left):
                await after(lines, session)
        return 0
    finally:
        if session is not None:
            session.close()
        if seat is not None:
            await seat.close()


async def _new(lines: Lines, start: Start) -> Opening:
    """A new game, of the scenario that is chosen now if none was named. Raises Left, UserError."""
    scenario = start.scenario or await _choose(lines)
    seed = random.randrange(1, 1_000_000) if start.seed is None else start.seed
    model = start.model or seats.default_model()
    return new_game(Setup(scenario, model, seed, dict(start.factors), truncation=start.truncation))


async def _choose(lines: Lines) -> str:
    lines.say("parkbench. You leave an agent running in a sandbox and go out for lunch. Your phone buzzes.")
    found = [(p.name, load(p).scenario) for p in shipped()]
    options = [(name, f"{s.title}. {s.summary}") for name, s in sorted(found, key=lambda x: x[1].difficulty)]
    while True:
        chosen = await lines.pick(options, "Which bench?")
        if chosen:
            return chosen
