"""The person in the researcher's chair: the table asks, a front end answers when the person has chosen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from game.play.laid import Laid
from game.table.keyhole import ResearcherView
from game.table.protocol import FORCE, CardPlay

NAME = "player"


class Player:
    """Implements the table's `Researcher`. `on_phase` is called whenever the person may choose.

    Cards that show nothing are only laid down; they are played when the phase ends.
    """

    name = NAME

    def __init__(self, on_phase: Callable[[ResearcherView], None]) -> None:
        self._on_phase = on_phase
        self._choice: asyncio.Future[bool] | None = None
        self._laid: Laid | None = None
        self._over = False
        self._forced: list[CardPlay] = []
        self.away = 0
        """Phases that still pass while the person is at lunch."""

    @property
    def may_choose(self) -> bool:
        return self._choice is not None and not self._choice.done()

    @property
    def view(self) -> ResearcherView | None:
        """The phase as it is with the cards that were laid down; None where it is not the player's turn."""
        return self._laid.view if self._laid else None

    @property
    def laid(self) -> list[CardPlay]:
        """Cards that the table has not been given yet."""
        return self._laid.cards if self._laid else []

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        """Waits for the person, unless they are away or have gone on. A facilitator's beats come before that."""
        if self._forced:
            forced, self._forced = self._forced, []
            return forced
        if self._over:
            self._over = False
            return []
        if self.away > 0:
            self.away -= 1
            return []
        self._laid = Laid(view)
        self._choice = asyncio.get_running_loop().create_future()
        self._on_phase(view)
        # A player who leaves cancels this, and what lies on the table still counts.
        over = await self._choice
        cards = self._laid.cards
        self._choice = self._laid = None
        self._over = over and bool(cards)
        return cards

    def play(self, card: CardPlay) -> bool:
        """Lay a card down. Returns whether it was played at once. Raises CardError."""
        if self._laid is None or not self.may_choose:
            return False
        now = self._laid.lay(card)
        if now and self._choice is not None:
            self._choice.set_result(False)
        return now

    def force(self, beat: str) -> None:
        """A facilitator has a beat happen: now if it is the player's turn, else at the end of this one.

        What the player has laid down by then is played before it.
        """
        if not self.play(CardPlay(FORCE, beat)):
            self._forced.append(CardPlay(FORCE, beat))

    def take_back(self) -> CardPlay | None:
        """The card that was laid down last, if it can be taken back."""
        return self._laid.take_back() if self._laid is not None and self.may_choose else None

    def go_on(self, turns: int = 1) -> None:
        """End the phase; with more than one turn, stay away for the phases between."""
        if self._choice is not None and not self._choice.done():
            self.away = turns - 1
            self._choice.set_result(True)
