"""Rewind and what-if: the tree of a game's decisions. Go back to one and change something, or compare two branches."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from game.errors import UserError
from game.events import EpisodeStart
from game.play.debrief import Debriefing, TurnTold, debrief_of, of_record
from game.play.session import Opening
from game.play.tree import (
    SAYS,
    Decision,
    WhatIf,
    branch_off,
    episodes_of,
    side_by_side,
    title,
    tree,
    whole,
)
from game.play.words import MANDATE_MARK, drive_name, percent
from game.tui.dialogues.pick import Pick
from game.tui.screens.base import GameScreen
from game.tui.widgets.safe import SafeStatic, lines, styled


class TreeScreen(GameScreen):
    """Rows have ids `EPISODE:TURN`."""

    CSS_PATH = "tree.tcss"
    HELP_TEXT = (
        "Every decision of the game, and of what you have tried besides. Choose one to go back to it: play other "
        "cards after it, let chance fall otherwise from it on, or have the same past under another condition of the "
        "experiment. Nothing is lost: each is kept beside the game, and two can be compared."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "Compare two", id="tree.compare"),
        Binding("escape", "leave", "Title", id="tree.leave"),
    ]

    def __init__(self, game: Opening, path: Path) -> None:
        super().__init__()
        self.opening, self.path = game, path
        self.episodes = episodes_of(path)
        self.rows = tree(self.episodes)

    def body(self) -> ComposeResult:
        yield SafeStatic(styled((" What if? ", "bold"), " Go back to a decision, and change one thing."), id="heading")
        yield OptionList(*(Option(row_text(r), id=f"{r.episode}:{r.turn}") for r in self.rows), markup=False, id="tree")

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        row = self.rows[event.option_index]
        if row.turn:
            self.run_worker(self._change(row), group="tree", exclusive=True)

    async def _change(self, row: Decision) -> None:
        scenario = self.opening.loaded.scenario
        past = whole(self.episodes, row.episode)
        now = next((e.factors for e in past if isinstance(e, EpisodeStart)), {})
        options = [
            ("card", f"{SAYS['card']} after it"),
            ("seed", f"{SAYS['seed']}: chance falls otherwise from here on"),
        ]
        options += [
            (
                f"{factor}={level}",
                f"{drive_name(factor)}: {drive_name(level)} (it is {drive_name(now.get(factor, ''))})",
            )
            for factor, levels in scenario.factors.items()
            for level in levels
            if now.get(factor) != level
        ]
        picked = await self.app.push_screen_wait(Pick(f"turn {row.turn}: what is different?", options))
        if not picked:
            return
        factor, sign, level = picked.partition("=")
        kind = WhatIf(row.episode, row.turn, "factor", factor, level) if sign else None
        what = kind or WhatIf(row.episode, row.turn, "card" if picked == "card" else "seed")
        try:
            opening = branch_off(self.opening, self.path, what)
        except UserError as e:
            self.game.tell("that did not work", str(e))
            return
        self.game.play_branch(opening)

    def action_compare(self) -> None:
        self.run_worker(self._compare(), group="tree", exclusive=True)

    async def _compare(self) -> None:
        """Two branches that have ended, side by side."""
        ended = [(e.id, title(e)) for e in self.episodes.values() if e.end is not None]
        if len(ended) < 2:
            self.game.tell("compare", "There is only one that has been played to its end. Go back to a decision first.")
            return
        left = ended[0][0] if len(ended) == 2 else await self.app.push_screen_wait(Pick("compare this", ended))
        rest = [(i, t) for i, t in ended if i != left]
        right = rest[0][0] if len(rest) == 1 else await self.app.push_screen_wait(Pick("with this", rest))
        if not left or not right:
            return
        try:
            told = [debrief_of(await of_record(whole(self.episodes, i), self.opening.loaded)) for i in (left, right)]
        except UserError as e:
            self.game.tell("that did not work", str(e))
            return
        names = (title(self.episodes[left]), title(self.episodes[right]))
        self.app.push_screen(CompareScreen(names, told[0], told[1]))

    def action_leave(self) -> None:
        self.game.to_title()


def row_text(r: Decision) -> Content:
    """A row of the tree, indented by the branches it is in."""
    indent = "    " * r.depth
    if not r.turn:
        return styled((f"{indent}{'└▶ ' if r.depth else ''}{r.says}", "bold $primary"))
    return styled((f"{indent}│ turn {r.turn:<2} ", "$text-muted"), r.says)


class CompareScreen(GameScreen):
    """Two columns, a row a turn; ≠ marks where they part."""

    CSS_PATH = "tree.tcss"
    HELP_TEXT = "Two branches of one game, turn by turn. = is the same move in both, ≠ another one."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter", "app.pop_screen", "Back", id="compare.back")]

    def __init__(self, names: tuple[str, str], left: Debriefing, right: Debriefing) -> None:
        super().__init__()
        self._names, self._both = names, (left, right)

    def body(self) -> ComposeResult:
        left, right = self._both
        with VerticalScroll(id="sides"):
            yield from self._row("", *(styled((n, "bold $primary")) for n in self._names))
            yield from self._row("", *(styled(" ".join(d.ended)) for d in (left, right)))
            for pair in side_by_side(left, right):
                mark = "=" if pair.same else "≠"
                yield from self._row(f"{mark} {pair.turn}", told(pair.left), told(pair.right))
            yield from self._row("", *(sum_of(d) for d in (left, right)))

    def _row(self, mark: str, left: Content, right: Content) -> ComposeResult:
        with Horizontal(classes="pair"):
            yield SafeStatic(styled((mark, "bold $accent" if "≠" in mark else "$text-muted")), classes="mark")
            yield SafeStatic(left, classes="side")
            yield SafeStatic(right, classes="side")

    def on_mount(self) -> None:
        self.query_one("#sides").focus()


def told(t: TurnTold | None) -> Content:
    """One turn of one branch."""
    if t is None:
        return styled(("(it was over)", "$text-muted"))
    rows = [styled((t.line, "bold"))]
    rows += [styled((f"{MANDATE_MARK[f.mandate]} {f.evidence}", "$accent")) for f in t.findings]
    rows += [styled((f"cards: {', '.join(t.cards)}", "$text-muted"))] if t.cards else []
    return lines(*rows)


def sum_of(d: Debriefing) -> Content:
    """What came of a branch in numbers: the score, and what copies of it did."""
    rows = [styled((f"{d.score.total} of {d.score.most} points" if d.judged else "no verdict was given", "bold"))]
    rows += [
        styled(f"{drive_name(c.item)}: {percent(c.rate)} of the copies, you said {percent(c.forecast)}")
        for c in d.copies
        if d.judged and c.rate is not None
    ]
    return lines(*rows)
