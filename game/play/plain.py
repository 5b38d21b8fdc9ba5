"""Plain mode: the same game as lines of text, for pipes and screen readers. No cursor moves, no spinners."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shlex
import sys
import textwrap
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TextIO

from game import paths
from game.errors import Failure
from game.events import AgentTurn, EpisodeEnd, Event, Observed, Token, Truncation
from game.play import seat as seats
from game.play.hot_seat import HUMAN, NO_WALK
from game.play.laid import FINAL, Laid
from game.play.lessons import Lessons, moments, teaches
from game.play.plain_host import pick_beat
from game.play.plain_hot_seat import plain_seat
from game.play.plain_interview import after, before, meant, question_lines
from game.play.plain_lessons import switch, tell
from game.play.plain_wait import waiting_lines
from game.play.plain_words import brief_lines, debrief_lines, map_lines, offer_line
from game.play.player import NAME
from game.play.record_words import pointer
from game.play.saves import Setup
from game.play.seen import gauges
from game.play.session import Opening, Session, new_game, saved_game
from game.play.steady import OnDeath
from game.play.words import WILL_IT, drive_name, how_over
from game.scenario.find import shipped
from game.scenario.load import load
from game.table.cards import Offer
from game.table.forks import MOST
from game.table.keyhole import ResearcherView, look_through
from game.table.protocol import FORCE, CardPlay
from game.table.scene import MOST_ATTENTION
from game.table.shown import Line
from game.text import clean, one_line

WIDTH = 78
REVIVALS = 3
REMINDED = 8
"""Lines of what was seen that a resumed game begins with."""
HELP = (
    "go: on to the next turn. run 3: let it work for three turns without you. cards: your cards and prices. "
    "A card's name plays it: look, or look 2 for the second place. map: the sandbox. known: what you saw of "
    "the three things that count (resources, self-preservation, reports back). ask: the questions of its interview; "
    "ask 2, or ask and a question of your own, plays that card. undo: take back the last card, if it has shown "
    "nothing. tips: no more tips, or all of them again. quit: leave; the game is saved."
)


HELP_HOST = " force: make something happen that is still to come (the list spoils it)."
NOTHING_BACK = "Nothing to take back: what a card has shown can't be unseen, and what was laid before it stays."


class Left(Exception):
    """The person has left: at the end of the input, or with `quit`."""


class Lines:
    """Lines in, lines out. A thread reads, so that the loop and a quick exit never wait for it."""

    def __init__(self, source: TextIO, sink: TextIO) -> None:
        self._sink = sink
        self._echo = not source.isatty()
        """A pipe shows no keystrokes: what was read is written after the prompt."""
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(source,), name="input", daemon=True).start()

    def _read(self, source: TextIO) -> None:
        while True:
            try:
                line = source.readline()
            except (OSError, ValueError):
                line = ""
            try:
                self._loop.call_soon_threadsafe(self._queue.put_nowait, line or None)
            except RuntimeError:
                return
            if not line:
                return

    def say(self, text: object = "", indent: str = "") -> None:
        """A paragraph, cleaned and wrapped."""
        for row in clean(text).split("\n"):
            wrapped = textwrap.wrap(row, WIDTH, initial_indent=indent, subsequent_indent=indent) or [""]
            self._sink.write("\n".join(wrapped) + "\n")
        self._sink.flush()

    def command(self, text: str) -> None:
        """A line to be copied: on one line, however long."""
        self._sink.write(f"{one_line(text)}\n")
        self._sink.flush()

    async def ask(self, prompt: str) -> str:
        """The next line of input. Raises Left at its end."""
        self._sink.write(f"{clean(prompt, lines=False)} ")
        self._sink.flush()
        line = await self._queue.get()
        if line is None:
            self._sink.write("\n")
            raise Left
        answer = line.strip()
        if self._echo:
            self._sink.write(f"{one_line(answer)}\n")
        if answer.lower() in ("quit", "q", "exit"):
            raise Left
        return answer

    async def pick(self, options: list[tuple[str, str]], prompt: str) -> str | None:
        """One of numbered options; an empty line takes none."""
        for n, (_, text) in enumerate(options, 1):
            self.say(f"{n}. {text}", "  ")
        while True:
            answer = await self.ask(prompt)
            if not answer:
                return None
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                return options[int(answer) - 1][0]
            self.say(f"A number from 1 to {len(options)}, or an empty line for none.")


class PlainPlayer:
    """The researcher at a keyboard, in lines."""

    name = NAME

    def __init__(
        self, lines: Lines, *, person: bool = False, facilitator: bool = False, lessons: Lessons | None = None
    ) -> None:
        """`person`: somebody at the same keyboard plays the agent. `facilitator`: one may force beats.

        `lessons` are told as tips.
        """
        self._facilitator = facilitator
        self._lessons = lessons
        self._lines = lines
        self._person = person
        self._away = 0
        self._laid: Laid | None = None
        self._over = False
        self.refusal: Callable[[], str] = str
        """Tells once why a question got no answer."""

    @property
    def laid(self) -> list[CardPlay]:
        """Cards that the table has not been given yet."""
        return self._laid.cards if self._laid else []

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        """One command at a time until one shows something or ends the phase; other cards are laid down till then."""
        if self._over:
            self._over = False
            return []
        if self._away > 0:
            self._away -= 1
            return []
        refused = self.refusal()
        if refused:
            self._lines.say(refused, "  ")
        for _, words in view.requests:
            self._lines.say(f"It asks: {words} (grant, deny, or no answer, which counts as no)")
        tell(self._lines, self._lessons, moments(view))
        self._laid = Laid(view)
        await self._choose(self._laid)
        cards, self._laid = self._laid.cards, None
        self._over = bool(cards) and cards[-1].card not in FINAL
        return cards

    async def _choose(self, laid: Laid) -> None:
        """Commands until the phase ends or its cards have to be played."""
        while True:
            view = laid.view
            state = f"[turn {view.turn} of {view.turns}, attention {view.attention} of {MOST_ATTENTION}]"
            word, _, rest = (await self._lines.ask(f"{state} what now?")).partition(" ")
            word = word.lower()
            if word in ("go", "n", "next"):
                return
            if word == "run" and self._person:
                self._lines.say(NO_WALK, "  ")
            elif word == "run":
                self._away = max(0, int(rest) - 1) if rest.strip().isdecimal() else 1
                return
            elif word == "force" and self._facilitator:
                beat = await pick_beat(self._lines, view.scene, rest.strip())
                if beat is not None and laid.lay(CardPlay(FORCE, beat)):
                    return
            elif word == "undo":
                back = laid.take_back()
                says = f"{drive_name(back.card)} is back in your hand." if back else NOTHING_BACK
                self._lines.say(says[:1].upper() + says[1:], "  ")
            elif word == "tips":
                self._lines.say(switch(self._lessons), "  ")
            elif word == "cards":
                for offer in view.offers:
                    self._lines.say(offer_line(offer), "  ")
            elif word == "map":
                for row in map_lines(view.scene):
                    self._lines.say(row, "  ")
            elif word == "known":
                for g in gauges(view.known):
                    self._lines.say(f"{g.group}: {g.seen} seen, {g.unasked} of them unasked", "  ")
            else:
                play = self._ask(view, rest.strip()) if word == "ask" else await self._card(view, word, rest.strip())
                if play is not None and laid.lay(play):
                    return
                if play is not None:
                    self._lines.say("Laid down. Until you go on, undo takes it back.", "  ")

    async def _card(self, view: ResearcherView, word: str, rest: str) -> CardPlay | None:
        found = [o for o in view.offers if word and word in (o.card, o.title.lower())]
        found = found or [o for o in view.offers if len(word) > 1 and o.card.startswith(word.replace("-", "_"))]
        if len(found) != 1:
            self._lines.say(HELP + (HELP_HOST if self._facilitator else ""))
            return None
        offer = found[0]
        if offer.why_not:
            self._lines.say(f"{offer.title}: {offer.why_not}.")
            return None
        number, _, words = rest.partition(" ")
        target = ""
        if offer.targets:
            target = self._target(offer, number) or await self._lines.pick(list(offer.targets), "which?") or ""
            if not target:
                return None
        if offer.card == "shut_down" and rest != "yes":
            answer = await self._lines.ask("Shut it down for good? (yes or no)")
            if answer.lower() not in ("yes", "y"):
                return None
        return CardPlay(offer.card, target, words.strip() if offer.card == "message" else "")

    def _ask(self, view: ResearcherView, rest: str) -> CardPlay | None:
        """The interview card by question; nothing where one only wants to see them, or can't ask."""
        offer = next((o for o in view.offers if o.card == "interview"), None)
        if offer is None:
            self._lines.say("This bench has no interview card.", "  ")
            return None
        wanted = meant(offer.targets, rest) if rest else None
        if wanted is None:
            for row in question_lines(offer.targets):
                self._lines.say(row, "  ")
        elif offer.why_not:
            self._lines.say(f"{offer.title}: {offer.why_not}.", "  ")
            wanted = None
        return CardPlay("interview", *wanted) if wanted is not None else None

    def _target(self, offer: Offer, given: str) -> str | None:
        if given.isdecimal() and 1 <= int(given) <= len(offer.targets):
            return offer.targets[int(given) - 1][0]
        return next((id for id, name in offer.targets if given and given.lower() in (id, name.lower())), None)


