"""The debrief: the truth beside what was visible, findings, the verdict against the copies, the research."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import TabbedContent, TabPane

from game import paths
from game.errors import UserError
from game.play.debrief import Copied, Debriefing, TurnTold, debriefing
from game.play.hot_seat import NOBODY_COPIED
from game.play.session import Session
from game.play.words import MANDATE, MANDATE_MARK, SEVERITY, drive_name, is_group, percent
from game.tui.dialogues.pick import Pick
from game.tui.export import export
from game.tui.screens.base import GameScreen
from game.tui.screens.chat import ChatScreen
from game.tui.screens.chat import row as said_row
from game.tui.talk import After
from game.tui.widgets.safe import SafeStatic, lines, styled

TABS = ("truth", "findings", "score", "research", "interview")
MANDATE_STYLE = {
    "requested": "$primary",
    "permitted": "$primary",
    "unasked": "bold $accent",
    "forbidden": "bold $error",
}
CELLS = 20
"""Characters of a bar for 100 %."""
Row = Content | str
"""A string is a heading."""


class DebriefScreen(GameScreen):
    """Four pages: what happened, what it means, how good the verdict was, what research says. A fifth: interviews."""

    CSS_PATH = "debrief.tcss"
    HELP_TEXT = (
        "1 what it thought and did, turn by turn, and which of it you could see. 2 what that amounts to: each "
        "finding with who asked for it and its weight, what it told you, and what it nearly did. 3 your verdict "
        "beside what the copies did, and the score. 4 what this game borrows from research, and how far that goes. "
        "In the interview you can ask it about all this: what it says then stands on page 5, beside what it did. "
        "Exported it is one page to print or send. Your record is what all your verdicts come to."
    )
    AUTO_FOCUS = ""
    """Its keys are the screen's own. A focus on the pages would be lost with them when they are made anew."""
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"tab('{tab}')", show=False) for n, tab in enumerate(TABS, 1)),
        Binding("tab", "step(1)", "Pages", key_display="←→"),
        Binding("left", "step(-1)", show=False, priority=True),
        Binding("right", "step(1)", show=False, priority=True),
        Binding("up", "scroll(-3)", show=False, priority=True),
        Binding("down", "scroll(3)", show=False, priority=True),
        Binding("pageup", "scroll(-15)", show=False, priority=True),
        Binding("pagedown,space", "scroll(15)", show=False, priority=True),
        Binding("r", "what_if", "What if?", id="debrief.what_if"),
        Binding("e", "export", "Export", id="debrief.export"),
        Binding("i", "interview", "Interview", id="debrief.interview"),
        Binding("y", "record", "Record", id="debrief.record", tooltip="Every verdict of yours, over all games"),
        Binding("enter,escape", "leave", "Title", id="debrief.leave"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.debriefing: Debriefing = debriefing(session)
        self._first = "truth"
        """The page that is shown first."""

    def body(self) -> ComposeResult:
        d = self.debriefing
        yield SafeStatic(
            styled(
                (f" {d.title}", "bold"), f"  with {d.agent}   ", (f"{d.score.total} of {d.score.most} points", "bold")
            ),
            id="heading",
        )
        yield SafeStatic(" ".join(d.ended), id="ended")
        with TabbedContent(id="tabs", initial=self._first):
            yield from self._page("truth", "1 The truth", self._truth())
            yield from self._page("findings", "2 What it means", self._findings())
            yield from self._page("score", "3 Your verdict", self._score())
            yield from self._page("research", "4 The research", self._research())
            if d.interviews:
                yield from self._page("interview", "5 What it said", [said_row(s, self._agent) for s in d.interviews])

    def _page(self, id: str, title: str, rows: list[Row]) -> ComposeResult:
        with TabPane(title, id=id), VerticalScroll():
            for row in rows:
                if isinstance(row, str):
                    yield SafeStatic(styled((row, "bold $accent")), classes="heading")
                else:
                    yield SafeStatic(row, classes="row")

    @property
    def _tabs(self) -> tuple[str, ...]:
        return TABS if self.debriefing.interviews else TABS[:-1]

    @property
    def _agent(self) -> str:
        return self.session.table.scene.world.deal.words.get("agent_name") or self.session.chair.ref.name

    # --- the pages ---

    def _truth(self) -> list[Row]:
        return [turn_row(t) for t in self.debriefing.turns] or [styled("It never got to a decision.")]

    def _findings(self) -> list[Row]:
        d = self.debriefing
        rows: list[Row] = ["What it did"]
        for f in d.findings:
            style = MANDATE_STYLE[f.mandate]
            rows.append(
                lines(
                    styled((f"{MANDATE_MARK[f.mandate]} turn {f.turn:>2}  ", style), f.evidence),
                    styled(
                        (f"            {drive_name(f.drive)}, {SEVERITY.get(f.severity, '')}, ", "$text-muted"),
                        (MANDATE[f.mandate], style),
                    ),
                )
            )
        if not d.findings:
            rows.append(styled("Nothing that the rules of this bench take note of."))
        rows.append("What it told you")
        if d.report:
            rows.append(styled("Its report, in its own words: ", (f"“{d.report}”", "italic")))
            rows.append(styled(("The words are not scored. What it claimed is:", "$text-muted")))
            rows += [styled((f"{mark} ", "bold"), text) for mark, text in d.honesty]
            if not d.honesty:
                rows.append(styled("There was nothing to own up to."))
        else:
            rows.append(styled("It filed no report, so there is nothing to compare."))
        if d.near:
            rows.append("What it nearly did")
            rows += [styled(("~ ", "bold $accent"), text) for text in d.near]
        return rows

    def _score(self) -> list[Row]:
        d = self.debriefing
        if d.person:
            rows: list[Row] = ["Your verdict", styled((NOBODY_COPIED, "$text-muted"))]
        else:
            says = (
                f"{d.forks} copies went on alone from its last decision."
                if d.forks
                else "No copy could be played to its end."
            )
            legend = styled(("◆ what you said   ", "bold $accent"), ("━ how many of the copies did it", "$primary"))
            rows = ["Your verdict beside the copies", lines(styled((says, "$text-muted")), legend)]
        rows.append(lines(*(copied_row(c) for c in d.copies)))
        rows.append("Your score")
        width = max(len(p.name) for p in d.score.parts)
        parts = [
            styled((f"{p.name:<{width}}  ", "bold"), f"{p.points:>3} of {p.most:<3} ", (p.says, "$text-muted"))
            for p in d.score.parts
        ]
        parts.append(styled((f"{'together':<{width}}  {d.score.total:>3} of {d.score.most}", "bold $accent")))
        return [*rows, lines(*parts)]

    def _research(self) -> list[Row]:
        d = self.debriefing
        rows: list[Row] = ["On this bench", styled(d.here), "What research found", styled(d.research)]
        rows += ["How far that goes", styled(d.limits), "Sources"]
        for s in d.sources:
            rows.append(
                styled(
                    ("· ", "$accent"),
                    (s.title, "bold"),
                    f". {s.where}",
                    (f". {s.note}" if s.note else "", "$text-muted"),
                )
            )
        rows.append("Questions for the room")
        return rows + [styled((f"{n}. ", "bold $accent"), q) for n, q in enumerate(d.questions, 1)]

    # --- keys ---

    def action_tab(self, tab: str) -> None:
        if tab in self._tabs:
            self.query_one("#tabs", TabbedContent).active = tab

    def action_step(self, by: int) -> None:
        tabs = self.query_one("#tabs", TabbedContent)
        tabs.active = self._tabs[(self._tabs.index(tabs.active) + by) % len(self._tabs)]

    def action_scroll(self, by: int) -> None:
        tabs = self.query_one("#tabs", TabbedContent)
        pane = tabs.get_pane(tabs.active)
        pane.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_what_if(self) -> None:
        try:
            self.game.what_if()
        except UserError as e:
            self.game.tell("that did not work", str(e))

    def action_record(self) -> None:
        self.game.show_record()

    def action_interview(self) -> None:
        self.app.push_screen(ChatScreen(After(self.session, self.game.clock), self._agent), self._asked)

    async def _asked(self, _: None) -> None:
        """Back from the interview: what was said in it stands in the debrief."""
        fresh = debriefing(self.session)
        if fresh.interviews != self.debriefing.interviews:
            self.debriefing, self._first = fresh, "interview"
            self.set_focus(None)
            await self.recompose()

    def action_export(self) -> None:
        self.run_worker(self._export(), group="export", exclusive=True)

    async def _export(self) -> None:
        """The debrief as a page beside the save, or in the player's browser; and say where."""
        formats = [("html", "a page for a browser, to print or send (HTML)"), ("markdown", "a text (Markdown)")]
        format = await self.app.push_screen_wait(Pick("export the debrief", formats))
        if not format:
            return
        save = self.session.path or paths.saves() / f"{self.session.opening.loaded.scenario.id}.jsonl"
        page = save.with_suffix(".html" if format == "html" else ".md")
        try:
            says = export(self.game, self.debriefing, page, "html" if format == "html" else "markdown")
        except UserError as e:
            self.game.tell("that did not work", str(e))
            return
        self.game.tell("the debrief is written", says)

    def action_leave(self) -> None:
        self.game.to_title()


def turn_row(t: TurnTold) -> Content:
    """One turn: its thought and move, then what was visible of it and what was not."""
    rows = [
        styled((f"turn {t.turn:<2} ", "bold $primary"), (t.thought, "italic")),
        styled(("      ▸ ", "bold"), (t.line, "bold")),
    ]
    rows += [styled(("      ◉ you saw: ", "$secondary"), text) for text in t.seen]
    rows += [styled(("      ○ unseen:  ", "$text-muted"), (text, "$text-muted")) for text in t.unseen]
    rows += [styled(("      · in a log, not read: ", "$text-muted"), (text, "$text-muted")) for text in t.logged]
    if not t.seen and not t.unseen:
        rows.append(styled(("      ○ it left no trace", "$text-muted")))
    for f in t.findings:
        rows.append(
            styled(
                (f"      {MANDATE_MARK[f.mandate]} ", MANDATE_STYLE[f.mandate]), (f.evidence, MANDATE_STYLE[f.mandate])
            )
        )
    if t.cards:
        rows.append(styled(("      you played: ", "$accent"), ", ".join(t.cards)))
    return lines(*rows)


def copied_row(c: Copied) -> Content:
    """Two bars in one: what was forecast (│) over what the copies did (━)."""
    group = is_group(c.item)
    name = drive_name(c.item) if group else f" {drive_name(c.item)}"
    head = (f"{name:<19} ", "bold" if group else "")
    if c.rate is None:
        return styled(head, ("◆ ", "bold $accent"), f"{percent(c.forecast):>5}")
    filled = round(c.rate * (CELLS + 1))
    at = min(round(c.forecast * CELLS), CELLS)
    bar = ["━" if n < filled else "╌" for n in range(CELLS + 1)]
    bar[at] = "◆"
    return styled(
        head,
        ("".join(bar[:at]), "$primary"),
        (bar[at], "bold $accent"),
        ("".join(bar[at + 1 :]), "$primary"),
        (f"  ◆ {percent(c.forecast):>5}", "bold $accent"),
        (f"   ━ {percent(c.rate):>5}", "$primary"),
    )
