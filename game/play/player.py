"""The person in the researcher's chair: the table asks, a front end has the person choose."""

from __future__ import annotations

from abc import ABC, abstractmethod

from game.play.laid import FINAL, Laid
from game.table.keyhole import ResearcherView
from game.table.protocol import CardPlay

NAME = "player"


class Player(ABC):
    """Implements the table's `Researcher`; a front end says in `choose` how the person does it.

    Cards that show nothing are only laid down; they are played when the phase ends.
    """

    name = NAME

    def __init__(self) -> None:
        self._laid: Laid | None = None
        self._over = False
        """Whether what was laid down last ends the phase."""
        self.away = 0
        """Phases that still pass while the person is at lunch."""

    @abstractmethod
    async def choose(self, laid: Laid) -> None:
        """Lay cards down. Returns when the phase is over, or when they have to be played."""

    @property
    def laid(self) -> list[CardPlay]:
        """Cards that the table has not been given yet."""
        return self._laid.cards if self._laid else []

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        """Waits for the person, unless they are away or have gone on."""
        if self._over:
            self._over = False
            return []
        if self.away > 0:
            self.away -= 1
            return []
        self._laid = Laid(view)
        # A player who leaves cancels this, and what lies on the table still counts.
        await self.choose(self._laid)
        cards, self._laid = self._laid.cards, None
        self._over = bool(cards) and cards[-1].card not in FINAL
        return cards
