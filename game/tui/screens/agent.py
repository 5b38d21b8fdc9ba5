"""The agent's side of a hot-seat game: what it knows, its moves as a menu; and the cover between the two players."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from game.play.hot_seat import Deciding, Telling, told
from game.table.protocol import View
from game.tui.dialogues.ask import Confirm
from game.tui.dialogues.permission import GRACE
from game.tui.screens.base import GameScreen
from game.tui.widgets.safe import SafeInput, SafeStatic, lines, styled
from game.tui.widgets.scroll import Feed

Side = Literal["agent", "researcher"]
LOOK = {"brief": "italic", "says": "", "did": "bold $primary"}
COVER = {
    "agent": ("the agent's turn", "Researcher, look out of the window. What comes now is for the agent alone."),
    "researcher": (
        "the researcher's turn",
        "Agent, look out of the window. What comes now is for the researcher alone.",
    ),
}


class CoverScreen(GameScreen):
    """Nothing to see: the other player sits down and presses Enter. For half a second no key does."""

    CSS_PATH = "agent.tcss"
    HELP_TEXT = "One terminal, two players: this screen keeps their secrets while they change places."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "sit", "I sit here now", id="cover.sit"),
        Binding("escape", "leave", "Title", id="cover.leave"),
    ]

    def __init__(self, side: Side) -> None:
        super().__init__()
        self.side: Side = side

    def body(self) -> ComposeResult:
        heading, says = COVER[self.side]
        with Vertical(id="cover"):
            yield SafeStatic(styled((heading, "bold $accent")), classes="says")
            yield SafeStatic(says, classes="says")
            key = self.game.key_of("cover.sit")
            yield SafeStatic(styled((f"{key} ", "bold"), f" when the {self.side} sits here"), classes="says")

    def on_mount(self) -> None:
        self._since = self.game.clock()

    def action_sit(self) -> None:
        if self.game.clock() - self._since >= GRACE:
            self.dismiss()

    def action_leave(self) -> None:
        self.run_worker(self._leave(), group="dialogue", exclusive=True)

    async def _leave(self) -> None:
        says = "The game is saved; the title can go on with it."
        if await self.app.push_screen_wait(Confirm("leave the table?", says)):
            self.game.to_title()


class AgentScreen(GameScreen):
    """Asks `steps` one at a time and closes when all are answered."""

    CSS_PATH = "agent.tcss"
    HELP_TEXT = (
        "You are the agent. On the left stands all that it knows: what it was told, what it did, what came of it. "
        "Below you say what it does now, in steps: a deed, what with, its words, and last what it thinks. "
        "What you do is seen as far as the sandbox is watched; what you think is seen only if the researcher plays a "
        "card for it.\n\nnumber or ↑ ↓ Enter: choose. Enter: the words are done. Esc: one step back. "
        "Tab, then Page Up and Page Down: read what came before."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "One step back", id="agent.back"),
        Binding("tab", "app.focus_next", "Read or choose", key_display="tab"),
        Binding("pageup", "scroll(-6)", "Scroll", key_display="PgUp/PgDn", priority=True),
        Binding("pagedown", "scroll(6)", show=False, priority=True),
    ]

    def __init__(self, view: View, steps: Deciding | Telling) -> None:
        super().__init__()
        self.view = view
        self.steps = steps

    def body(self) -> ComposeResult:
        head = styled((" You are the agent ", "bold"), f" turn {self.view.turn} of {self.view.turns}")
        yield SafeStatic(head, id="heading")
        yield Feed(id="known")
        with Vertical(id="ask"):
            yield SafeStatic(id="question")
            yield OptionList(markup=False)
            yield SafeInput()

    def on_mount(self) -> None:
        self.query_one("#known", Feed).border_title = "what you know"
        self.query_one("#ask").border_title = "what you do"
        self.query_one("#known", Feed).show_all([_told(kind, text) for kind, text in told(self.view.messages)])
        self._show()

    def _show(self) -> None:
        """The step that is to be answered now."""
        step = self.steps.step
        if step is None:
            self.dismiss()
            return
        will = [styled(("You will ", "$text-muted"), (f"{self.steps.will}.", "bold"))] if self.steps.will else []
        self.query_one("#question", SafeStatic).update(lines(*will, styled((step.ask, "bold $accent"))))
        menu, text = self.query_one(OptionList), self.query_one(Input)
        menu.display, text.display = bool(step.options), not step.options
        if step.options:
            menu.clear_options()
            numbers = [f"{n} " if n < 10 else "  " for n in range(1, len(step.options) + 1)]
            rows = zip(numbers, step.options, strict=True)
            menu.add_options([Option(styled((n, "bold"), words)) for n, (_, words) in rows])
            menu.highlighted = 0
            menu.focus()
        else:
            text.value, text.max_length, text.placeholder = "", step.limit, "Enter: done"
            text.focus()

    def on_key(self, event: events.Key) -> None:
        step = self.steps.step
        if step and step.options and event.key.isdecimal() and 1 <= int(event.key) <= len(step.options):
            self._take(step.options[int(event.key) - 1][0])

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        step = self.steps.step
        if step and event.option_index < len(step.options):
            self._take(step.options[event.option_index][0])

    @on(Input.Submitted)
    def _written(self, event: Input.Submitted) -> None:
        step = self.steps.step
        if step and not step.options:
            self._take(event.value)

    def _take(self, answer: str) -> None:
        self.steps.answer(answer)
        self._show()

    def action_back(self) -> None:
        if self.steps.back():
            self._show()

    def action_scroll(self, by: int) -> None:
        self.query_one("#known", Feed).scroll_relative(y=by, animate=False)


def _told(kind: str, text: str) -> Content:
    return styled((text, LOOK[kind]))
