"""The application: which screen comes when, and who sits in the agent's chair."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from game.errors import UserError
from game.play.start import Start
from game.settings import Settings
from game.tui.screens.title import TitleScreen
from game.tui.shell import Shell

if TYPE_CHECKING:
    # The rules of the game are imported where they are needed: the title comes first.
    from game.play.host import Host
    from game.play.lessons import Lessons
    from game.play.seat import Opener, Seat
    from game.play.session import Opening, Session
    from game.play.week import Week
    from game.tui.screens.base import GameScreen
    from game.tui.weekly import Weekly


class ParkbenchApp(Shell):
    """Holds the seat and the session; screens do the rest."""

    TITLE = "parkbench"
    CSS_PATH: ClassVar = ["app.tcss", "dialogues/dialogues.tcss"]  # A dialogue opens at a key: its style is there.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit_now", "Quit", id="app.quit", tooltip="Leave at once; the game is saved"),
        Binding("ctrl+q,ctrl+c", "quit_now", show=False, priority=True),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help"),
        Binding("f8", "host", "Facilitator", key_display="F8", id="app.host"),
        Binding("k", "lesson", "Got it", show=False, id="app.lesson"),
        Binding("K", "lessons", "Tips: no more, or all again", show=False, id="app.lessons"),
        Binding("f2", "theme", "Other colours", id="app.theme", show=False),
    ]

    def __init__(
        self,
        start: Start | None = None,
        *,
        pace: float | None = None,
        seeds: Callable[[], int] | None = None,
        clock: Callable[[], float] = time.monotonic,
        opener: Opener | None = None,
        settings: Settings | None = None,
        first: Callable[[], Screen[None]] = TitleScreen,
        lessons: Lessons | None = None,
    ) -> None:
        """`seeds` deals games that name none, `clock` times the grace, `opener` finds who plays the agent.

        `first` makes the screen to begin with. Without `lessons` nothing explains itself, as in most tests.
        """
        super().__init__(settings or Settings(), pace, first)
        self.lessons = lessons
        self.start_with = start or Start()
        self.seeds = seeds or (lambda: random.randrange(1, 1_000_000))
        self.clock = clock
        self._opener = opener
        self.model = self.start_with.model
        self.seat: Seat | None = None
        self.session: Session | None = None
        self.weekly: Weekly | None = None
        """The week that is on."""
        self.host: Host | None = None
        """The facilitator's levers, where there is one."""
        if self.start_with.facilitator:
            from game.play.host import Host

            self.host = Host(clock)
        self.kept: Path | None = None
        """The save of a game that a fault of ours ended."""

    def begin(self) -> None:
        """The title is there: load the model behind it, and go where the command line said."""
        from game.play.seat import default_model

        s = self.start_with
        try:
            if s.week is not None:
                self.begin_week(s.week)
                return
            self.take_seat(self.model or default_model())
            if s.resume is not None:
                self.resume(s.resume)
            elif s.scenario:
                self.brief(s.scenario)
        except UserError as e:
            self.tell("that did not work", str(e))

    # --- the agent's chair ---

    def take_seat(self, name: str) -> Seat:
        """Have this agent sit down; an earlier one leaves."""
        from game.play.hot_seat import HUMAN
        from game.play.seat import Seat

        if self.seat is not None and self.seat.name == name and self.seat.state != "failed":
            return self.seat
        opener = self.weekly.opener if self.weekly is not None else self._opener
        if name == HUMAN and self.weekly is None:
            from game.tui.hot_seat import hot_seat

            opener = hot_seat(self)
        old, self.seat = self.seat, Seat(name, opener) if opener else Seat(name)
        self.model = name
        if old is not None:
            self.run_worker(old.close(), group="seats")
        self.seat.open()
        return self.seat

    # --- where to go ---

    def brief(self, scenario: str) -> None:
        """The briefing of a scenario. Raises UserError."""
        from game.play.saves import Setup
        from game.play.session import new_game
        from game.tui.screens.briefing import BriefingScreen

        seed = self.start_with.seed if self.start_with.seed is not None else self.seeds()
        factors = dict(self.start_with.factors) if scenario == self.start_with.scenario else {}
        setup = Setup(scenario, self.model, seed, factors, truncation=self.start_with.truncation)
        self.push_screen(BriefingScreen(new_game(setup)))

    def play(self, opening: Opening, factors: dict[str, str] | None = None) -> None:
        """Sit down to a game, new or saved."""
        from game.tui.screens.play import PlayScreen

        if factors is not None:
            opening = replace(opening, setup=replace(opening.setup, model=self.model, factors=factors))
        self.push_screen(PlayScreen(opening))

    def what_if(self) -> None:
        """The tree of the game's decisions. Raises UserError if there is no save to read it from."""
        from game.tui.screens.tree import TreeScreen

        session = self.session
        path = (session.path or session.opening.path) if session is not None else None
        if session is None or path is None:
            raise UserError("this game is not saved, so there is nothing to go back to")
        session.close()
        self.switch_screen(TreeScreen(session.opening, path))

    def show_record(self) -> None:
        """Every verdict over all games, on top of what is on."""
        from game.tui.screens.record import RecordScreen

        self.push_screen(RecordScreen())

    def play_branch(self, opening: Opening) -> None:
        """Sit down to a branch of a game, in place of the tree."""
        from game.tui.screens.play import PlayScreen

        self.switch_screen(PlayScreen(opening))

    def resume(self, path: Path) -> None:
        """Go on with a saved game. Raises UserError."""
        from game.play.session import saved_game
        from game.play.week import saved_week, week_of

        week = week_of(path)
        if week is not None:
            self.begin_week(saved_week(week))
            return
        opening = saved_game(path)
        self.take_seat(opening.setup.model)
        self.play(opening)

    def begin_week(self, week: Week | str) -> None:
        """The board of a week, new or saved; a campaign's name begins one. Raises UserError."""
        from game.tui.weekly import Weekly

        self.weekly = Weekly(self, week, self._opener)
        self.weekly.show()

    def after_verdict(self, session: Session) -> GameScreen:
        """What comes when a game has its score."""
        from game.tui.screens.debrief import DebriefScreen

        return self.weekly.after_verdict(session) if self.weekly is not None else DebriefScreen(session)

    def to_title(self) -> None:
        """Leave whatever is on; it is saved."""
        if self.session is not None:
            self.session.close()
            self.session = None
        if self.weekly is not None:
            weekly, self.weekly = self.weekly, None
            weekly.close()
        while len(self.screen_stack) > 2:
            self.pop_screen()
        title = self.screen
        if isinstance(title, TitleScreen):
            title.refresh_menu()

    def _fatal_error(self) -> None:
        self.kept = self.session.path if self.session is not None else None
        super()._fatal_error()

    async def let_go(self) -> None:
        """Close the save, and end the engine in the middle of anything."""
        if self.session is not None:
            self.session.close()
        if self.weekly is not None:
            self.weekly.week.close()
        if self.seat is not None:
            await self.seat.close()

    # --- keys that are there for some ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The facilitator's key is there only for a facilitator, those of the lessons only where there are some."""
        if action == "lesson":
            return any(strip.display for strip in self.screen.query("#lesson"))
        if action == "lessons":
            at_title = self.lessons is not None and isinstance(self.screen, TitleScreen)
            return at_title or bool(self.screen.query("#lesson"))
        if action == "host":
            return self.host is not None and getattr(self.screen, "levers", False)
        return super().check_action(action, parameters)

    def action_host(self) -> None:
        """The facilitator's screen."""
        from game.tui.facilitator import open_host

        open_host(self)

    def lessons_for(self, opening: Opening) -> Lessons | None:
        """The lessons of a game that may explain itself."""
        from game.play.lessons import teaches

        later = self.weekly is not None and self.weekly.week.day > 0
        return self.lessons if self.host is None and not later and teaches(opening) else None

    def action_lesson(self) -> None:
        from game.tui.widgets.lesson import LessonStrip

        for strip in self.screen.query(LessonStrip):
            strip.had()

    def action_lessons(self) -> None:
        """No more lessons, or all of them again; from the title always again."""
        from game.tui.widgets.lesson import LessonStrip

        if isinstance(self.screen, TitleScreen) and self.lessons is not None:
            self.lessons.again()
            self.tell("tips", "The next new game explains itself again.")
        for strip in self.screen.query(LessonStrip):
            strip.switch()
