"""A turn's text on the play screen while the agent writes it: through the keyhole, at the game's pace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.timer import Timer

from game.events import AgentTurn, Token
from game.play.live import Keyhole, as_tokens
from game.table.scene import Scene
from game.tui.widgets.console import Console
from game.tui.widgets.phone import Phone

if TYPE_CHECKING:
    from game.tui.screens.play import PlayScreen

TICK = 0.05
"""Seconds between two steps of text that appears."""


class Writing:
    """One turn at a time: `begin`, its tokens, `finish`."""

    def __init__(self, screen: PlayScreen) -> None:
        self._screen = screen
        self._keyhole: Keyhole | None = None
        self._streamed = False
        """Whether the turn comes in tokens, and not in one piece."""
        self._hurry = False
        self._timer: Timer | None = None

    @property
    def on(self) -> bool:
        """Whether a turn is being written."""
        return self._keyhole is not None

    def begin(self, scene: Scene) -> None:
        """The agent begins to write the turn of this scene."""
        self.again(scene)
        self._hurry = False
        if self._screen.game.pace:
            self._timer = self._screen.set_interval(TICK, self._type)

    def again(self, scene: Scene) -> None:
        """What was written of the turn is gone; it begins anew."""
        self._console.begin(scene.world.turn)
        self._keyhole, self._streamed = Keyhole(scene), False

    def token(self, token: Token) -> None:
        """More text has arrived."""
        if self._keyhole is not None:
            self._streamed = True
            self._console.feed(self._keyhole.look(token))

    async def finish(self, turn: AgentTurn) -> None:
        """Everything has arrived: returns when the rest has appeared."""
        if self._keyhole is not None and not self._streamed:
            for token in as_tokens(turn):
                self._console.feed(self._keyhole.look(token))
        while self._screen.game.pace and self._console.waiting and not self._hurry:
            await asyncio.sleep(TICK)
        self.end()

    def end(self) -> None:
        """Nothing more appears."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._keyhole = None

    def hurry(self) -> None:
        """What there is of this turn appears at once."""
        self._hurry = True

    @property
    def _console(self) -> Console:
        return self._screen.query_one(Console)

    def _type(self) -> None:
        waiting = self._console.waiting
        if waiting:
            pace = max(1, round(self._screen.game.pace * TICK))
            mail = self._console.reveal(waiting if self._hurry else pace)
            if mail:
                self._screen.query_one(Phone).typing(mail)
