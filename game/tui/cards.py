"""Cards on the play screen: what a key or a click on one does, until it lies on the table or is back in the hand."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING

from game.events import Interviewed
from game.play.laid import REVEALS
from game.table.cards import Offer
from game.table.keyhole import ResearcherView
from game.table.protocol import CardPlay
from game.tui.dialogues.card import card_from
from game.tui.dialogues.permission import Permission
from game.tui.screens.chat import ChatScreen
from game.tui.talk import AtTable
from game.tui.widgets.hand import Hand

if TYPE_CHECKING:
    from game.tui.screens.play import PlayScreen


class Cards:
    """The hand of the player at a screen. What can't be done now is said in the line under the cards."""

    def __init__(self, screen: PlayScreen) -> None:
        self._screen = screen
        self._talk: AtTable | None = None
        """The interview that is on."""
        self._shown = False
        """Whether a card has shown something in this phase."""
        self.probing = False
        """Whether a probe was played, and its answer is still to come."""

    @property
    def talks(self) -> bool:
        """Whether an interview is on."""
        return self._talk is not None

    def phase_begins(self, view: ResearcherView) -> None:
        """The player may choose: what the agent asked for comes first, unless they are talking to it."""
        if self._talk is not None:
            self._talk.phase()
        elif view.requests:
            self._ask(self._answer(view))

    def phase_over(self) -> None:
        self._shown = False

    def take(self, card: str) -> None:
        """Play it, ask what on, or say why not."""
        phase = self._screen.phase
        offer = next((o for o in phase.offers if o.card == card), None) if phase is not None else None
        if offer is None:
            return
        if offer.why_not:
            self._hint(f"{offer.title}: {offer.why_not}.")
        elif card == "interview":
            self._interview()
        else:
            self._ask(self._choose(offer))

    def put_down(self, play: CardPlay | None) -> None:
        """Lay a card on the table, if it is the player's turn. Raises CardError."""
        if play is None or self._screen.phase is None:
            return
        self._shown = play.card in REVEALS
        if not self._screen.player.play(play):
            self._screen.show_soon()
            return
        self.probing = play.card == "probe"
        if self.probing:
            self._hint(f"{self._screen.busy}…")

    def take_back(self) -> None:
        """The last card, as long as it has shown nothing and the phase is on."""
        if self._screen.phase is None:
            return
        if self._screen.player.take_back() is not None:
            self._screen.show_soon()
        elif self._shown:
            self._hint("What a card has shown can't be unseen, and what was laid before it stays.")
        else:
            self._hint("There is no card to take back.")

    def look_at(self, offer: Offer) -> None:
        """Say what a card does, or why not now."""
        shown = " What it shows can't be unseen." if offer.card in REVEALS else ""
        self._hint(f"{offer.title}: {offer.why_not or offer.says}{shown}")

    # --- the interview ---

    def answered(self, event: Interviewed) -> None:
        """The table has an answer of the agent's."""
        if self._talk is not None:
            self._talk.answered(event)

    def close_talk(self) -> None:
        """The interview is over, whoever ended it."""
        screen = self._screen
        if self._talk is not None:
            self._talk = None
            while screen.app.screen is not screen and screen in screen.app.screen_stack:
                screen.app.pop_screen()

    def _interview(self) -> None:
        """The chat, for as many questions as one can pay."""
        screen = self._screen
        assert screen.session is not None
        self._talk = AtTable(screen, screen.session, screen.game.clock)
        screen.app.push_screen(ChatScreen(self._talk, screen.agent), lambda _: self.close_talk())

    # --- dialogues ---

    def _ask(self, dialogue: Coroutine[None, None, None]) -> None:
        self._screen.run_worker(dialogue, group="dialogue", exclusive=True)

    async def _choose(self, offer: Offer) -> None:
        phase = self._screen.phase
        if phase is None:
            return
        if offer.card in ("grant", "deny"):
            await self._answer(phase)
        else:
            self.put_down(await card_from(self._screen.app, offer, phase.scene.world))

    async def _answer(self, view: ResearcherView) -> None:
        """The permission dialogue, for the oldest open request."""
        if not view.requests:
            return
        about, words = view.requests[0]
        screen = self._screen
        answer = await screen.app.push_screen_wait(Permission(screen.agent, words, screen.game.clock))
        if answer:
            self.put_down(CardPlay(answer, about))

    def _hint(self, says: str) -> None:
        self._screen.query_one(Hand).hint(says)
