"""A week on the screen: which screen comes when, and who sits in the chair meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from game.agents.chair import open_agent
from game.errors import UserError
from game.events import Interviewed
from game.play.envelope import opener
from game.play.hot_seat import HUMAN
from game.play.seat import NO_MODEL, Opener, default_model
from game.play.session import Session
from game.play.week import Week, new_week
from game.scenario.campaign import LoadedCampaign, find_campaign
from game.tui.screens.base import GameScreen
from game.tui.screens.day import DayBriefing, DayDebrief
from game.tui.screens.week import WeekScreen
from game.tui.screens.who import WhoScreen

if TYPE_CHECKING:
    from game.tui.app import ParkbenchApp


class Weekly:
    """Holds the week; its screens call this, and the app's own screens ask `ParkbenchApp.after_verdict`."""

    def __init__(self, app: ParkbenchApp, week: Week | str, inner: Opener | None) -> None:
        """A week, or the name of a campaign to begin. Raises UserError."""
        self._app = app
        self._before = app.model
        self._inner = inner
        self._loaded: LoadedCampaign | None = None
        self._drawn: Week | None = None
        if isinstance(week, str):
            self._loaded = find_campaign(week)
            if self._loaded is None:
                raise UserError(f"there is no campaign {week}")
            week = self._new(secret=False)
        self.week = week

    def _new(self, secret: bool) -> Week:
        assert self._loaded is not None
        app = self._app
        if self._before == HUMAN and not secret:
            raise UserError("hot-seat is one game, not a week: have another agent sit down first")
        seed = app.start_with.seed if app.start_with.seed is not None else app.seeds()
        model = "" if app.model in ("", NO_MODEL) or secret else self._before
        return new_week(self._loaded, model, seed, secret)

    @property
    def opener(self) -> Opener | None:
        """Who opens the agent: of an envelope, one that tells nobody its name."""
        envelope = self.week.envelope
        return opener(envelope, self._inner or open_agent) if envelope is not None else self._inner

    @property
    def may_choose(self) -> bool:
        """Whether the agent may still be drawn in secret instead, or named."""
        return self._loaded is not None and self.week.path is None

    def choose(self) -> None:
        """From the named agent to the envelope, or back. It is drawn once: toggling draws nobody else."""
        if not self.may_choose:
            return
        if self.week.envelope is None:
            self._drawn = self._drawn or self._new(secret=True)
            self.week = self._drawn
        else:
            self._drawn = self.week
            self.week = self._new(secret=False)
        self._app.take_seat(self.week.plan.model)

    # --- where to go ---

    def show(self) -> None:
        """The week's board, with its agent in the chair."""
        self._app.take_seat(self.week.plan.model)
        self._app.push_screen(WeekScreen(self))

    def go_on(self) -> None:
        """The next thing: today's briefing, today's game, or the title."""
        if self.week.day == len(self.week.campaign.days):
            self._app.to_title()
            return
        opening = self.week.opening()
        if opening.path is not None:
            self._app.play(opening)
        else:
            self._app.push_screen(DayBriefing(opening, self))

    def begin_day(self, before: tuple[Interviewed, ...] = ()) -> None:
        """Sit down to today's game; `before` is what the agent was asked in the briefing."""
        self.week.begin_save()
        self._app.play(replace(self.week.opening(), before=before))
        if self.week.save_error:
            self._app.tell("this week is not saved", f"{self.week.save_error}. You can play on.")

    def after_verdict(self, session: Session) -> GameScreen:
        """On the last day the question who it was comes before the truth."""
        return WhoScreen(self, session) if self.week.asks_who else DayDebrief(session, self)

    def evening(self, session: Session) -> None:
        """The day is over: back to the week's board."""
        self.week.day_over(session)
        session.close()
        self._app.session = None
        if self.week.day == len(self.week.campaign.days) and self.week.envelope is not None:
            self.week.reveal()
        while len(self._app.screen_stack) > 1 and not isinstance(self._app.screen, WeekScreen):
            self._app.pop_screen()
        board = self._app.screen
        if isinstance(board, WeekScreen):
            board.show()

    def close(self) -> None:
        """The week is left: who sat there before comes back."""
        self.week.close()
        before = self._before or default_model()
        self._app.take_seat(before)