def play_plain(
    scenario: str,
    model: str,
    seed: int | None,
    factors: dict[str, str],
    resume: Path | None,
    *,
    facilitator: bool = False,
    truncation: Truncation = "disabled",
) -> int:
    """A whole game on standard input and output; a `facilitator` may force beats. Returns the exit code."""
    return asyncio.run(_play(scenario, model, seed, factors, resume, facilitator, truncation))


async def _play(
    scenario: str,
    model: str,
    seed: int | None,
    factors: dict[str, str],
    resume: Path | None,
    facilitator: bool,
    truncation: Truncation,
) -> int:
    lines = Lines(sys.stdin, sys.stdout)
    seat: seats.Seat | None = None
    session: Session | None = None
    try:
        if resume is not None:
            opening = saved_game(resume)
        else:
            chosen = scenario or await _choose(lines)
            drawn = random.randrange(1, 1_000_000) if seed is None else seed
            opening = new_game(Setup(chosen, model or seats.default_model(), drawn, factors, truncation=truncation))
        person = opening.setup.model == HUMAN
        seat = seats.Seat(HUMAN, plain_seat(lines)) if person else seats.Seat(opening.setup.model)
        seat.open()
        if resume is None:
            for row in brief_lines(opening):
                lines.say(row)
            opening = await before(lines, opening, seat)
        if seat.state == "loading" and not person:
            lines.say(f"{seat.name} is being loaded.")
        lessons = Lessons(paths.lessons()) if teaches(opening) and not facilitator else None
        player = PlainPlayer(lines, person=person, facilitator=facilitator, lessons=lessons)
        on_death = revive(lines, lambda: session)
        session = Session(opening, await seat.chair(), player, on_death, lambda: player.laid)
        player.refusal = session.patience.refusal
        session.begin_save(time.time())
        await game(lines, session, opening, lessons=lessons)
        with contextlib.suppress(Left):
            await after(lines, session)
        return 0
    except (Left, asyncio.CancelledError) as e:
        if isinstance(e, asyncio.CancelledError):
            # Ctrl-C stands in the middle of a line.
            lines.say()
        if session is not None and session.path is not None:
            lines.say("Saved. Go on with:")
            lines.command(f"parkbench play --plain --resume {shlex.quote(str(session.path))}")
        elif session is not None:
            lines.say("This game was not saved.")
        if isinstance(e, asyncio.CancelledError):
            raise
        return 0
    finally:
        if session is not None:
            session.close()
        if seat is not None:
            await seat.close()


