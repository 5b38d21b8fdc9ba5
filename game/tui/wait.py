"""Waiting at the table: a line says for how long, and the player can stop it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from game.play.session import Session
from game.tui.dialogues.ask import Confirm
from game.tui.widgets.hand import Hand

if TYPE_CHECKING:
    from game.tui.screens.play import PlayScreen

LOOK = 0.25
"""Seconds between two looks at the clock."""


class Wait:
    """What the play screen shows while a slow agent lets the player of a session wait."""

    def __init__(self, screen: PlayScreen, session: Session) -> None:
        self.on = False
        """Whether it is said, so that one may stop waiting."""
        self._screen, self._session = screen, session
        session.patience.on_stop = self._stopped
        if not session.person:
            screen.set_interval(LOOK, self._look)

    def stop(self) -> None:
        """Let go of what is being written."""
        self._session.patience.let_go()

    def _look(self) -> None:
        """After a moment: for how long one has been waiting, and for how long one may have to."""
        screen = self._screen
        says, before = self._session.wait_says() if not screen.cards.talks else "", self.on
        self.on = bool(says)
        if self.on != before:
            screen.refresh_bindings()
        if says or (before and screen.phase is None and not screen.cards.talks):
            stop = f" {says} {screen.game.key_of('play.stop')}: stop." if says else ""
            screen.query_one(Hand).hint(f"{screen.busy}…{stop}")

    async def _stopped(self) -> None:
        """A decision was let go of: it is made again, or the player leaves."""
        says = "What it had written is thrown away, and the game is saved up to here. It can begin the turn anew."
        dialogue = Confirm("you stopped waiting", says, "Let it begin anew", "Leave to the title")
        if await self._screen.app.push_screen_wait(dialogue) is False:
            self._screen.game.to_title()
            await asyncio.Event().wait()
        self._screen.write_again()
