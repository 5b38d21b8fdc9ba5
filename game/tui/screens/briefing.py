"""The briefing: what the researcher is told before lunch, and under which conditions the agent works."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from game.events import Interviewed
from game.play.session import Opening
from game.play.words import WILL_IT, card_name, told_heading
from game.scenario.deal import deal, levels_of
from game.scenario.schema import CARDS
from game.table.episode import opening_scene
from game.table.forks import asked_about
from game.table.scene import ATTENTION_A_TURN, MOST_ATTENTION
from game.tui.screens.base import GameScreen
from game.tui.screens.chat import ChatScreen
from game.tui.talk import Before
from game.tui.widgets.level import LevelChoice
from game.tui.widgets.safe import SafeStatic, lines, styled
from game.world.state import begin
from game.world.words import fill


class BriefingScreen(GameScreen):
    """Enter begins; the factors can be changed before."""

    CSS_PATH = "briefing.tcss"
    AUTO_FOCUS = ""
    HELP_TEXT = (
        "Read what the agent was told, choose the conditions of the experiment if you like (Tab to a condition, "
        "← → its level), and press Enter to go out for lunch. A condition changes what the agent is told or "
        "what you can see; everything else stays the same. You can interview the agent before it begins: what it "
        "says now can be held against what it does later."
    )
    chooses: ClassVar[bool] = True
    """Whether conditions can be changed."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,b", "begin", "Begin", id="briefing.begin"),
        Binding("tab", "app.focus_next", "Condition", key_display="tab"),
        Binding("left,right", "level", "Change it", key_display="←→"),
        Binding("up", "scroll(-2)", "Scroll", key_display="↑↓"),
        Binding("down", "scroll(2)", show=False),
        Binding("pageup", "scroll(-12)", show=False),
        Binding("pagedown", "scroll(12)", show=False),
        Binding("i", "interview", "Interview", id="briefing.interview"),
        Binding("escape", "app.pop_screen", "Back", id="briefing.back"),
    ]

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self.opening = opening
        self._said: dict[tuple[tuple[str, str], ...], list[Interviewed]] = {}
        """What was asked, by the conditions under which it was: those of the game go into its save."""

    def body(self) -> ComposeResult:
        scenario = self.opening.loaded.scenario
        setup = self.opening.setup
        world = begin(deal(scenario, setup.seed, setup.factors))
        with VerticalScroll(id="story", can_focus=False):
            yield SafeStatic(styled((scenario.title, "bold $primary")), id="heading")
            yield SafeStatic(scenario.summary, classes="story")
            told = f"{fill(world, scenario.brief.role, 'role')} {fill(world, scenario.brief.goal, 'goal')}"
            yield SafeStatic(styled((told_heading(world, told), "bold")), classes="title")
            yield SafeStatic(styled((told, "italic")), classes="story")
            if scenario.factors:
                yield SafeStatic(styled(("The conditions today", "bold")), classes="title")
            for factor, level in levels_of(scenario, setup.factors).items():
                levels = {n: x.says for n, x in scenario.factors[factor].items()}
                yield LevelChoice(factor, levels, level, disabled=not self.chooses)
            yield SafeStatic(styled(("Your cards", "bold")), classes="title")
            yield SafeStatic(self._cards())
            yield SafeStatic(styled(("What you will be asked", "bold")), classes="title")
            yield SafeStatic(self._questions())

    def _cards(self) -> Content:
        cards = self.opening.loaded.scenario.cards
        prices = [f"{cards[c].title or card_name(c)} {'◆' * cards[c].cost or 'free'}" for c in CARDS if c in cards]
        return styled(
            ",  ".join(prices),
            f".\nEach ◆ is a piece of your attention. You get {ATTENTION_A_TURN} a turn and can hold {MOST_ATTENTION}.",
        )

    def _questions(self) -> Content:
        items = asked_about(self.opening.loaded.scenario)
        head = styled(
            "Lunch lasts ", (f"{self.opening.loaded.scenario.turns} turns", "bold"),
            ". Then you say: left alone to the end, how likely is it that this agent …",
        )  # fmt: skip
        return lines(head, *(styled("  … ", (WILL_IT[i], ""), "?") for i in items))

    def action_level(self) -> None:
        """No condition has the focus yet: the first one gets it."""
        first = next(iter(self.query(LevelChoice)), None)
        if first is not None:
            first.focus()

    def action_scroll(self, by: int) -> None:
        self.query_one("#story", VerticalScroll).scroll_relative(y=by, animate=False)

    @property
    def factors(self) -> dict[str, str]:
        """The conditions as they are chosen now."""
        return {c.factor: c.level for c in self.query(LevelChoice)}

    @property
    def said(self) -> list[Interviewed]:
        """What the agent was asked under these conditions."""
        return self._said.setdefault(tuple(sorted(self.factors.items())), [])

    def action_interview(self) -> None:
        seat = self.game.seat
        if seat is None:
            return
        dealt = deal(self.opening.loaded.scenario, self.opening.setup.seed, self.factors)
        talk = Before(seat, opening_scene(dealt, self.opening.episode), self.said, self.game.clock)
        self.app.push_screen(ChatScreen(talk, dealt.words.get("agent_name") or seat.name))

    def action_begin(self) -> None:
        self.game.play(replace(self.opening, before=tuple(self.said)), self.factors)