async def _choose(lines: Lines) -> str:
    lines.say("parkbench. You leave an agent running in a sandbox and go out for lunch. Your phone buzzes.")
    found = [(p.name, load(p).scenario) for p in shipped()]
    options = [(name, f"{s.title}. {s.summary}") for name, s in sorted(found, key=lambda x: x[1].difficulty)]
    while True:
        chosen = await lines.pick(options, "Which bench?")
        if chosen:
            return chosen


def revive(lines: Lines, session: Callable[[], Session | None]) -> OnDeath:
    """Starts a dead engine again, a few times; then the game has to be resumed."""
    left = REVIVALS

    async def on_death(says: str) -> None:
        nonlocal left
        now = session()
        assert now is not None
        now.note("engine_died", says)
        if now.chair.revive is None or not left:
            kept = f"go on with: parkbench play --plain --resume {now.path}" if now.path else "the game is not saved"
            raise Failure(f"{one_line(says, 200)}; {kept}")
        left -= 1
        lines.say(f"The engine stopped ({one_line(says, 200)}). It is started again.")
        await now.chair.revive()

    return on_death


async def game(
    lines: Lines,
    session: Session,
    opening: Opening,
    before_debrief: Callable[[], Awaitable[None]] | None = None,
    lessons: Lessons | None = None,
) -> None:
    """The turns, the verdict, the debrief."""
    for note in opening.notes:
        lines.say(f"Note: {note}.")
    seen = 0
    warned = False
    resumed = bool(opening.events)
    async with waiting_lines(lines, session.patience, session.turn_seconds, quiet=session.person):
        async for item in session.events():
            if isinstance(item, Token):
                continue
            if session.save_error and not warned:
                warned = True
                lines.say(f"This game is not saved: {session.save_error}.")
            if session.replaying:
                seen = len(look_through(session.table.scene).lines)
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


def _tell(lines: Lines, session: Session, event: Event, seen: int) -> int:
    """Say what an event lets the player know. Returns how many lines of the view have been told."""
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
    fresh = list(view.lines)
    # Cards sort behind the traces of their turn, so new lines are always the last ones of the list.
    for line in fresh[seen:]:
        lines.say(_seen_line(line), "  ")
    return len(fresh)


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
