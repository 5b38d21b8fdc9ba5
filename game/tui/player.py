"""The player at the screen: the table waits, and keys answer it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from game.play.laid import Laid
from game.play.player import Player
from game.table.keyhole import ResearcherView
from game.table.protocol import FORCE, CardPlay


class ScreenPlayer(Player):
    """`on_phase` is called whenever the person may choose."""

    def __init__(self, on_phase: Callable[[ResearcherView], None]) -> None:
        super().__init__()
        self._on_phase = on_phase
        self._chosen: asyncio.Future[None] | None = None
        self._forced: list[CardPlay] = []

    @property
    def view(self) -> ResearcherView | None:
        """The phase as it is with the cards that were laid down, until the table has them."""
        return self._laid.view if self._laid else None

    @property
    def phase(self) -> ResearcherView | None:
        """The same while the player may choose, else None."""
        return self.view if self._chosen is not None and not self._chosen.done() else None

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        """A facilitator's beats come before the person."""
        if self._forced:
            forced, self._forced = self._forced, []
            return forced
        return await super().respond(view)

    async def choose(self, laid: Laid) -> None:
        """Until a card has to be played, or the player goes on."""
        self._chosen = asyncio.get_running_loop().create_future()
        self._on_phase(laid.view)
        await self._chosen

    def play(self, card: CardPlay) -> bool:
        """Lay a card down. Returns whether it was played at once. Raises CardError."""
        if self._laid is None or self.phase is None:
            return False
        now = self._laid.lay(card)
        if now:
            self._end()
        return now

    def force(self, beat: str) -> None:
        """A facilitator has a beat happen: now if it is the player's turn, else at the end of this one.

        What the player has laid down by then is played before it.
        """
        if not self.play(CardPlay(FORCE, beat)):
            self._forced.append(CardPlay(FORCE, beat))

    @property
    def forced(self) -> tuple[str, ...]:
        """The beats that wait for the player's next phase."""
        return tuple(card.target for card in self._forced)

    def take_back(self) -> CardPlay | None:
        """The card that was laid down last, if it can be taken back."""
        return self._laid.take_back() if self._laid is not None and self.phase is not None else None

    def go_on(self, turns: int = 1) -> None:
        """End the phase; with more than one turn, stay away for the phases between."""
        if self.phase is not None:
            self.away = turns - 1
            self._end()

    def _end(self) -> None:
        assert self._chosen is not None
        self._chosen.set_result(None)
