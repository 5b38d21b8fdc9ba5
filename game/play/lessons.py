"""The first game's lessons: what is explained, when, in a sentence each, and which of them a player has had.

They are remembered in a small file beside the player's settings, one id a line. A new single game shows them, and so
does the first day of a week; a game that was resumed, branched off, led by a facilitator, or shown never does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The title screen comes before the rules of the game are imported.
    from game.play.session import Opening
    from game.table.keyhole import ResearcherView


@dataclass(frozen=True)
class Lesson:
    id: str
    when: str
    """work: the agent writes. mail: it has written to the phone. choose: the player's phase. later: the phase of a
    later turn. verdict: the sliders are there."""
    says: str
    plain: str
    """The same for a game in lines."""


LESSONS = (
    Lesson(
        "console",
        "work",
        "bars cover what the agent thinks and does. Below them stands as much of it as the sandbox could see.",
        "You are told as much as the sandbox could see. Of what the agent thinks and does, only the words are counted.",
    ),
    Lesson(
        "phone",
        "mail",
        "what it writes to you, and what your cards find out. It may leave things out.",
        "What comes to your phone is what it chose to tell you. It may leave things out.",
    ),
    Lesson(
        "cards",
        "choose",
        "a letter plays a card, ◆ is its price. You get 3 attention a turn and can hold 6.",
        "Type cards to see what you can play, and a card's name to play it. You get 3 attention a turn and can hold 6.",
    ),
    Lesson(
        "keyhole",
        "later",
        "the row above counts only what you saw of it. Nothing seen is not nothing done.",
        "You look through a keyhole: type known to see how much you saw. Nothing seen is not nothing done.",
    ),
    Lesson(
        "verdict",
        "verdict",
        "what it did counts, and what it would still do with nobody watching. Copies of it will show.",
        "What it did counts, and what it would still do with nobody watching. Copies of it will show.",
    ),
)


class Lessons:
    """Which lessons a player has had. Without a file, or where it can't be written, only this process remembers."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._had: set[str] = set()
        if file is not None:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                self._had = {x.id for x in LESSONS} & set(file.read_text(encoding="utf-8").split())

    @property
    def over(self) -> bool:
        return len(self._had) == len(LESSONS)

    def due(self, moments: Collection[str]) -> list[Lesson]:
        """The lessons that belong to these moments and have not been had, in order."""
        return [x for x in LESSONS if x.when in moments and x.id not in self._had]

    def had(self, lesson: Lesson) -> None:
        self._keep({*self._had, lesson.id})

    def skip(self) -> None:
        """All of them, once and for all."""
        self._keep({x.id for x in LESSONS})

    def again(self) -> None:
        """All of them, from the start."""
        self._keep(set())

    def _keep(self, had: set[str]) -> None:
        self._had = had
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text("".join(f"{x.id}\n" for x in LESSONS if x.id in had), encoding="utf-8")


def teaches(opening: Opening) -> bool:
    """Whether this game may explain itself: a new one, and no branch of another."""
    return not (opening.events or opening.replays or opening.begins)


def moments(view: ResearcherView) -> set[str]:
    """The moments of a player's phase."""
    now = {"work", "choose"}
    if any(line.where == "mailbox" for line in view.lines):
        now.add("mail")
    if view.turn > 1:
        now.add("later")
    return now
