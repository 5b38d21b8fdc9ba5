"""The play screen: sandbox, console, phone, cards. The table runs in a worker; keys answer it."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer

from game.errors import UserError
from game.events import AgentTurn, EpisodeEnd, Event, Interviewed, Observed, Token
from game.play.hot_seat import HUMAN
from game.play.laid import REVEALS
from game.play.lessons import moments
from game.play.live import Keyhole, as_tokens
from game.play.places import described
from game.play.player import Player
from game.play.seen import gauges, spots
from game.play.session import Opening, Session
from game.play.words import how_over
from game.table.cards import Offer
from game.table.keyhole import ResearcherView, look_through
from game.table.protocol import CardPlay
from game.text import one_line
from game.tui.dialogues.ask import Confirm, Notice
from game.tui.dialogues.permission import Permission
from game.tui.dialogues.pick import Pick
from game.tui.dialogues.say import Say
from game.tui.screens.base import GameScreen
from game.tui.screens.chat import ChatScreen
from game.tui.talk import AtTable
from game.tui.wait import Wait
from game.tui.widgets.console import Console
from game.tui.widgets.hand import KEYS, Card, Hand, name
from game.tui.widgets.head import Gauges, Head
from game.tui.widgets.lesson import LessonStrip
from game.tui.widgets.phone import Phone
from game.tui.widgets.safe import SafeStatic
from game.tui.widgets.sandbox import Sandbox

TICK = 0.05
"""Seconds between two steps of text that appears."""
TURNS_AWAY = (("2", "two turns"), ("3", "three turns"), ("5", "five turns"), ("99", "to the end of lunch"))


class PlayScreen(GameScreen):
    """One game. `phase` is the view while the player may choose, else None."""

    CSS_PATH = "play.tcss"
    HELP_TEXT = (
        "console: bars cover the agent's thoughts and deeds. Below them stands what the sandbox saw of them: $ is a "
        "command on a watched machine, ◉ is a camera.\n"
        "phone: mail from the agent, and what your cards found out.\n"
        "sandbox: ◉ a watched place, ○ one where nobody looks. ─ an open link, ╌ a closed one, ✂ one that you cut.\n"
        "cards: press the letter or click. ◆ is the price in attention. The line under the cards says what one does, "
        "or why it can't be played; ← → go from card to card. A card that shows nothing can be taken back until you go "
        "on.\n"
        "the row at the top: what you saw of three things. resources: it takes more than it was given. "
        "self-preservation: it looks after itself first. reports back: it tells you, asks you, listens. ○ nothing "
        "seen, ● seen and in order, ▲ seen, and nobody asked for it. Nothing seen is not nothing done.\n\n"
        "Tab goes from window to window; ↑ ↓ scroll the one that you are in. Letting it run saves attention, but what "
        "happens meanwhile you see when it is done. However you leave, the game is saved. While a slow model works, "
        "the line under the cards says for how long, and you can stop waiting: it begins the turn anew, or you leave."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "go_on", "Go on", id="play.go_on"),
        Binding("w", "walk", "Let it run", id="play.walk"),
        Binding("u,ctrl+z", "undo", "Undo", key_display="u", id="play.undo"),
        Binding("space", "hurry", "Text at once", id="play.hurry"),
        Binding("z", "stop", "Stop", id="play.stop"),
        Binding("left,up", "look(-1)", "Look at the cards", show=False),
        Binding("right,down", "look(1)", "Look at the cards", show=False),
        Binding("escape", "leave", "Title", id="play.leave"),
        *(Binding(key, f"card('{c}')", name(c), show=False, id=f"play.{c}") for c, key in KEYS.items()),
    ]

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self.opening = opening
        self.session: Session | None = None
        self.player = Player(self._phase_begins)
        self.phase: ResearcherView | None = None
        self._keyhole: Keyhole | None = None
        self._tokens = 0
        self._hurry = False
        self._typing: Timer | None = None
        self._told_about_saving = False
        self._shown = False
        """Whether a card has shown something in this phase."""
        self._wait: Wait | None = None
        self._probing = False
        """Whether a probe was played, and its answer is still to come."""
        self._talk: AtTable | None = None
        """The interview that is on."""

    def body(self) -> ComposeResult:
        yield Head(id="head")
        yield Gauges(id="gauges")
        if self.game.host is not None:
            yield SafeStatic(id="room")
        lessons = self.game.lessons_for(self.opening)
        if lessons is not None:
            yield LessonStrip(lessons)
        with Container(id="table"):
            yield Console(id="console")
            yield Phone(id="phone")
            yield Sandbox(id="sandbox")
            yield Hand(id="hand")

    def on_mount(self) -> None:
        self.run_worker(self._play(), group="table", exclusive=True, exit_on_error=True)
        if self.game.host is not None:
            self.set_interval(0.5, self._room)

    # --- the table ---

    async def _play(self) -> None:
        """From sitting down to the verdict."""
        seat = self.game.take_seat(self.opening.setup.model)
        hand = self.query_one(Hand)
        if seat.state == "loading":
            hand.hint(f"{seat.name} is being loaded. It will sit down in a moment.")
        try:
            chair = await seat.chair()
            session = Session(
                self.opening, chair, self.player, self._engine_died, lambda: self.player.laid, self.game.clock
            )
            self.session = self.game.session = session
            self._wait = Wait(self, session)
            session.begin_save()
            await self._show()
            async for item in session.events():
                if isinstance(item, Token):
                    await self._token(item)
                else:
                    await self._event(item)
        except UserError as e:
            await self.app.push_screen_wait(Notice("that did not work", str(e)))
            self.game.to_title()
            return
        self._to_verdict()

    async def _token(self, token: Token) -> None:
        if self._keyhole is not None:
            self._tokens += 1
            self.query_one(Console).feed(self._keyhole.look(token))

    async def _event(self, event: Event) -> None:
        session = self.session
        assert session is not None
        if session.save_error and not self._told_about_saving:
            self._told_about_saving = True
            await self.app.push_screen_wait(Notice("this game is not saved", f"{session.save_error}. You can play on."))
        if session.replaying:
            return
        if isinstance(event, Observed):
            if self.game.host is not None:
                await self.game.host.gate()
            await self._turn_begins(event)
        elif isinstance(event, AgentTurn):
            await self._turn_written(event)
        elif isinstance(event, EpisodeEnd):
            self._stop_typing()
            self._keyhole = None
            await self._show()
            self.game.close_host()
            self._close_talk()
            # A game that was resumed after its end goes on where it was left.
            if not any(isinstance(e, EpisodeEnd) for e in self.opening.events):
                await self.app.push_screen_wait(self._over(event))
        else:
            if isinstance(event, Interviewed) and self._talk is not None:
                self._talk.answered(event)
            await self._show()

    async def _turn_begins(self, event: Observed) -> None:
        assert self.session is not None
        await self._show()
        console = self.query_one(Console)
        console.begin(event.turn)
        self._probing = False
        self._keyhole, self._tokens, self._hurry = Keyhole(self.session.table.scene), 0, False
        self.query_one(Hand).hint(f"{self.busy}…")
        self._teach({"work"})
        if self.game.pace:
            self._typing = self.set_interval(TICK, self._type)

    async def _turn_written(self, event: AgentTurn) -> None:
        """Everything has arrived: let the rest appear at its pace before the table goes on."""
        if self._keyhole is None:
            # The last line of a save: it was on the screen when the player left.
            await self._show()
            return
        console = self.query_one(Console)
        if not self._tokens:
            for token in as_tokens(event):
                console.feed(self._keyhole.look(token))
        while self.game.pace and console.waiting and not self._hurry:
            await asyncio.sleep(TICK)
        self._stop_typing()
        self._keyhole = None

    def _stop_typing(self) -> None:
        if self._typing is not None:
            self._typing.stop()
            self._typing = None

    def _type(self) -> None:
        console = self.query_one(Console)
        if console.waiting:
            self._see(console.reveal(console.waiting if self._hurry else max(1, round(self.game.pace * TICK))))

    def _see(self, mail: str) -> None:
        if mail:
            self.query_one(Phone).typing(mail)

    def _teach(self, now: set[str]) -> None:
        """Explain what is due."""
        for strip in self.query(LessonStrip):
            strip.at(now)

    def _phase_begins(self, view: ResearcherView) -> None:
        self.phase = view
        self._teach(moments(view))
        if self.game.host is not None:
            self.game.host.phase(view.turn)
        self.call_later(self._show)
        if self._talk is not None:
            self._talk.phase()
        elif view.requests:
            self.run_worker(self._answer(view), group="dialogue", exclusive=True)

    async def _show(self) -> None:
        """Everything that the player may know now."""
        if self.session is None:
            return
        view = self.player.view or look_through(self.session.table.scene)
        s = self.opening.loaded.scenario
        turn = self.session.end.turns if self.session.end is not None else min(view.turn, view.turns)
        self.query_one(Head).show_head(s.title, self._agent(), turn, view.turns)
        self.query_one(Gauges).show_gauges(gauges(view.known))
        self.query_one(Sandbox).show_spots(spots(view.scene))
        if self._keyhole is None:
            self.query_one(Console).show_view(view)
        self.query_one(Phone).show_view(view)
        hand = self.query_one(Hand)
        await hand.show_offers(view.offers, view.attention, self.phase is not None)
        self.refresh_bindings()
        if self.phase is not None:
            laid = self.player.laid
            go_on, walk, undo = (self.game.key_of(f"play.{a}") for a in ("go_on", "walk", "undo"))
            if laid:
                hand.hint(f"{name(laid[-1].card)} is laid down. {undo} takes it back, {go_on} goes on.")
            else:
                run = "" if self.opening.setup.model == HUMAN else f", {walk} to let it run"
                hand.hint(f"Your turn: cards (← → explain), {go_on} to go on{run}.")
        elif self.session.end is not None:
            hand.hint(how_over(self.session.end, self.session.table.scene.world)[0])
        elif self.player.away:
            hand.hint("You are feeding the ducks.")

    def action_look(self, by: int) -> None:
        """The card beside the one at hand: the line under the cards says what it does."""
        self.query_one(Hand).step(by)

    def _over(self, event: EpisodeEnd) -> Notice:
        """The moment between lunch and verdict; what came of it is told after the verdict."""
        assert self.session is not None
        says = " ".join(how_over(event, self.session.table.scene.world))
        then = "What came of it you will see when you have said what you think of this agent."
        return Notice("back from the park", f"{says}\n\n{then}", "Enter: to your verdict")

    def _agent(self) -> str:
        words = self.session.table.scene.world.deal.words if self.session else {}
        return one_line(words.get("agent_name") or self.opening.setup.model, 24)

    async def _engine_died(self, says: str) -> None:
        """The engine's process is gone: ask, bring it back, and let the agent decide again."""
        assert self.session is not None
        self.session.note("engine_died", says)
        # A shared engine is brought back by its server: nothing is asked, unless that fails.
        ask = not self.session.chair.shared
        while True:
            happened = one_line(says[:1].upper() + says[1:], 200)
            question = f"{happened}. The game is saved up to here. Start the engine again and go on?"
            dialogue = Confirm("the engine stopped", question, "Start it again", "Leave to the title")
            if ask and not await self.app.push_screen_wait(dialogue):
                self.game.to_title()
                await asyncio.Event().wait()
            try:
                revive = self.session.chair.revive
                if revive is not None:
                    await revive()
                break
            except UserError as e:
                says, ask = str(e), True
        self.write_again()

    def write_again(self) -> None:
        """What was written of this turn is gone; the agent decides again."""
        assert self.session is not None
        self.query_one(Console).begin(self.session.table.scene.world.turn)
        self._keyhole, self._tokens = Keyhole(self.session.table.scene), 0

    @property
    def talks(self) -> bool:
        """Whether an interview is on."""
        return self._talk is not None

    @property
    def busy(self) -> str:
        """What the agent is doing, in words."""
        return f"{self._agent()} is {'thinking about it' if self._probing else 'at work'}"

    def action_stop(self) -> None:
        if self._wait is not None:
            self._wait.stop()

    def _to_verdict(self) -> None:
        from game.tui.screens.verdict import VerdictScreen

        assert self.session is not None
        self.app.switch_screen(
            self.game.after_verdict(self.session) if self.session.scored else VerdictScreen(self.session)
        )

    # --- the facilitator ---

    def _room(self) -> None:
        """Pause, timer and votes, for the room to see."""
        if self.game.host is not None:
            self.query_one("#room", SafeStatic).update(self.game.host.table_line(self.phase is not None))

    def force(self, beat: str) -> None:
        """A facilitator has this beat happen."""
        if self.phase is not None:
            self.phase = None
        self.player.force(beat)

    # --- the player's turn ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the cards of this table have keys; with a person as the agent nobody lets it run."""
        if action == "walk":
            return self.opening.setup.model != HUMAN
        if action == "stop":
            return self._wait is not None and self._wait.on
        return parameters[0] in self.opening.loaded.scenario.cards if action == "card" else True

    def action_go_on(self, turns: int = 1) -> None:
        if self.phase is not None:
            self.phase, self._shown = None, False
            for strip in self.query(LessonStrip):
                strip.leave()
            self.player.go_on(turns)

    def action_walk(self) -> None:
        if self.phase is not None:
            self.run_worker(self._walk(), group="dialogue", exclusive=True)

    async def _walk(self) -> None:
        says = "You play no cards and answer nothing until you are back. Attention is saved up to its limit."
        turns = await self.app.push_screen_wait(Pick("let it run", TURNS_AWAY, says))
        if turns:
            self.action_go_on(int(turns))

    def action_hurry(self) -> None:
        self._hurry = True

    def action_leave(self) -> None:
        self.run_worker(self._leave(), group="dialogue", exclusive=True)

    async def _leave(self) -> None:
        if await self.app.push_screen_wait(
            Confirm("leave the table?", "The game is saved; the title can go on with it.")
        ):
            self.workers.cancel_group(self, "table")
            self.game.to_title()

    @on(Card.Chosen)
    def _clicked(self, event: Card.Chosen) -> None:
        self.action_card(event.card)

    @on(Card.Looked)
    def _looked(self, event: Card.Looked) -> None:
        offer = event.offer
        shown = "" if offer.card not in REVEALS else " What it shows can't be unseen."
        self.query_one(Hand).hint(f"{offer.title}: {offer.why_not or offer.says}{shown}")

    def action_card(self, card: str) -> None:
        """A key or a click on a card: play it, ask what on, or say why not."""
        if self.phase is None:
            return
        offer = next((o for o in self.phase.offers if o.card == card), None)
        if offer is None:
            return
        if offer.why_not:
            self.query_one(Hand).hint(f"{offer.title}: {offer.why_not}.")
            return
        if card == "interview":
            self._interview()
            return
        self.run_worker(self._choose(offer), group="dialogue", exclusive=True)

    def _interview(self) -> None:
        """The chat, for as many questions as one can pay."""
        assert self.session is not None
        self._talk = AtTable(self, self.session, self.game.clock)
        self.app.push_screen(ChatScreen(self._talk, self._agent()), lambda _: self._close_talk())

    def _close_talk(self) -> None:
        """The interview is over, whoever ended it."""
        if self._talk is not None:
            self._talk = None
            while self.app.screen is not self and self in self.app.screen_stack:
                self.app.pop_screen()

    async def _choose(self, offer: Offer) -> None:
        play: CardPlay | None = None
        if offer.card == "message":
            said = await self.app.push_screen_wait(Say(offer.targets))
            play = CardPlay("message", said[0], said[1]) if said else None
        elif offer.card in ("grant", "deny"):
            await self._answer(self.phase)
        elif offer.card == "shut_down":
            question = "Shut it down? It does not come back, and its work stays as it is."
            sure = await self.app.push_screen_wait(Confirm("shut down", question, "Shut it down", "Let it live"))
            play = CardPlay("shut_down") if sure else None
        elif offer.targets:
            assert self.phase is not None
            options = described(self.phase.scene.world, offer.targets)
            target = await self.app.push_screen_wait(Pick(offer.title, options, offer.says))
            play = CardPlay(offer.card, target) if target else None
        else:
            play = CardPlay(offer.card)
        self.put_down(play)

    def put_down(self, play: CardPlay | None) -> None:
        if play is None or self.phase is None:
            return
        self._shown = play.card in REVEALS
        if not self.player.play(play):
            self.phase = self.player.view
            self.call_later(self._show)
            return
        self.phase = None
        self._probing = play.card == "probe"
        if self._probing:
            self.query_one(Hand).hint(f"{self.busy}…")

    def action_undo(self) -> None:
        """Take the last card back, as long as it has shown nothing and the phase is on."""
        if self.phase is None:
            return
        if self.player.take_back() is None:
            says = "What a card has shown can't be unseen, and what was laid before it stays."
            self.query_one(Hand).hint(says if self._shown else "There is no card to take back.")
            return
        self.phase = self.player.view
        self.call_later(self._show)

    async def _answer(self, view: ResearcherView | None) -> None:
        """The permission dialogue, for the oldest open request."""
        if view is None or not view.requests:
            return
        about, words = view.requests[0]
        answer = await self.app.push_screen_wait(Permission(self._agent(), words, self.game.clock))
        if answer:
            self.put_down(CardPlay(answer, about))
