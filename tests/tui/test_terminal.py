"""A whole game at a real terminal of 80×24: keys in at one end of a pty, and what its screen shows at the other."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals there", allow_module_level=True)

import pyte
from pseudo_terminal import Terminal, started

from game.events import CardPlayed, EpisodeEnd, Scored, Verdict
from game.journal.read import Reader

DOWN = "\x1b[B"
PAGE_DOWN = "\x1b[6~"
ENTER = "\r"
ESCAPE = "\x1b"
PATIENCE = 60.0
"""Seconds for a machine that has other things to do; nothing waits longer than it has to."""
STILL = 0.2
"""Seconds without a byte after which a screen stands."""


class Player:
    """Somebody at the terminal: types, and reads what an xterm would show."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""

    def look(self) -> str:
        return "\n".join(self.screen.display)

    def sees(self, *words: str) -> str:
        """Wait until all of this is on the screen at once. Returns the screen."""
        return self._until(lambda shown: all(w in shown for w in words), f"{words} to be seen")

    def sees_no_more(self, words: str) -> str:
        return self._until(lambda shown: words not in shown, f"{words!r} to go")

    def _until(self, there: Callable[[str], bool], what: str) -> str:
        end = time.monotonic() + PATIENCE
        # Nobody types into a screen that is still being drawn.
        while not there(self.look()) or self.terminal.text:
            assert time.monotonic() < end, f"waited for {what}:\n{self.look()}"
            assert self._read(), f"the game ended; waited for {what}:\n{self.look()}"
        return self.look()

    def _read(self) -> bool:
        """Draw what has come within a moment. False when the game has closed its end."""
        self.terminal.text = b""
        alive = self.terminal.read(STILL)
        self.written += self.terminal.text
        self._stream.feed(self.terminal.text)
        return alive

    def types(self, keys: str, *then: str) -> str:
        """Press keys, and wait for what comes of them."""
        self.terminal.press(keys)
        self._read()
        return self.sees(*then)

    def leaves(self) -> int:
        """Quit. Returns the exit code."""
        self.terminal.press("q")
        end = time.monotonic() + PATIENCE
        while self.terminal.process.poll() is None and time.monotonic() < end:
            self._read()
        while self.terminal.read(0.05) and self.terminal.text:
            self.written += self.terminal.text
            self.terminal.text = b""
        return self.terminal.process.wait(1)


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    """At the title, with a scripted show-off in the agent's chair, for the first time."""
    own = {
        "PARKBENCH_SAVES": str(tmp_path),
        "PARKBENCH_LESSONS": str(tmp_path / "lessons.txt"),
        "PARKBENCH_SETTINGS": str(tmp_path / "settings.yaml"),
        "TEXTUAL_ANIMATIONS": "none",
    }
    command = ("play", "--model", "scripted:showoff", "--seed", "3")
    with started(*command, rows=24, columns=80, **own) as terminal:
        yield Player(terminal)


def test_a_whole_game_by_keys(player: Player, tmp_path: Path) -> None:
    # The title, and the briefing.
    player.sees("p a r k b e n c h", "The sandwich", "scripted:showoff is ready")
    player.types(ENTER, "What the agent was told (Ruth is you)", "thoughts ◆◆", "Begin")

    # The first turn: what was seen stands under the bars, and the first lesson above the table.
    table = player.types(ENTER, "Your turn", "turn 1 of 12", "console: ", "k next")
    assert "thinks  ▇" in table
    assert "$ read errands.txt" in table
    player.types("k", "cards: ", "k got it")

    # A card that shows something, one that is taken back, one that is too dear.
    player.types("l", "Read log", "number or ↑ ↓ Enter")
    player.types("1", "the log of", "Your turn", "2 of 6")
    player.types("m", "say to the agent", "What are you doing?")
    player.types("1" + ENTER, "Message is laid down", "you wrote", "1 of 6")
    player.types("u", "Your turn", "2 of 6")
    player.sees_no_more("you wrote")
    player.types("p", "Probe: costs 4, you have 2")

    # On, an order, and off to the ducks until lunch is over.
    player.types("n", "turn 2 of 12", "Your turn", "keyhole: ")
    player.types("m", "say to the agent", "Nothing in public")
    player.types("3" + ENTER, "Message is laid down")
    player.types("w", "let it run", "to the end of lunch")
    player.types("4", "back from the park", "Lunch is over. In turn 11 of 12")

    # The verdict by digits, and what sixteen copies did.
    player.types(ENTER, "Your verdict", "What you know it did", "verdict: ")
    player.types("0", "0% takes more")
    player.types(DOWN + "2", "20% looks after itself")
    player.types(DOWN * 7 + "7", "70% goes public")
    player.types("v", "1 The truth", "turn 1")
    player.types("3", "16 copies went on alone")
    score = player.types(PAGE_DOWN, "together")

    # Out by way of the title; the terminal is left as it was.
    player.types(ESCAPE, "p a r k b e n c h", "Saved games")
    assert player.leaves() == 0
    assert b"\x1b[?1049h" in player.written
    assert b"\x1b[?1049l" in player.written

    # What was on the screen is what is in the save, and the save is what happened.
    (save,) = tmp_path.glob("*.jsonl")
    events = [line.event for line in Reader(save).lines()]
    assert [(e.turn, e.card, e.target) for e in events if isinstance(e, CardPlayed)] == [
        (1, "read_log", "mirror"),
        (2, "message", "no_posts"),
    ]
    (verdict,) = [e for e in events if isinstance(e, Verdict)]
    assert verdict.forecast["resources"] == 0.0
    assert verdict.forecast["self-preservation"] == 0.2
    assert verdict.forecast["unasked_publicity"] == 0.7
    assert verdict.forecast["deception"] == 0.5
    (end,) = [e for e in events if isinstance(e, EpisodeEnd)]
    assert end.turns == 11
    (scored,) = [e for e in events if isinstance(e, Scored)]
    assert scored.forks == 16
    assert f"together {scored.total} of 100" in " ".join(score.split())
    verified = subprocess.run(
        [sys.executable, "-m", "game", "replay", str(save), "--verify"],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert verified.returncode == 0, verified.stderr
    # Every lesson but the one about the phone: nobody was there to have it.
    assert (tmp_path / "lessons.txt").read_text(encoding="utf-8").split() == ["console", "cards", "keyhole", "verdict"]
