"""One lesson as a strip: what it is about, a sentence or two, and beside it the keys that put it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from game.play.lessons import Lesson, Lessons
from game.tui.widgets.safe import SafeStatic, styled

if TYPE_CHECKING:
    from game.tui.app import ParkbenchApp


class Key(SafeStatic):
    """What a key of the application does here; a click does the same."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action = action

    def says(self, does: str) -> None:
        key = cast("ParkbenchApp", self.app).key_of(f"app.{self._action}")
        self.update(styled((f"{key} ", "bold $accent"), does))

    async def on_click(self) -> None:
        await self.run_action(f"app.{self._action}")


class LessonStrip(Horizontal):
    """Takes no room while it has nothing to say."""

    DEFAULT_CSS = """
    LessonStrip { width: 100%; height: 2; padding: 0 1; background: $accent 15%; display: none; }
    LessonStrip > #says { width: 1fr; height: 2; }
    LessonStrip > Vertical { width: 16; height: 2; margin-left: 2; }
    """

    GOES_AFTER = 0.25
    """Seconds. Everything below moves when it goes: that need not be while the key that ended the turn is answered,
    nor where the next lesson is about to come."""

    def __init__(self, lessons: Lessons) -> None:
        super().__init__(id="lesson")
        self._lessons = lessons
        self._moments: set[str] = set()
        self.lesson: Lesson | None = None

    def compose(self) -> ComposeResult:
        yield SafeStatic(id="says")
        with Vertical():
            yield Key("lesson")
            yield Key("lessons")

    def at(self, moments: set[str]) -> None:
        """Explain what is due at these moments; a lesson that stands stays until it is had."""
        self._moments = moments
        self._show(at_once=False)

    def had(self, at_once: bool = True) -> None:
        """The player has read it: the next one that is due comes."""
        if self.lesson is not None:
            self._lessons.had(self.lesson)
            self.lesson = None
        self._show(at_once)

    def leave(self) -> None:
        """The player has gone past it: nothing more now."""
        self._moments = set()
        self.had(at_once=False)

    def switch(self) -> None:
        """No more lessons; or, where there are none left, all of them again."""
        if self._lessons.over:
            self._lessons.again()
        else:
            self._lessons.skip()
        self.lesson = None
        self._show()

    def _show(self, at_once: bool = True) -> None:
        due = self._lessons.due(self._moments)
        self.lesson = self.lesson or next(iter(due), None)
        if at_once or self.lesson is not None:
            self._go()
        elif self.display:
            self.set_timer(self.GOES_AFTER, self._go)
        if self.lesson is not None:
            self.query_one("#says", SafeStatic).update(
                styled((self.lesson.id, "bold $accent"), f": {self.lesson.says}")
            )
            more = any(x is not self.lesson for x in due)
            got_it, no_more = self.query(Key)
            got_it.says("next" if more else "got it")
            no_more.says("no more tips")

    def _go(self) -> None:
        self.display = self.lesson is not None
