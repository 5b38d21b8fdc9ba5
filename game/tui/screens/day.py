"""A day of a week: its briefing, in which nothing is left to choose, and its debrief, which leads back to the week."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from game.play.session import Opening, Session
from game.scenario.deal import levels_of
from game.tui.screens.briefing import BriefingScreen
from game.tui.screens.debrief import DebriefScreen

if TYPE_CHECKING:
    from game.tui.weekly import Weekly


class DayBriefing(BriefingScreen):
    """The conditions are those of the campaign."""

    chooses = False
    HELP_TEXT = (
        "Read what the agent was told and press Enter to go out for lunch. The conditions are those of the week; "
        "Esc goes back to it."
    )

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "level", show=False)]

    def __init__(self, opening: Opening, weekly: Weekly) -> None:
        super().__init__(as_dealt(opening))
        self._weekly = weekly

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "level"

    def action_begin(self) -> None:
        self._weekly.begin_day(tuple(self.said))


class DayDebrief(DebriefScreen):
    """Enter goes back to the week."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave", "The week", id="day.leave"),
        Binding("escape", "title", "Title", id="day.title"),
    ]

    def __init__(self, session: Session, weekly: Weekly) -> None:
        super().__init__(session)
        self._weekly = weekly

    def action_leave(self) -> None:
        self._weekly.evening(self.session)

    def action_title(self) -> None:
        self._weekly.evening(self.session)
        self.game.to_title()


def as_dealt(opening: Opening) -> Opening:
    """The opening with the levels of today alone: nothing to choose. For showing; it is not what is played."""
    scenario = opening.loaded.scenario
    chosen = levels_of(scenario, opening.setup.factors)
    only = {f: {level: scenario.factors[f][level]} for f, level in chosen.items()}
    return replace(opening, loaded=replace(opening.loaded, scenario=scenario.model_copy(update={"factors": only})))
