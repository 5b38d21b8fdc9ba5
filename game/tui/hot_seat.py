"""Hot-seat on one terminal: between the two players a cover hides what the other must not see."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from game.agents.chair import Chair
from game.play.hot_seat import Deciding, Telling, human_chair
from game.play.seat import Opener
from game.table.protocol import View
from game.tui.screens.agent import AgentScreen, CoverScreen

if TYPE_CHECKING:
    from game.tui.app import ParkbenchApp


def hot_seat(app: ParkbenchApp) -> Opener:
    """Seats the person at this terminal. The table asks from the play screen's worker, which may wait for screens."""

    async def ask(view: View, steps: Deciding | Telling) -> None:
        await app.push_screen_wait(CoverScreen("agent"))
        await app.push_screen_wait(AgentScreen(view, steps))
        await app.push_screen_wait(CoverScreen("researcher"))

    def open_(_: str) -> AbstractAsyncContextManager[Chair]:
        return human_chair(ask)

    return open_
