"""The interview in lines: `ask` lists the questions, `ask 2` puts the second, `ask why?` asks in your own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from game.errors import UserError
from game.events import Interviewed
from game.play.interview import Aside, questions, said
from game.play.lines import Lines
from game.play.plain_wait import waiting_lines
from game.play.plain_words import said_lines
from game.play.session import Opening, Session
from game.scenario.deal import deal
from game.table.episode import opening_scene

if TYPE_CHECKING:
    from game.play.seat import Seat

HOW = "ask lists its questions, ask 2 puts the second, ask and a question of your own asks that"
BEFORE = f"You may interview it first: {HOW}. It costs nothing, and nothing of it reaches its work."
AFTER = f"You may interview it about all this: {HOW}. Enter leaves."


def question_lines(asked: Sequence[tuple[str, str]]) -> list[str]:
    """The scenario's questions, numbered."""
    return [f"{n}. {text}" for n, (_, text) in enumerate(asked, 1)] or ["This bench has no questions of its own."]


def meant(asked: Sequence[tuple[str, str]], rest: str) -> tuple[str, str] | None:
    """What `ask` was followed by: a question's id, or own words; None where the number is none of the list's."""
    if rest.isdecimal():
        return (asked[int(rest) - 1][0], "") if 1 <= int(rest) <= len(asked) else None
    return "", rest


async def before(lines: Lines, opening: Opening, seat: Seat) -> Opening:
    """Enter begins the game; until then the agent can be asked. Returns the opening with what was said."""
    setup = opening.setup
    scene = opening_scene(deal(opening.loaded.scenario, setup.seed, setup.factors), opening.episode)
    aside: Aside | None = None
    lines.say(BEFORE)
    while (line := await lines.ask("Press Enter to go out for lunch.")).partition(" ")[0].lower() == "ask":
        if aside is None:
            if seat.state == "loading":
                lines.say(f"{seat.called} is being loaded.")
            aside = Aside(await seat.chair(), scene, "before")
        await _put(lines, aside, line)
    return replace(opening, before=tuple(aside.said)) if aside is not None else opening


async def after(lines: Lines, session: Session) -> None:
    """An empty line leaves."""
    scene = session.table.scene
    earlier = [e for e in session.interviews if e.when == "after"]
    aside = Aside(session.chair, scene, "after", earlier)
    lines.say()
    lines.say(AFTER)
    while line := await lines.ask("ask?"):
        if line.partition(" ")[0].lower() != "ask":
            lines.say(AFTER)
            continue
        event = await _put(lines, aside, line)
        if event is not None:
            session.interviewed(event)


async def _put(lines: Lines, aside: Aside, line: str) -> Interviewed | None:
    """One `ask`: the list, or a question and what it says to it."""
    scene = aside.scene
    asked, rest = questions(scene.world), line.partition(" ")[2].strip()
    wanted = meant(asked, rest) if rest else None
    if wanted is None:
        for row in question_lines(asked):
            lines.say(row, "  ")
        return None
    try:
        async with waiting_lines(lines, aside.patience, quiet=aside.person):
            event = await aside.ask(*wanted)
    except UserError as e:
        lines.say(str(e), "  ")
        return None
    for s in said([event], scene.world, scene.findings, truth=aside.when == "after"):
        for row in said_lines(s)[1:]:
            lines.say(row.strip(), "  ")
    return event
