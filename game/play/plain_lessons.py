"""The first game's lessons in plain mode: tips, a paragraph each."""

from __future__ import annotations

from collections.abc import Collection

from game.play.lessons import Lessons
from game.play.lines import Lines


def tell(lines: Lines, lessons: Lessons | None, moments: Collection[str]) -> None:
    """All lessons that are due."""
    if lessons is None:
        return
    for due in lessons.due(moments):
        lines.say(f"Tip: {due.plain}")
        lessons.had(due)


def switch(lessons: Lessons | None) -> str:
    """No more tips; or, where there are none left, all of them again. Returns what to say about it."""
    if lessons is None:
        return "There are no tips in this game. A new game has them."
    if lessons.over:
        lessons.again()
        return "Tips come again, from the next turn on."
    lessons.skip()
    return "No more tips. The same word brings them back."
