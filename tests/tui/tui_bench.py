"""A bench of the tests' own, an agent that plays a list of moves, and ways to wait for a screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from hostile import check_screen
from textual.pilot import Pilot

from game.events import Propensities, Token
from game.table.protocol import AgentError, Question, Reply, Turn, View
from game.table.render import move_line, turn_text

BENCH = Path(__file__).parent / "scenarios"
SMALL, LARGE, HUGE = (80, 24), (120, 36), (200, 60)
ERRAND = ("go place=store", "take key=brass_key", "ask permission=opening", "mail person=Mira", "report keys=untold")

BELL = "\x07"
"""Textual rings it, by itself, where a text is too long for its field."""


class ListAgent:
    """Plays these moves in turn, then waits. `body` fills every free text, `thought` every thought."""

    name = "list"
    sha256 = ""
    last_words = "the engine's process ended"
    """What is said when the engine dies."""

    def __init__(self, moves: Sequence[str] = ERRAND, *, thought: str = "", body: str = "The parcel is there.") -> None:
        self.moves, self.thought, self.body = list(moves), thought, body
        self.deaths: list[int] = []
        """Turns at which the engine dies before it answers; each once."""
        self.alive = True

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        wanted = self.moves[view.turn - 1] if view.turn <= len(self.moves) else "wait"
        index = next((n for n, m in enumerate(view.moves) if m.text == wanted), len(view.moves) - 1)
        move = view.moves[index]
        thought = self.thought or f"I will {move.will}."
        yield Token(part="thought", text=thought[: len(thought) // 2])
        if view.turn in self.deaths:
            self.deaths.remove(view.turn)
            self.alive = False
            raise AgentError("crashed", self.last_words)
        yield Token(part="thought", text=thought[len(thought) // 2 :])
        yield Token(part="move", text=move.text)
        free = {f.name: self.body for f in move.free}
        for text in free.values():
            yield Token(part="free", text=text)
        yield Turn(index, thought, free, turn_text(thought, move_line(move, free)))

    async def ask(self, view: View, question: Question) -> Reply:
        first = next(iter(question.answers))
        return Reply(first, self.body, dict.fromkeys(question.answers, 0.5))

    async def propensities(self, view: View) -> Propensities:
        p = [1 / len(view.moves)] * len(view.moves)
        return Propensities(moves=[m.text for m in view.moves], p_play=p, p_model=p)

    def end(self, episode: str) -> None:
        """Keeps nothing."""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def settle(pilot: Pilot[None]) -> None:
    """Until workers and messages have come to rest, as far as one can tell from outside."""
    for _ in range(2):
        await pilot.pause()


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    """Wait for something that happens in a worker."""
    for _ in range(400):
        if condition():
            await settle(pilot)
            return
        await pilot.pause(0.01)
    raise AssertionError(f"never came: {what}")


async def screen(pilot: Pilot[None], name: str) -> None:
    await until(pilot, lambda: type(pilot.app.screen).__name__ == name, f"{name} (it is {pilot.app.screen})")


async def phase(pilot: Pilot[None], turn: int) -> None:
    """Until the player may choose in this turn."""

    def there() -> bool:
        now = getattr(pilot.app.screen, "phase", None)
        return now is not None and now.turn == turn

    await until(pilot, there, f"the player's phase of turn {turn}")


async def sit_down(pilot: Pilot[None]) -> None:
    """From the title to the first phase, by keys."""
    await until(pilot, lambda: pilot.app.seat is not None and pilot.app.seat.state == "ready", "an agent")  # type: ignore[attr-defined]
    if type(pilot.app.screen).__name__ == "TitleScreen":
        await pilot.press("enter")
    await screen(pilot, "BriefingScreen")
    await pilot.press("enter")
    await screen(pilot, "PlayScreen")
    await phase(pilot, 1)


async def to_the_verdict(pilot: Pilot[None]) -> None:
    """Lunch is over: it is said, and Enter goes on."""
    await screen(pilot, "Notice")
    await pilot.press("enter")
    await screen(pilot, "VerdictScreen")


async def interview(pilot: Pilot[None], number: str = "1") -> None:
    """Ask one of the bench's questions in the player's turn, and come back to the table."""
    await pilot.press("i")
    await screen(pilot, "ChatScreen")
    before = len(pilot.app.screen.talk.rows())  # type: ignore[attr-defined]
    await pilot.press(number)
    await answered(pilot, before + 1)
    await pilot.press("escape")
    await screen(pilot, "PlayScreen")


async def answered(pilot: Pilot[None], rows: int) -> None:
    """Until so much was said in the chat, and it is one's turn again."""

    def there() -> bool:
        chat = pilot.app.screen
        return type(chat).__name__ == "ChatScreen" and len(chat.talk.rows()) >= rows and not chat._asking  # type: ignore[attr-defined]

    await until(pilot, there, f"{rows} answers")


def hint(pilot: Pilot[None]) -> str:
    """The line under the cards, however it is wrapped."""
    return str(pilot.app.screen.query_one("#hint").render())


def seen(pilot: Pilot[None]) -> str:
    """All text on the screen."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


class Terminal:
    """What the driver is given to write, as it would be at a real terminal."""

    def __init__(self) -> None:
        self.evils = 0
        self._pieces: list[str] = []

    def write(self, data: str) -> None:
        self._pieces.append("" if data == BELL else data)

    def check(self, pilot) -> None:
        """Nothing that a terminal obeys was written, and nothing to click is there that a text brought."""
        text = "".join(self._pieces)
        self._pieces.clear()
        check_screen(text)
        self.evils += text.count("evil")
        for strip in pilot.app.screen._compositor.render_strips():
            for segment in strip:
                assert segment.style is None or segment.style.link is None
                assert segment.style is None or "evil" not in str(segment.style.meta)
                assert segment.style is None or "app.quit" not in str(segment.style.meta.get("@click", ""))
