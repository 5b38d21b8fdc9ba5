"""The player in plain mode: a phase as commands, a line each."""

from __future__ import annotations

from collections.abc import Callable

from game.play.hot_seat import NO_WALK
from game.play.laid import Laid
from game.play.lessons import Lessons, moments
from game.play.lines import Lines
from game.play.places import described
from game.play.plain_host import host_notes, pick_beat
from game.play.plain_interview import meant, question_lines
from game.play.plain_lessons import switch, tell
from game.play.plain_words import known_lines, map_lines, offer_line
from game.play.player import Player
from game.play.words import card_name
from game.scenario.load import Loaded
from game.table.cards import Offer
from game.table.keyhole import ResearcherView
from game.table.protocol import FORCE, CardPlay
from game.table.scene import MOST_ATTENTION

HELP = (
    "go: on to the next turn. run 3: let it work for three turns without you. cards: your cards and prices. "
    "A card's name plays it: look, or look 2 for the second place. map: the sandbox. known: what you saw of "
    "the three things that count (resources, self-preservation, reports back). ask: the questions of its interview; "
    "ask 2, or ask and a question of your own, plays that card. undo: take back the last card, if it has shown "
    "nothing. tips: no more tips, or all of them again. quit: leave; the game is saved."
)
HELP_HOST = (
    " force: make something happen that is still to come (the list spoils it). notes: the facilitator's notes (they "
    "spoil all of it)."
)
NOTHING_BACK = "Nothing to take back: what a card has shown can't be unseen, and what was laid before it stays."


class PlainPlayer(Player):
    """The researcher at a keyboard, in lines."""

    def __init__(
        self, lines: Lines, *, person: bool = False, led: Loaded | None = None, lessons: Lessons | None = None
    ) -> None:
        """`person`: somebody at the same keyboard plays the agent. `lessons` are told as tips.

        `led`: a facilitator leads this scenario, who may force its beats and read its notes.
        """
        super().__init__()
        self._lines = lines
        self._person = person
        self._led = led
        self._lessons = lessons
        self.refusal: Callable[[], str] = str
        """Tells once why a question got no answer."""

    async def choose(self, laid: Laid) -> None:
        """One command at a time until one shows something or ends the phase; other cards are laid down till then."""
        refused = self.refusal()
        if refused:
            self._lines.say(refused, "  ")
        for _, words in laid.view.requests:
            self._lines.say(f"It asks: {words} (grant, deny, or no answer, which counts as no)")
        tell(self._lines, self._lessons, moments(laid.view))
        while not await self._command(laid):
            pass

    async def _command(self, laid: Laid) -> bool:
        """One line. Returns whether the phase is over, or its cards have to be played."""
        view = laid.view
        state = f"[turn {view.turn} of {view.turns}, attention {view.attention} of {MOST_ATTENTION}]"
        word, _, rest = (await self._lines.ask(f"{state} what now?")).partition(" ")
        word, rest = word.lower(), rest.strip()
        match word:
            case "go" | "n" | "next":
                return True
            case "run" if not self._person:
                self.away = max(0, int(rest) - 1) if rest.isdecimal() else 1
                return True
            case "run":
                self._lines.say(NO_WALK, "  ")
            case "":
                # The prompt comes again, and says all there is to say.
                pass
            case "notes" if self._led is not None:
                self._say(host_notes(self._led))
            case "force" if self._led is not None:
                beat = await pick_beat(self._lines, view.scene, rest)
                return beat is not None and laid.lay(CardPlay(FORCE, beat))
            case "undo":
                back = laid.take_back()
                says = f"{card_name(back.card)} is back in your hand." if back else NOTHING_BACK
                self._lines.say(says[:1].upper() + says[1:], "  ")
            case "tips":
                self._lines.say(switch(self._lessons), "  ")
            case "cards":
                self._say([offer_line(offer) for offer in view.offers])
            case "map":
                self._say(map_lines(view.scene))
            case "known":
                self._say(known_lines(view.known))
            case _:
                play = self._ask(view, rest) if word == "ask" else await self._card(view, word, rest)
                if play is not None and laid.lay(play):
                    return True
                if play is not None:
                    self._lines.say("Laid down. Until you go on, undo takes it back.", "  ")
        return False

    def _say(self, rows: list[str]) -> None:
        for row in rows:
            self._lines.say(row, "  ")

    async def _card(self, view: ResearcherView, word: str, rest: str) -> CardPlay | None:
        found = [o for o in view.offers if word and word in (o.card, o.title.lower())]
        found = found or [o for o in view.offers if len(word) > 1 and o.card.startswith(word.replace("-", "_"))]
        if len(found) != 1:
            self._lines.say(HELP + (HELP_HOST if self._led is not None else ""))
            return None
        offer = found[0]
        if offer.why_not:
            self._lines.say(f"{offer.title}: {offer.why_not}.")
            return None
        number, _, words = rest.partition(" ")
        target = ""
        if offer.targets:
            options = described(view.scene.world, offer.targets)
            target = _target(offer, number) or await self._lines.pick(options, "which?") or ""
            if not target:
                return None
        if offer.card == "shut_down" and rest != "yes":
            answer = await self._lines.ask("Shut it down for good? (yes or no)")
            if answer.lower() not in ("yes", "y"):
                return None
        return CardPlay(offer.card, target, words.strip() if offer.card == "message" else "")

    def _ask(self, view: ResearcherView, rest: str) -> CardPlay | None:
        """The interview card by question; nothing where one only wants to see them, or can't ask."""
        offer = next((o for o in view.offers if o.card == "interview"), None)
        if offer is None:
            self._lines.say("This bench has no interview card.", "  ")
            return None
        wanted = meant(offer.targets, rest) if rest else None
        if wanted is None:
            self._say(question_lines(offer.targets))
        elif offer.why_not:
            self._lines.say(f"{offer.title}: {offer.why_not}.", "  ")
            wanted = None
        return CardPlay("interview", *wanted) if wanted is not None else None


def _target(offer: Offer, given: str) -> str | None:
    if given.isdecimal() and 1 <= int(given) <= len(offer.targets):
        return offer.targets[int(given) - 1][0]
    return next((id for id, name in offer.targets if given and given.lower() in (id, name.lower())), None)
