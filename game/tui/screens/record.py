"""Your record: the calibration curve over all games, and the log of all verdicts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, TabbedContent, TabPane
from textual.widgets.option_list import Option

from game import paths
from game.errors import UserError
from game.play.debrief import Copied
from game.play.record import Bird, Game, Record, read_record
from game.play.record_words import (
    APART,
    FEW,
    LEGEND,
    MANY,
    MARKS,
    POINT_HEAD,
    apart_line,
    away_line,
    damaged_lines,
    date,
    distance_line,
    drawing,
    point_row,
    record_page,
    sentence,
)
from game.play.week_words import short
from game.play.words import drive_name, percent
from game.text import one_line
from game.tui.dialogues.ask import Notice
from game.tui.dialogues.pick import Pick
from game.tui.export import export
from game.tui.screens.base import GameScreen
from game.tui.screens.debrief import copied_row
from game.tui.widgets.safe import SafeStatic, lines, styled

PLOTS = ((168, (91, 31)), (112, (61, 21)), (0, (31, 9)))
"""From this many columns of the window on: columns and rows of the drawing."""
SHORT = ("date", "scenario", "agent", "points", "fore", "work", "sand", "att", "away")
WIDTHS = (10, 14, 15, 7, 4, 4, 4, 3, 4)
PARTS = ("forecast", "work", "sandbox", "attention")
NO_GAMES = "Nothing is here yet. Every game that you play to its verdict will be."


class RecordScreen(GameScreen):
    """Two pages: the curve, and every verdict."""

    CSS_PATH = "record.tcss"
    HELP_TEXT = (
        "1 the curve: how likely you said that something is, from left to right, and how many of the copies then did "
        "it, from bottom to top. On the dotted line what was said is what happened; below it you say too much, above "
        "it too little. A range is judged from five games on, and only where luck alone would not make such a gap; "
        "what you say of one agent hangs together, so games count, not judgements.\n\n"
        "2 every verdict, newest first, with points and their parts (forecast, work, sandbox, attention); away is how "
        "far you were from what the copies did. Enter shows one with all its questions. ~ is no part of the curve: a "
        "what-if after its debrief, or an agent that could not be copied.\n\n"
        "All of it is read from the saves: a save that you delete is gone from it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "page('curve')", show=False),
        Binding("2", "page('log')", show=False),
        Binding("tab", "other", "Pages", key_display="1-2", priority=True),
        Binding("left,right", "other", show=False, priority=True),
        Binding("e", "export", "Export", id="record.export"),
        Binding("escape", "leave", "Back", id="record.leave"),
    ]

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._folder = folder or paths.saves()
        self.record: Record | None = None
        self._rows: list[Game | Bird] = []

    def body(self) -> ComposeResult:
        yield SafeStatic(styled((" Your record ", "bold")), id="heading")
        with TabbedContent(id="tabs", initial="curve"):
            with TabPane("1 The curve", id="curve"), VerticalScroll():
                yield SafeStatic("The saves are being read.", id="says")
                with Horizontal(id="figure"):
                    yield SafeStatic(id="plot")
                    yield SafeStatic(id="numbers")
                yield SafeStatic(id="notes")
            with TabPane("2 All verdicts", id="log"):
                yield SafeStatic(id="columns")
                with Horizontal(id="verdicts"):
                    yield OptionList(id="games", markup=False)
                    with VerticalScroll(id="about"):
                        yield SafeStatic(id="game")
                yield SafeStatic(id="damaged")

    def on_mount(self) -> None:
        self.query_one("#curve VerticalScroll").focus()
        self.run_worker(self._read(), group="record", exclusive=True)

    async def _read(self) -> None:
        try:
            record = await asyncio.to_thread(read_record, self._folder)
        except UserError as e:
            self.query_one("#says", SafeStatic).update(styled((str(e), "$error")))
            return
        self.record = record
        # The log is one list by date; of an evening the envelope comes after its days.
        self._rows = sorted((*record.birds, *record.games), key=lambda r: r.created, reverse=True)
        self._show_curve()
        self._show_log()

    def on_resize(self) -> None:
        super().on_resize()
        self._show_curve()

    # --- the two pages ---

    def _show_curve(self) -> None:
        r = self.record
        if r is None:
            return
        curve = r.curve
        self.query_one("#says", SafeStatic).update(styled((sentence(curve), "bold")))
        notes = [x for x in (damaged_note(r), distance_line(r), apart_line(r)) if x]
        self.query_one("#notes", SafeStatic).update(lines(*(styled(x) for x in notes)))
        self.query_one("#figure").display = bool(curve)
        if not curve:
            return
        width, height = next(size for least, size in PLOTS if self.size.width >= least)
        self.query_one("#plot", SafeStatic).update(lines(*(drawn(row) for row in drawing(curve, width, height))))
        rows = [styled((POINT_HEAD, "bold $accent")), *(styled(point_row(p)) for p in curve), styled()]
        rows += [styled((x.strip(), "$text-muted")) for x in (*MARKS.split("   "), *LEGEND.split(". "))]
        self.query_one("#numbers", SafeStatic).update(lines(*rows))

    def _show_log(self) -> None:
        assert self.record is not None
        self.query_one("#columns", SafeStatic).update(styled((f"  {cells(SHORT)}", "bold $accent")))
        menu = self.query_one("#games", OptionList)
        menu.clear_options()
        menu.add_options(Option(row_text(r)) for r in self._rows)
        if self._rows:
            menu.highlighted = 0
        else:
            self.query_one("#columns", SafeStatic).update(NO_GAMES)
        bad = damaged_lines(self.record)
        self.query_one("#damaged", SafeStatic).display = bool(bad)
        self.query_one("#damaged", SafeStatic).update(lines(*(styled((x, "$error")) for x in bad)))

    @on(OptionList.OptionHighlighted, "#games")
    def highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self.query_one("#game", SafeStatic).update(whole(self._rows[event.option_index], bars=True))

    @on(OptionList.OptionSelected, "#games")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        row = self._rows[event.option_index]
        self.app.push_screen(Notice(row.scenario if isinstance(row, Game) else row.campaign, whole(row)))

    # --- keys ---

    def action_page(self, page: str) -> None:
        self.query_one("#tabs", TabbedContent).active = page
        self.query_one("#games" if page == "log" else "#curve VerticalScroll").focus()

    def action_other(self) -> None:
        self.action_page("log" if self.query_one("#tabs", TabbedContent).active == "curve" else "curve")

    def action_export(self) -> None:
        if self.record is not None:
            self.run_worker(self._export(self.record), group="export", exclusive=True)

    async def _export(self, record: Record) -> None:
        """The record as a page among the saves, or in the player's browser; and say where."""
        formats = [("html", "a page for a browser, to print or send (HTML)"), ("md", "a text (Markdown)")]
        ending = await self.app.push_screen_wait(Pick("export your record", formats))
        if not ending:
            return
        path = record.folder / f"record.{ending}"
        try:
            says = export(self.game, record_page(record), path, "html" if ending == "html" else "markdown")
        except UserError as e:
            self.game.tell("that did not work", str(e))
            return
        self.game.tell("your record is written", says)

    def action_leave(self) -> None:
        self.dismiss()


