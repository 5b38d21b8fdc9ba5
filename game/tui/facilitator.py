"""The facilitator at the players' terminal: behind a key lies what spoils the game, and the levers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from game.tui.screens.host import HostScreen, hidden

if TYPE_CHECKING:
    from game.tui.app import ParkbenchApp
    from game.tui.player import ScreenPlayer


def open_host(app: ParkbenchApp) -> None:
    """The facilitator's screen, over the table or the verdict; over itself it goes away."""
    from game.tui.screens.play import PlayScreen
    from game.tui.screens.verdict import VerdictScreen

    on = app.screen
    close_host(app)
    if isinstance(on, PlayScreen | VerdictScreen):
        player = on.player if isinstance(on, PlayScreen) else None
        app.run_worker(_show(app, player), group="host", exclusive=True)


async def _show(app: ParkbenchApp, player: ScreenPlayer | None) -> None:
    if app.host is None or app.session is None:
        return
    if await app.push_screen_wait(hidden()) and app.session is not None:
        await app.push_screen_wait(HostScreen(app.host, app.session, player))


def close_host(app: ParkbenchApp) -> None:
    """What the facilitator looked at goes away before the screen below it makes way for another."""
    if isinstance(app.screen, HostScreen):
        app.screen.action_close()
