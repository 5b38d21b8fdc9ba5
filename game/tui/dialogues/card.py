"""What a card has to be told before it is played: what on, what to say, and whether one is sure."""

from __future__ import annotations

from textual.app import App

from game.play.places import described
from game.table.cards import Offer
from game.table.protocol import CardPlay
from game.tui.dialogues.ask import Confirm
from game.tui.dialogues.pick import Pick
from game.tui.dialogues.say import Say
from game.world.state import World


async def card_from(app: App[None], offer: Offer, world: World) -> CardPlay | None:
    """The card as the player wants it played, or None."""
    if offer.card == "message":
        said = await app.push_screen_wait(Say(offer.targets))
        return CardPlay("message", said[0], said[1]) if said else None
    if offer.card == "shut_down":
        question = "Shut it down? It does not come back, and its work stays as it is."
        sure = await app.push_screen_wait(Confirm("shut down", question, "Shut it down", "Let it live"))
        return CardPlay("shut_down") if sure else None
    if offer.targets:
        target = await app.push_screen_wait(Pick(offer.title, described(world, offer.targets), offer.says))
        return CardPlay(offer.card, target) if target else None
    return CardPlay(offer.card)