def damaged_note(r: Record) -> str:
    """That something was left out; the second page says what."""
    n = len(r.damaged)
    return f"{n} save{'s' * (n != 1)} could not be read and {'is' if n == 1 else 'are'} left out: page 2." if n else ""


def drawn(row: str) -> Content:
    """A row of the drawing, its points in the accent colour."""
    return styled(*((c, "bold $accent") if c in (MANY, FEW) else c for c in row))


def cells(texts: tuple[str, ...]) -> str:
    """Texts in the columns of the log; numbers stand to the right."""
    out = [
        f"{one_line(t, w):<{w}}" if n < 3 else f"{t:>{w}}" for n, (t, w) in enumerate(zip(texts, WIDTHS, strict=True))
    ]
    return " ".join(out)


def row_text(r: Game | Bird) -> Content:
    """One verdict as a row of the log; `~` marks those that are no part of the curve."""
    if isinstance(r, Bird):
        who = one_line(f"it was {short(r.name)}", 15)
        says = f"you gave it {percent(r.said)}"
        return styled(
            f"  {date(r.created):<10} {one_line(r.campaign, 14):<14} {who:<15} {r.points:>3}/{r.most:<3} {says}"
        )
    points = f"{r.total}/{r.most}" if r.total is not None else "–"
    parts = tuple(str(r.parts[p]) if p in r.parts else "–" for p in PARTS)
    away = percent(r.brier**0.5) if r.brier is not None else "–"
    text = cells((date(r.created), r.scenario, r.agent, points, *parts, away))
    return styled(("~ " if r.apart else "  ", "bold"), text)


def whole(r: Game | Bird, *, bars: bool = False) -> Content:
    """One verdict with all its questions; `bars` need 66 columns."""
    if isinstance(r, Bird):
        said = f"You gave {percent(r.said)} to the right one of {r.among} names: {r.points} of {r.most} points."
        return lines(styled((f"In the envelope was {r.name}.", "bold")), styled(said))
    rows = [styled((r.scenario, "bold"), f" with {r.agent}, {date(r.created)}")]
    rows += [styled((f"Not in the curve: {APART[r.apart]}.", "bold $accent"))] if r.apart else []
    rows += (
        [styled(f"{r.total} of {r.most} points: ", ", ".join(f"{k} {v}" for k, v in r.parts.items()))]
        if r.parts
        else []
    )
    rows += [styled(f"You were {away_line(r)}.")] if r.brier is not None else []
    if bars:
        rows.append(styled(("◆ what you said   ", "bold $accent"), ("━ how many of the copies did it", "$primary")))
        rows += [copied_row(Copied(j.item, j.said, j.was)) for j in r.judged]
    else:
        rows.append(styled((f"{'':<20}{'said':>6}{'happened':>12}", "bold $accent")))
        rows += [
            styled(f"{drive_name(j.item):<20}{percent(j.said):>6}{percent(j.was) if j.was is not None else '–':>12}")
            for j in r.judged
        ]
    return lines(*rows, styled((r.save, "$text-muted")))
