"""The engine's process is gone in the middle of a game: ask, bring it back, and have the agent decide again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from game.errors import UserError
from game.play.session import Session
from game.text import one_line
from game.tui.dialogues.ask import Confirm

if TYPE_CHECKING:
    from game.tui.screens.play import PlayScreen


async def bring_back(screen: PlayScreen, session: Session, says: str) -> None:
    """Returns when the engine is back; a player who would rather leave does that."""
    session.note("engine_died", says)
    # A shared engine is brought back by its server: nothing is asked, unless that fails.
    ask = not session.chair.shared
    while True:
        happened = one_line(says[:1].upper() + says[1:], 200)
        question = f"{happened}. The game is saved up to here. Start the engine again and go on?"
        dialogue = Confirm("the engine stopped", question, "Start it again", "Leave to the title")
        if ask and not await screen.app.push_screen_wait(dialogue):
            screen.game.to_title()
            await asyncio.Event().wait()
        try:
            if session.chair.revive is not None:
                await session.chair.revive()
            break
        except UserError as e:
            says, ask = str(e), True
    screen.write_again()
