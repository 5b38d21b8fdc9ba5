"""One lesson as a strip: what it is about, a sentence, and the keys that put it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from game.play.lessons import Lesson, Lessons
from game.tui.widgets.safe import SafeStatic, styled

if TYPE_CHECKING:
    from game.tui.app import ParkbenchApp


class LessonStrip(SafeStatic):
    """Takes no room while it has nothing to say. `moments` is what may be explained now."""

    DEFAULT_CSS = """
    LessonStrip { width: 100%; height: auto; max-height: 3; padding: 0 1; background: $accent 15%; display: none; }
    """

    def __init__(self, lessons: Lessons) -> None:
        super().__init__(id="lesson")
        self._lessons = lessons
        self._moments: set[str] = set()
        self.lesson: Lesson | None = None

    def at(self, moments: set[str]) -> None:
        """Explain what is due at these moments; a lesson that stands stays until it is had."""
        self._moments = moments
        if self.lesson is None:
            self._put(self._lessons.due(moments))

    def had(self) -> None:
        """The player has read it: the next one that is due comes."""
        if self.lesson is not None:
            self._lessons.had(self.lesson)
        self._put(self._lessons.due(self._moments))

    def switch(self) -> None:
        """No more lessons; or, where there are none left, all of them again."""
        if self._lessons.over:
            self._lessons.again()
        else:
            self._lessons.skip()
        self._put(self._lessons.due(self._moments))

    def _put(self, lesson: Lesson | None) -> None:
        self.lesson = lesson
        self.display = lesson is not None
        if lesson is not None:
            app = cast("ParkbenchApp", self.app)
            keys = f"  {app.key_of('app.lesson')} got it, {app.key_of('app.lessons')} no more of these"
            self.update(styled((lesson.id, "bold $accent"), f": {lesson.says}", (keys, "$text-muted")))
