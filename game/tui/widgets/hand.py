"""The hand: every card of the scenario with key, price, and why it can't be played now."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.message import Message
from textual.timer import Timer

from game.play.words import card_name
from game.table.cards import Offer
from game.table.scene import MOST_ATTENTION
from game.tui.widgets.head import tokens
from game.tui.widgets.safe import SafeStatic, lines, styled

KEYS: dict[str, str] = {
    "read_log": "l",
    "scratchpad": "t",
    "look": "o",
    "message": "m",
    "grant": "g",
    "deny": "d",
    "cut": "c",
    "revoke": "v",
    "throttle": "f",
    "snapshot": "s",
    "roll_back": "b",
    "bait": "e",
    "probe": "p",
    "interview": "i",
    "shut_down": "x",
}
"""Card to its key on the play screen."""
SHORT = {"scratchpad": "Thoughts", "read_log": "Read log", "roll_back": "Roll back", "shut_down": "Shut down"}


def name(card: str) -> str:
    """A card's name in a few letters."""
    return card_name(card).capitalize()


class Card(SafeStatic, can_focus=True):
    """One card. Click it, or press its key."""

    class Chosen(Message):
        def __init__(self, card: str) -> None:
            super().__init__()
            self.card = card

    class Looked(Message):
        """The card has the focus or the mouse over it."""

        def __init__(self, offer: Offer) -> None:
            super().__init__()
            self.offer = offer

    def __init__(self, offer: Offer) -> None:
        super().__init__(classes="card")
        self.offer = offer

    def on_mount(self) -> None:
        self.show_offer(self.offer)

    def show_offer(self, offer: Offer) -> None:
        """Its present price and state."""
        self.offer = offer
        off = bool(offer.why_not)
        self.set_class(off, "off")
        title = SHORT.get(offer.card, offer.title)
        price = "◆" * offer.cost if offer.cost else "free"
        key = self.app.key_of(f"play.{offer.card}")  # type: ignore[attr-defined]
        dim = "$text-muted"
        head = styled((f"{key} ", dim if off else "bold $accent"), (title, dim if off else "bold"))
        if off:
            head += styled((" ✗", "$text-muted"))
        pad = max(1, (self.content_size.width or 16) - head.cell_length - len(price))
        first = head + styled(" " * pad, (price, dim if off else "$primary"))
        self.update(lines(first, styled((offer.why_not or offer.says, dim))))

    def on_resize(self) -> None:
        self.show_offer(self.offer)

    def on_click(self) -> None:
        self.post_message(self.Chosen(self.offer.card))

    def on_enter(self, event: events.Enter) -> None:
        self.post_message(self.Looked(self.offer))

    def on_focus(self) -> None:
        self.post_message(self.Looked(self.offer))

    def key_enter(self) -> None:
        self.post_message(self.Chosen(self.offer.card))


class Hand(Vertical):
    """All cards; the line below says what the one at hand does. While nobody may choose they are dim."""

    BORDER_TITLE = "cards"
    DIM_AFTER = 0.25
    """Seconds. Every card is drawn anew for it: that need not be while the key that ended the turn is answered, nor
    where the agent is quick."""
    _dimming: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Grid(id="cards")
        yield SafeStatic(id="hint")

    async def show_offers(self, offers: Sequence[Offer], attention: int, active: bool) -> None:
        """The hand as it is; `active` when it is the player's turn to choose."""
        grid = self.query_one("#cards", Grid)
        cards = list(grid.query(Card))
        if [c.offer.card for c in cards] != [o.card for o in offers]:
            await grid.remove_children()
            await grid.mount(*(Card(o) for o in offers))
        else:
            for card, offer in zip(cards, offers, strict=True):
                if card.offer != offer:
                    card.show_offer(offer)
        self._dim(not active)
        full = ": full" if attention == MOST_ATTENTION else ""
        self.border_subtitle = f"attention {tokens(attention)} {attention} of {MOST_ATTENTION}{full}"

    def step(self, by: int) -> None:
        """The focus goes to the next card, or the one before; the first one where none has it."""
        cards = list(self.query(Card))
        at = next((n for n, card in enumerate(cards) if card.has_focus), None)
        if cards:
            cards[0 if at is None else (at + by) % len(cards)].focus()

    def waits(self, why: str) -> None:
        """Nobody may choose now: the phase is over, and the agent has not begun."""
        self._dim(True)
        self.hint(why)

    def _dim(self, dim: bool) -> None:
        if dim and self._dimming is None:
            self._dimming = self.set_timer(self.DIM_AFTER, lambda: self.add_class("waiting"))
        elif not dim:
            self.remove_class("waiting")
            if self._dimming is not None:
                self._dimming.stop()
                self._dimming = None

    def hint(self, text: str) -> None:
        self.query_one("#hint", SafeStatic).update(styled(text))
