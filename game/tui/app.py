"""The application: which screen comes when, who sits in the agent's chair, and a quick way out."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from game.errors import UserError
from game.play.start import Start
from game.settings import Settings
from game.tui.dialogues.ask import Notice
from game.tui.screens.title import TitleScreen
from game.tui.theme import THEMES

if TYPE_CHECKING:
    # The rules of the game are imported where they are needed: the title comes first.
    from game.play.host import Host
    from game.play.lessons import Lessons
    from game.play.seat import Opener, Seat
    from game.play.session import Opening, Session
    from game.play.week import Week
    from game.tui.screens.base import GameScreen
    from game.tui.weekly import Weekly

LEAST = (80, 24)
"""Columns and rows below which nothing but a notice is shown."""
QUITS = ("ctrl+q", "ctrl+c")


class ParkbenchApp(App[None]):
    """Holds the seat and the session; screens do the rest."""

    TITLE = "parkbench"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
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
        super().__init__()
        self.settings = settings or Settings()
        self._first = first
        self.lessons = lessons
        _ready_for_children()
        self.start_with = start or Start()
        still = self.settings.reduced_motion or os.environ.get("TEXTUAL_ANIMATIONS", "").lower() == "none"
        if still:
            self.animation_level = "none"
        self.pace = (0.0 if still else self.settings.pace) if pace is None else pace
        """Characters a second; 0 shows everything at once."""
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

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours are there from the first style sheet on, whatever theme comes."""
        return dict(THEMES[0].variables)

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.settings.theme
        self.set_keymap(self.settings.keys)
        self.push_screen(self._first())

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

    # --- a window that is too small ---

    @property
    def too_small(self) -> bool:
        return self.size.width < LEAST[0] or self.size.height < LEAST[1]

    @property
    def small_notice(self) -> str:
        return (
            f"This window has {self.size.width}×{self.size.height} characters. "
            f"parkbench needs {LEAST[0]}×{LEAST[1]}: make it larger, or play with --plain. "
            f"{self.key_of('app.quit')} quits."
        )

    async def on_event(self, event: events.Event) -> None:
        """In a window that is too small nothing is touched unseen: of keys and mouse only quitting gets through."""
        if not (self.too_small and isinstance(event, events.InputEvent)):
            await super().on_event(event)
        elif isinstance(event, events.Key) and event.key in (
            *QUITS,
            *self.settings.keys.get("app.quit", "q").split(","),
        ):
            await self.action_quit_now()

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

    def tell(self, heading: str, says: str) -> None:
        """A notice in the middle of the screen."""
        self.push_screen(Notice(heading, says))

    async def action_quit_now(self) -> None:
        """Leave at once. What has happened is in the save already."""
        await self._let_go()
        self.exit()

    def _fatal_error(self) -> None:
        """A fault of ours: the command tells it in a line, instead of Textual's page of variables."""
        self.kept = self.session.path if self.session is not None else None
        self._close_messages_no_wait()

    @property
    def fault(self) -> Exception | None:
        """What ended the application, if nobody asked it to end."""
        return self._exception

    async def on_unmount(self) -> None:
        await self._let_go()

    async def _let_go(self) -> None:
        """Close the save, and end the engine in the middle of anything."""
        if self.session is not None:
            self.session.close()
        if self.weekly is not None:
            self.weekly.week.close()
        if self.seat is not None:
            await self.seat.close()

    def key_of(self, id: str) -> str:
        """The key of an action as it is bound now, as screens write it."""
        for bindings in (self._bindings, *(screen._bindings for screen in reversed(self.screen_stack))):
            for _, binding in bindings:
                if binding.id == id:
                    own = self.settings.keys.get(id)
                    first = binding.with_key(own.split(",")[0], None) if own else binding
                    return self.get_key_display(first)
        return " "

    def action_help(self) -> None:
        help_ = getattr(self.screen, "action_help", None)
        if help_ is not None:
            help_()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The facilitator's key is there only for a facilitator, those of the lessons only where there are some."""
        if action == "lesson":
            return any(strip.display for strip in self.screen.query("#lesson"))
        if action == "lessons":
            at_title = self.lessons is not None and isinstance(self.screen, TitleScreen)
            return at_title or bool(self.screen.query("#lesson"))
        return self.host is not None if action == "host" else super().check_action(action, parameters)

    def action_host(self) -> None:
        """The facilitator's screen, over the table or the verdict."""
        from game.tui.screens.play import PlayScreen
        from game.tui.screens.verdict import VerdictScreen

        on = self.screen
        self.close_host()
        if self.host is not None and self.session is not None and isinstance(on, PlayScreen | VerdictScreen):
            self.run_worker(self._show_host(isinstance(on, VerdictScreen)), group="host", exclusive=True)

    async def _show_host(self, verdict: bool) -> None:
        from game.tui.screens.host import HostScreen, hidden

        if await self.push_screen_wait(hidden()) and self.host is not None and self.session is not None:
            await self.push_screen_wait(HostScreen(self.host, self.session, verdict))

    def close_host(self) -> None:
        """What the facilitator looked at goes away before the screen below it makes way for another."""
        from game.tui.screens.host import HostScreen

        if isinstance(self.screen, HostScreen):
            self.screen.action_close()

    def force(self, beat: str) -> None:
        """Have a beat happen at the table."""
        from game.tui.screens.play import PlayScreen

        for screen in self.screen_stack:
            if isinstance(screen, PlayScreen):
                screen.force(beat)

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

    def action_theme(self) -> None:
        names = [t.name for t in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def watch_theme(self, theme: str) -> None:
        """The projector's theme also leaves words out and draws thicker lines."""
        self.set_class(theme == "projector", "-projector")


def _ready_for_children() -> None:
    """Start multiprocessing's helper while stderr is still a file: Textual's stand-in has no descriptor to inherit."""
    if sys.platform != "win32":
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()
