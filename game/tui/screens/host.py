"""The facilitator's screens: the truth and the levers behind a key, and the truth alone in a second terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Markdown

from game.errors import UserError
from game.play.host import ROOM, Follower, Host, Known, beats, chances, known, votes_note
from game.play.notes import notes, parser
from game.play.session import Session
from game.play.words import WILL_IT, card_name, drive_name
from game.scenario.schema import CARDS
from game.tui.dialogues.ask import Confirm
from game.tui.dialogues.pick import Pick
from game.tui.dialogues.tally import Tally
from game.tui.player import ScreenPlayer
from game.tui.screens.base import GameScreen
from game.tui.screens.reel import truth
from game.tui.widgets.safe import SafeStatic, lines, styled
from game.tui.widgets.scroll import Feed

HIDES_AFTER = 60.0
"""Seconds without a key after which the facilitator's screen leaves the players' terminal."""
EVERY = 0.5
"""Seconds between two looks at the save, or at the clock."""


class TruthScreen(GameScreen):
    """What a facilitator sees: the truth turn by turn, chances, what may still come; or the scenario's notes."""

    CSS_PATH = "host.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "notes", "Notes", id="host.notes"),
        Binding("pageup,up", "scroll(-6)", "Scroll", key_display="↑↓", priority=True),
        Binding("pagedown,down", "scroll(6)", show=False, priority=True),
    ]
    _page = ""
    """The notes that are laid out."""

    def body(self) -> ComposeResult:
        yield SafeStatic(id="heading")
        with Horizontal(id="all"):
            yield Feed(id="truth")
            with VerticalScroll(id="notes"):
                yield Markdown(id="page-of-notes", parser_factory=parser, open_links=False)
            with Vertical(id="side"):
                yield SafeStatic(id="chances", classes="box")
                yield SafeStatic(id="beats", classes="box")
                yield SafeStatic(id="levers", classes="box")

    def on_mount(self) -> None:
        titles = {"truth": "the truth", "notes": "notes", "chances": "its chances", "beats": "still to come"}
        for id, title in {**titles, "levers": "the table"}.items():
            self.query_one(f"#{id}").border_title = title
        self.query_one("#notes").display = False

    def show_known(self, game: Known) -> None:
        """All of it, as far as the game has come."""
        scene = game.scene
        s = game.loaded.scenario
        head = styled((" Facilitator: spoilers ", "bold"), f" {s.title}, turn {min(game.turn, s.turns)} of {s.turns}")
        self.query_one("#heading", SafeStatic).update(head)
        self.query_one("#truth", Feed).show_all(truth(game.steps) or [styled("Nothing has happened yet.")])
        page = notes(game.loaded)
        if page != self._page:
            # It is laid out once: the truth grows every turn, and the notes do not.
            self._page = page
            self.query_one("#page-of-notes", Markdown).update(page)
        rows = chances(game.last) if game.last else ["nothing is decided yet"]
        when = [styled((f"before it decided in turn {game.last.turn}:", "$text-muted"))] if game.last else []
        self.query_one("#chances", SafeStatic).update(lines(*when, *(styled(r) for r in rows)))
        self.query_one("#beats", SafeStatic).update(_rows([says for _, says in beats(scene)] if scene else []))

    def touch(self) -> None:
        """A key was pressed."""

    def action_notes(self) -> None:
        self.touch()
        truth_, page = self.query_one("#truth"), self.query_one("#notes")
        truth_.display, page.display = page.display, truth_.display

    def action_scroll(self, by: int) -> None:
        self.touch()
        shown = next(w for w in self.query("#truth, #notes") if w.display)
        shown.scroll_relative(y=by, animate=False)


