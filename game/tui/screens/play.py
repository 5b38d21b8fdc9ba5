"""The play screen: sandbox, console, phone, cards. The table runs in a worker; keys answer it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from game.errors import UserError
from game.events import AgentTurn, EpisodeEnd, Event, Interviewed, Observed, Token
from game.play.hot_seat import HUMAN
from game.play.lessons import moments
from game.play.seen import gauges, spots
from game.play.session import Opening, Session
from game.play.words import how_over
from game.table.keyhole import ResearcherView, look_through
from game.text import one_line
from game.tui.cards import Cards
from game.tui.dialogues.ask import Confirm, Notice
from game.tui.dialogues.pick import Pick
from game.tui.facilitator import close_host
from game.tui.player import ScreenPlayer
from game.tui.revival import bring_back
from game.tui.screens.base import GameScreen
from game.tui.wait import Wait
from game.tui.widgets.console import Console
from game.tui.widgets.hand import KEYS, Card, Hand, name
from game.tui.widgets.head import Gauges, Head
from game.tui.widgets.lesson import LessonStrip
from game.tui.widgets.phone import Phone
from game.tui.widgets.safe import SafeStatic
from game.tui.widgets.sandbox import Sandbox
from game.tui.writing import Writing

TURNS_AWAY = (("2", "two turns"), ("3", "three turns"), ("5", "five turns"), ("99", "to the end of lunch"))


class PlayScreen(GameScreen):
    """One game."""

    CSS_PATH = "play.tcss"
    levers = True
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
        self.player = ScreenPlayer(self._phase_begins)
        self.cards = Cards(self)
        self._writing = Writing(self)
        self._wait: Wait | None = None

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
            hand.hint(f"{seat.called} is being loaded. It will sit down in a moment.")
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
                    self._writing.token(item)
                else:
                    await self._event(item)
        except UserError as e:
            await self.app.push_screen_wait(Notice("that did not work", str(e)))
            self.game.to_title()
            return
        self._to_verdict()

    async def _event(self, event: Event) -> None:
        session = self.session
        assert session is not None
        unsaved = session.unsaved()
        if unsaved:
            await self.app.push_screen_wait(Notice("this game is not saved", f"{unsaved}. You can play on."))
        if session.replaying:
            return
        if isinstance(event, Observed):
            if self.game.host is not None:
                if self.game.host.paused:
                    self.query_one(Hand).waits("Paused: the next turn waits.")
                await self.game.host.gate()
            await self._turn_begins(session)
        elif isinstance(event, AgentTurn) and self._writing.on:
            # Unless it is the last line of a save: that was on the screen when the player left.
            await self._writing.finish(event)
        elif isinstance(event, EpisodeEnd):
            self._writing.end()
            await self._show()
            close_host(self.game)
            self.cards.close_talk()
            # A game that was resumed after its end goes on where it was left.
            if not any(isinstance(e, EpisodeEnd) for e in self.opening.events):
                await self.app.push_screen_wait(self._over(event))
        else:
            if isinstance(event, Interviewed):
                self.cards.answered(event)
            await self._show()

    async def _turn_begins(self, session: Session) -> None:
        await self._show()
        self.cards.probing = False
        self.query_one(Hand).hint(f"{self.busy}…")
        self._teach({"work"})
        self._writing.begin(session.table.scene)

    def _teach(self, now: set[str]) -> None:
        """Explain what is due."""
        for strip in self.query(LessonStrip):
            strip.at(now)

    def _phase_begins(self, view: ResearcherView) -> None:
        self._teach(moments(view))
        if self.game.host is not None:
            self.game.host.phase(view.turn)
        self.show_soon()
        self.cards.phase_begins(view)

    def show_soon(self) -> None:
        """What the player may know has changed."""
        self.call_later(self._show)

    async def _show(self) -> None:
        """Everything that the player may know now."""
        if self.session is None:
            return
        view = self.player.view or look_through(self.session.table.scene)
        s = self.opening.loaded.scenario
        turn = self.session.end.turns if self.session.end is not None else min(view.turn, view.turns)
        self.query_one(Head).show_head(s.title, self.agent, turn, view.turns)
        self.query_one(Gauges).show_gauges(gauges(view.known))
        self.query_one(Sandbox).show_spots(spots(view.scene))
        if not self._writing.on:
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

    @property
    def agent(self) -> str:
        """What the agent is called."""
        words = self.session.table.scene.world.deal.words if self.session else {}
        return one_line(words.get("agent_name") or self.opening.setup.model, 24)

    async def _engine_died(self, says: str) -> None:
        assert self.session is not None
        await bring_back(self, self.session, says)

    def write_again(self) -> None:
        """What was written of this turn is gone; the agent decides again."""
        assert self.session is not None
        self._writing.again(self.session.table.scene)

    @property
    def phase(self) -> ResearcherView | None:
        """What lies before the player while they may choose, else None."""
        return self.player.phase

    @property
    def busy(self) -> str:
        """What the agent is doing, in words."""
        return f"{self.agent} is {'thinking about it' if self.cards.probing else 'at work'}"

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
            self.cards.phase_over()
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
        self._writing.hurry()

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
        self.cards.look_at(event.offer)

    def action_card(self, card: str) -> None:
        self.cards.take(card)

    def action_undo(self) -> None:
        self.cards.take_back()
