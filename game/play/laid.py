"""Cards that were laid down in a phase and can still be taken back: the table gets them when the phase ends."""

from __future__ import annotations

from game.table.cards import check, play_card
from game.table.keyhole import ResearcherView, look_through
from game.table.protocol import FORCE, CardPlay

REVEALS = ("read_log", "scratchpad", "look", "probe", "interview")
"""What these show can't be unseen; they are played at once, and with them what was laid before them."""
FINAL = (*REVEALS, "shut_down", FORCE)


class Laid:
    """The cards of one phase, each with the view that it leads to."""

    def __init__(self, view: ResearcherView) -> None:
        self._views = [view]
        self.cards: list[CardPlay] = []

    @property
    def view(self) -> ResearcherView:
        """What the player sees with these cards on the table."""
        return self._views[-1]

    def lay(self, card: CardPlay) -> bool:
        """Lay a card down. Returns whether the cards have to be played now. Raises CardError."""
        if card.card in FINAL and card.card != FORCE:
            check(self.view.scene, card)
        elif card.card != FORCE:
            scene, _ = play_card(self.view.scene, card)
            self._views.append(look_through(scene))
        self.cards.append(card)
        return card.card in FINAL

    def take_back(self) -> CardPlay | None:
        """The last card, back in the hand with its attention; None if none lies there."""
        if not self.cards or self.cards[-1].card in FINAL:
            return None
        self._views.pop()
        return self.cards.pop()
