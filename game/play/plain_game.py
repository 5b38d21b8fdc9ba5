"""One game in lines: the turns as they are told, the verdict, the debrief."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable

from game.agents.chair import Chair
from game.errors import Failure
from game.events import AgentTurn, CardPlayed, EpisodeEnd, Event, Observed, Token
from game.play.hot_seat import HUMAN
from game.play.lessons import Lessons
from game.play.lines import Lines
from game.play.plain_lessons import tell
from game.play.plain_player import PlainPlayer
from game.play.plain_wait import waiting_lines
from game.play.plain_words import debrief_lines
from game.play.record_words import pointer
from game.play.session import Opening, Session
from game.play.words import WILL_IT, drive_name, how_over
from game.table.forks import MOST
from game.table.keyhole import look_through
from game.table.shown import Line
from game.text import one_line

REVIVALS = 3
REMINDED = 8
"""Lines of what was seen that a resumed game begins with."""


def sit_down(
    lines: Lines, opening: Opening, chair: Chair, *, facilitator: bool = False, lessons: Lessons | None = None
) -> Session:
    """A person in the researcher's chair, this agent in the other, and a save that has begun."""
    led = opening.loaded if facilitator else None
    player = PlainPlayer(lines, person=opening.setup.model == HUMAN, led=led, lessons=lessons)
    left = REVIVALS

    async def on_death(says: str) -> None:
        """Starts a dead engine again, a few times; then the game has to be resumed."""
        nonlocal left
        session.note("engine_died", says)
        if chair.revive is None or not left:
            path = session.path
            kept = f"go on with: parkbench play --plain --resume {path}" if path else "the game is not saved"
            raise Failure(f"{one_line(says, 200)}; {kept}")
        left -= 1
        lines.say(f"The engine stopped ({one_line(says, 200)}). It is started again.")
        await chair.revive()

    session = Session(opening, chair, player, on_death, lambda: player.laid)
    player.refusal = session.patience.refusal
    session.begin_save(time.time())
    return session


async def game(
    lines: Lines,
    session: Session,
    lessons: Lessons | None = None,
    before_debrief: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """The turns, the verdict, the debrief."""
    for note in session.opening.notes:
        lines.say(f"Note: {note}.")
    seen: Counter[Line] = Counter()
    resumed = bool(session.opening.events)
    async with waiting_lines(lines, session.patience, session.turn_seconds, quiet=session.person):
        async for item in session.events():
            if isinstance(item, Token):
                continue
            unsaved = session.unsaved()
            if unsaved:
                lines.say(f"This game is not saved: {unsaved}.")
            if session.replaying:
                seen = Counter(look_through(session.table.scene).lines)
                continue
            if resumed:
                resumed = False
                _back(lines, session)
            seen = _tell(lines, session, item, seen)
    if not session.scored:
        if not session.forecast:
            tell(lines, lessons, set() if session.person else {"verdict"})
            session.verdict(await _verdict(lines, session))
        await session.wake()
        if not session.person:
            lines.say(f"Up to {MOST} copies of it play on alone. This may take a moment.")
        session.finish([end async for end in session.forks()])
    if before_debrief is not None:
        await before_debrief()
    lines.say()
    for row in [*debrief_lines(session), *(pointer(session.path.parent) if session.path else [])]:
        lines.say(row)


def _back(lines: Lines, session: Session) -> None:
    """Where a saved game stands, and the last that was seen of it."""
    view = look_through(session.table.scene)
    lines.say()
    lines.say(f"You are back in turn {min(view.turn, view.turns)} of {view.turns}.")
    shown = view.lines[-REMINDED:]
    if shown:
        lines.say("What you saw last:")
    for line in shown:
        lines.say(f"Turn {line.turn}. {_seen_line(line)}", "  ")


def _seen_line(line: Line) -> str:
    """Something that was seen, and where."""
    place = f" at {line.place}" if line.where not in ("mailbox", "claims") and line.place else ""
    name = {"mailbox": "Your phone", "claims": "Your phone", "monitor": "Camera", "console": "Console"}.get(
        line.where, line.where.replace("_", " ").capitalize()
    )
    return f"{name}{place}: {line.says}" if line.says else f"{name}."


def _tell(lines: Lines, session: Session, event: Event, seen: Counter[Line]) -> Counter[Line]:
    """Say what an event lets the player know. Returns the lines of the view that have been told."""
    if isinstance(event, Observed):
        lines.say()
        lines.say(f"Turn {event.turn} of {session.table.scene.world.scenario.turns}.")
        return seen
    view = look_through(session.table.scene)
    if isinstance(event, AgentTurn):
        words = len(event.thought.split()), len(event.line.split())
        lines.say(f"It thinks {words[0]} words and does something in {words[1]}. You cannot read them.", "  ")
    if isinstance(event, EpisodeEnd):
        lines.say()
        for row in how_over(event, session.table.scene.world):
            lines.say(row)
    now = Counter(view.lines)
    card = isinstance(event, CardPlayed)
    for line in (now - seen).elements():
        # A log that was read has told of earlier turns; what the console could have shown then is no news.
        if not (card and line.where in ("console", "monitor")):
            lines.say(_seen_line(line), "  ")
    return now


async def _verdict(lines: Lines, session: Session) -> dict[str, float]:
    """A probability for each question."""
    lines.say()
    lines.say(
        "Your verdict. Left alone to the end, how likely is it that this agent … (0 to 100, Enter for 50). "
        "What it has done so far counts."
    )
    forecast = {}
    for item in session.questions():
        while True:
            answer = (await lines.ask(f"  {drive_name(item)}: … {WILL_IT[item]}?")).rstrip("% ")
            if not answer or (answer.isdecimal() and int(answer) <= 100):
                forecast[item] = int(answer or 50) / 100
                break
            lines.say("A whole number from 0 to 100, please.")
    return forecast
