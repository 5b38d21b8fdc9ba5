"""A week in plain mode: day after day in lines, the verdict on the bird, the summary."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace

from game import paths
from game.play import seat as seats
from game.play.envelope import opener
from game.play.lessons import Lessons, teaches
from game.play.lines import Left, Lines, saved, until_left
from game.play.plain_game import game, sit_down
from game.play.plain_interview import after, before
from game.play.plain_words import brief_lines
from game.play.week import Week
from game.play.week_words import day_lines, envelope_lines, evening_lines, rule_lines, short, summary_lines


def play_week_plain(week: Week) -> int:
    """A week on standard input and output, new or saved. Returns the exit code."""
    return asyncio.run(_play(week))


def seat_for(week: Week) -> seats.Seat:
    """The seat of the week's agent; one from an envelope is called that."""
    envelope = week.envelope
    return seats.Seat(week.plan.model, opener(envelope)) if envelope is not None else seats.Seat(week.plan.model)


async def _play(week: Week) -> int:
    lines = Lines(sys.stdin, sys.stdout)
    seat = seat_for(week)

    def left() -> None:
        if week.path is not None:
            saved(lines, week.path)

    try:
        with until_left(lines, left):
            seat.open()
            for note in week.notes:
                lines.say(f"Note: {note}.")
            _begin(lines, week)
            while not week.over and week.day < len(week.campaign.days):
                await _day(lines, week, seat)
            if week.envelope is not None:
                week.reveal()
            lines.say()
            for row in summary_lines(week):
                lines.say(row)
        return 0
    finally:
        week.close()
        await seat.close()


def _begin(lines: Lines, week: Week) -> None:
    c = week.campaign
    told = [c.title, "", c.summary, ""] if week.path is None and not week.alone else [c.title]
    for row in [*told, *rule_lines(week), *envelope_lines(week)]:
        lines.say(row)


async def _day(lines: Lines, week: Week, seat: seats.Seat) -> None:
    """One day from its morning to its debrief. Raises Left."""
    opening = week.opening()
    if opening.path is None:
        lines.say()
        for row in [*day_lines(week), "", *brief_lines(opening)]:
            lines.say(row)
        opening = await before(lines, opening, seat)
        week.begin_save(time.time())
        opening = replace(week.opening(), before=opening.before)
    left: Left | None = None
    if seat.state == "loading":
        lines.say("The agent is being loaded.")
    chair = await seat.chair()
    lessons = Lessons(paths.lessons()) if week.day == 0 and teaches(opening) else None
    session = sit_down(lines, opening, chair, lessons=lessons)
    try:
        if week.save_error:
            lines.say(f"This week is not saved: {week.save_error}.")

        async def who() -> None:
            if week.asks_who:
                week.guessed(await _who(lines, week))

        await game(lines, session, lessons, who)
        try:
            await after(lines, session)
        except Left as e:
            # The day is over all the same.
            left = e
        week.day_over(session)
    finally:
        session.close()
    lines.say()
    for row in evening_lines(week):
        lines.say(row)
    if left is not None and week.day < len(week.campaign.days):
        raise left


async def _who(lines: Lines, week: Week) -> dict[str, float]:
    """A weight for each name in the envelope."""
    assert week.envelope is not None
    lines.say()
    lines.say("Who is it? Give each a weight from 0 to 100 (Enter for 0); they are made to sum to 100%.")
    weights: dict[str, float] = {}
    for name in week.envelope.names:
        while True:
            answer = (await lines.ask(f"  {short(name)}, {seats.raised(name)}:")).rstrip("% ")
            if not answer or (answer.isdecimal() and int(answer) <= 100):
                weights[name] = float(answer or 0)
                break
            lines.say("A whole number from 0 to 100, please.")
    return weights
