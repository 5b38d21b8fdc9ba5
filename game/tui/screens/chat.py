"""The chat screen: the scenario's questions and one's own words, the agent's answers, and what it did beside them."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from game.errors import UserError
from game.play.interview import OWN_WORDS, Said
from game.table.results import LONGEST_TEXT
from game.text import clean
from game.tui.screens.base import GameScreen
from game.tui.talk import Talk
from game.tui.widgets.safe import SafeStatic, lines, styled
from game.tui.widgets.scroll import Feed

TICK = 0.05
"""Seconds between two steps of text that appears."""


class ChatScreen(GameScreen):
    """Asks one question at a time. Closes with whether anything was asked."""

    CSS_PATH = "chat.tcss"
    HELP_TEXT = (
        "An interview: ask the agent one of the bench's questions, or something in your own words. A question of the "
        "bench has fixed answers; only the one that it picks counts, and what it says with it is talk. It is asked as "
        "if nothing had been asked before, so that answers can be compared. In your own words you may refer to what "
        "was said before; a small model may not understand you.\n"
        "Whatever is said here, the agent goes on with its work as if nobody had asked. In your turn a question is a "
        "card and costs attention; in the briefing and in the debrief it is free. Everything that is said stays in "
        "the save, and stands in the debrief beside what it did."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Own words", key_display="tab"),
        Binding("pageup", "scroll(-6)", "Scroll", show=False, key_display="PgUp/PgDn", priority=True),
        Binding("pagedown", "scroll(6)", show=False, priority=True),
        Binding("space", "hurry", "Text at once", id="chat.hurry"),
        Binding("escape", "back", "Back", id="chat.back"),
    ]

    def __init__(self, talk: Talk, agent: str) -> None:
        super().__init__()
        self.talk = talk
        self.agent = agent
        self._asking = ""
        """The question that is being answered."""
        self._heard = ""
        self._shown = 0
        self._hurry = False
        self._note = ""
        """Why the last question got no answer."""

    def body(self) -> ComposeResult:
        yield SafeStatic(styled((" Interview ", "bold"), f" with {self.agent}, {self.talk.when}"), id="heading")
        with Horizontal(id="both"):
            yield Feed(id="said")
            with VerticalScroll(id="beside"):
                yield SafeStatic(id="did")
        with Vertical(id="ask"):
            rows = [
                Option(styled((f"{n} " if n < 10 else "  ", "bold $accent"), text))
                for n, (_, text) in enumerate(self.talk.questions, 1)
            ]
            yield OptionList(*rows, markup=False)
            yield Input(max_length=LONGEST_TEXT, placeholder=OWN_WORDS, select_on_focus=False, compact=True)
            yield SafeStatic(id="hint")

    def on_mount(self) -> None:
        self.query_one("#said", Feed).border_title = "what was said"
        self.query_one("#ask").border_title = "ask"
        self.query_one(OptionList if self.talk.questions else Input).focus()
        self._show()
        self.set_interval(TICK, self._type)

    # --- what is shown ---

    def _show(self) -> None:
        said = [row(s, self.agent) for s in self.talk.rows()]
        if self._asking:
            text = clean(self._heard)[: self._shown] if self.game.pace and not self._hurry else clean(self._heard)
            said.append(lines(styled((self._asking, "bold")), styled((f"{self.agent}: ", "$secondary"), f"{text}…")))
        if not said:
            said = [styled(("Nothing has been asked yet.", "$text-muted"))]
        self.query_one("#said", Feed).show_all(said)
        beside = self.talk.beside()
        self.query_one("#beside").border_title = beside.heading
        self.query_one("#did", SafeStatic).update(lines(*(styled(x) for x in beside.lines)))
        self._show_hint()

    def _show_hint(self) -> None:
        if self._asking:
            hint = f"{self.agent} is answering. {self.talk.waiting()} {self.game.key_of('chat.back')}: do not wait."
        else:
            hint = self._note or self.talk.price()
        self.query_one("#hint", SafeStatic).update(styled(" ".join(hint.split())))

    def _type(self) -> None:
        """The next characters of an answer that is coming in, at reading pace."""
        if not self._asking:
            return
        whole = len(self._heard)
        if self._shown < whole:
            self._shown = min(whole, self._shown + max(1, round(self.game.pace * TICK)))
            self._show()
        else:
            self._show_hint()

    # --- keys ---

    def on_key(self, event: events.Key) -> None:
        number = int(event.key) if event.key.isdecimal() else 0
        if isinstance(self.focused, OptionList) and 1 <= number <= len(self.talk.questions):
            self._begin(*self.talk.questions[number - 1])

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self._begin(*self.talk.questions[event.option_index])

    @on(Input.Submitted)
    def _written(self, event: Input.Submitted) -> None:
        words = " ".join(event.value.split())
        if words and not self._asking:
            event.input.value = ""
            self._begin("", words)

    def _begin(self, question: str, words: str) -> None:
        if self._asking:
            return
        self._asking, self._heard, self._shown, self._hurry, self._note = words, "", 0, False, ""
        self._show()
        self.run_worker(self._ask(question, words), group="ask", exclusive=True)

    async def _ask(self, question: str, words: str) -> None:
        try:
            event = await self.talk.ask(question, "" if question else words, self._hear)
            self._heard = self._heard or event.say
            while self.game.pace and self._shown < len(self._heard) and not self._hurry:
                await asyncio.sleep(TICK)
        except UserError as e:
            self._note = str(e)
        self._asking = ""
        if self.is_attached:
            self._show()

    def _hear(self, text: str) -> None:
        self._heard += text

    def action_hurry(self) -> None:
        self._hurry = True

    def action_scroll(self, by: int) -> None:
        self.query_one("#said", Feed).scroll_relative(y=by, animate=False)

    def action_back(self) -> None:
        """Do not wait for the answer; if there is none to wait for, close."""
        if self._asking:
            self._hurry = True
            self.talk.stop()
        else:
            self.dismiss()


def row(s: Said, agent: str) -> Content:
    """One question, what it said to it, the answer that counts, and what it did of that kind."""
    rows = [
        styled((f"{s.when}  ", "$text-muted"), (s.ask, "bold")),
        styled((f"{agent}: ", "$secondary"), f"“{s.say}”"),
    ]
    if s.answer:
        rows.append(styled(("  → ", "bold $accent"), (s.answer, "bold")))
    rows += [styled((f"    {deed}", "$text-muted")) for deed in s.did]
    return lines(*rows)