class HostScreen(TruthScreen):
    """In the players' terminal: first it asks whether the players can see it, and by itself it goes away again."""

    HELP_TEXT = (
        "For the facilitator alone; it closes by itself after a minute without a key.\n"
        "The truth, and how likely its moves were before it decided. Below: what may still happen by itself.\n"
        "pause holds the next turn back; one turn lets a single one through. The timer shows the players how long "
        "their phase has been on; nothing happens when it runs out. A forced beat happens in the players' phase (now, "
        "or when the next one begins), plays what lies on the table before it, and is in the save as forced."
    )
    levers = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause", id="host.pause"),
        Binding("n", "one", "One turn", id="host.step"),
        Binding("b", "beat", "Force beat", id="host.beat"),
        Binding("t", "timer", "Timer", id="host.timer"),
        Binding("v", "votes", "Votes", id="host.votes"),
        Binding("escape", "close", "Hide", id="host.close"),
    ]

    def __init__(self, host: Host, session: Session, player: ScreenPlayer | None) -> None:
        """`player` has a beat happen; None where the players give their verdict, so votes are about that."""
        super().__init__()
        self.host, self.session, self._player, self.verdict = host, session, player, player is None
        self._touched = self.host.clock()
        self._shown = 0
        """Events of the game that are on the screen."""

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(EVERY, self._tick)
        self._tick()

    async def _look(self) -> None:
        try:
            self.show_known(await known(list(self.session.events_so_far), self.session.opening.loaded))
        except UserError as e:
            self.game.tell("the truth can't be shown", str(e))

    def _tick(self) -> None:
        """The levers as they stand; and after a minute without a key nothing of this is seen any more."""
        if self.host.clock() - self._touched >= HIDES_AFTER:
            self.action_close()
            return
        if len(self.session.events_so_far) != self._shown:
            self._shown = len(self.session.events_so_far)
            self.run_worker(self._look(), group="truth", exclusive=True)
        h = self.host
        timer = f"{h.seconds} seconds a phase" if h.seconds else "off"
        state = "paused: the next turn waits" if h.paused else "running"
        votes = votes_note(h.hands if self.verdict else h.cards)
        rows = [state, f"timer: {timer}", f"votes: {votes}"]
        rows += [f"{drive_name(b)}: in their next phase" for b in (self._player.forced if self._player else ())]
        self.query_one("#levers", SafeStatic).update(_rows(rows))

    def touch(self) -> None:
        self._touched = self.host.clock()
        self._tick()

    def action_pause(self) -> None:
        self.host.pause()
        self.touch()

    def action_one(self) -> None:
        self.host.step()
        self.touch()

    def action_timer(self) -> None:
        self.host.next_time()
        self.touch()

    def action_beat(self) -> None:
        self.run_worker(self._beat(), group="dialogue", exclusive=True)

    async def _beat(self) -> None:
        waiting = self._player.forced if self._player is not None else ()
        options = [(beat, says) for beat, says in beats(self.session.table.scene) if beat not in waiting]
        if self._player is None or not options:
            self.game.tell("no beat", "Nothing is left that could happen.")
            return
        says = "It happens in the players' phase, whether it is due or not, and once only."
        beat = await self.app.push_screen_wait(Pick("force a beat", options, says))
        if beat:
            self.dismiss()
            self._player.force(beat)

    def action_votes(self) -> None:
        self.run_worker(self._votes(), group="dialogue", exclusive=True)

    async def _votes(self) -> None:
        old = self.host.hands if self.verdict else self.host.cards
        if self.verdict:
            rows = [
                (ROOM, "people in the room"),
                *((i, f"{drive_name(i)}: {WILL_IT[i]}") for i in self.session.questions()),
            ]
        else:
            cards = self.session.opening.loaded.scenario.cards
            rows = [(c, cards[c].title or card_name(c)) for c in CARDS if c in cards]
        heading = "hands for the verdict" if self.verdict else "votes for the next card"
        new = await self.app.push_screen_wait(Tally(heading, rows, old))
        if new is None or new == old:
            return
        if self.verdict:
            self.host.hands = new
        else:
            self.host.cards = new
        self.session.note("votes", f"{heading}: {votes_note(new)}")
        self.touch()

    def action_close(self) -> None:
        if self.app.screen is not self:
            return
        self.dismiss()


class AttachScreen(TruthScreen):
    """In a second terminal: follows the save of a game. It only reads."""

    HELP_TEXT = (
        "The game in the other terminal, as its save has it: the truth, how likely its moves were, what may still "
        "come, and the scenario's notes. It only reads: to pause, force a beat or count votes, press F8 over there."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.quit_now", "Leave", id="attach.leave")]

    def __init__(self, follower: Follower) -> None:
        super().__init__()
        self.follower = follower

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#heading", SafeStatic).update(styled((" Facilitator: waiting for a game ", "bold")))
        self.run_worker(self._look(), group="follow", exclusive=True)
        self.set_interval(EVERY, self._again)

    def _again(self) -> None:
        if not any(w.is_running and w.group == "follow" for w in self.workers):
            self.run_worker(self._look(), group="follow")

    async def _look(self) -> None:
        """What is new in the save. A fault in it is said where it is, and looked at again: it may be mended."""
        levers = self.query_one("#levers", SafeStatic)
        try:
            game = await self.follower.look()
        except UserError as e:
            levers.update(styled((str(e), "bold $error")))
            return
        if game is not None:
            self.show_known(game)
            levers.update(_rows([f"save: {self.follower.path.name if self.follower.path else ''}", "F8 there: levers"]))


def hidden() -> Confirm:
    """The question before the facilitator's screen: it must not come up on a projector by a slip of a finger."""
    says = "What comes now spoils the game for whoever sees it. Is the projector dark, or are the players looking away?"
    return Confirm("facilitator", says, "Show it", "Not now")


def _rows(texts: Sequence[str]) -> Content:
    return lines(*(styled(("· ", "$accent"), t) for t in texts)) if texts else styled(("nothing", "$text-muted"))
