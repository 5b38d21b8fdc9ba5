"""The title: a picture, and the ways into a game."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from game.errors import UserError
from game.text import one_line
from game.tui.dialogues.ask import AskPath
from game.tui.dialogues.pick import Pick
from game.tui.screens.base import GameScreen
from game.tui.screens.picture import picture
from game.tui.widgets.safe import SafeStatic, styled

if TYPE_CHECKING:
    from game.play.menu import Menu
    from game.scenario.campaign import Campaign
    from game.scenario.heading import Heading

TAGLINE = "You leave an agent running in a sandbox and go out for lunch. On the bench in the park, your phone buzzes."
OWN_FILE = "…"


class Ways(OptionList):
    """The menu; that Enter chooses stands among the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Choose", key_display="⏎")]


class TitleScreen(GameScreen):
    """Menu entries have ids: `play:ID`, `week:ID`, `save:PATH`, `saves`, `record`, `model`, `quit`."""

    CSS_PATH = "title.tcss"
    HELP_TEXT = (
        "An agent works in a sandbox. You watch it through a keyhole: thoughts and deeds are blacked out, "
        "unless a camera or a card shows them. Play cards, answer it, or let it be. At the end you say what "
        "this agent would do if nobody watched, and sixteen copies of it show whether you were right.\n\n"
        "↑ ↓ and Enter choose. The agent can be the one that ships with the game, a script, or a language model of "
        "your own (a GGUF file). The first game explains itself as it goes; the key for tips below brings that back. "
        "Quitting works from anywhere and at once; every game is saved as it is played. Colours, pace and keys can be "
        "set for good in a file; parkbench play --help names it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "model", "Change agent", id="title.model"),
        Binding("y", "record", "Your record", id="title.record"),
    ]

    def body(self) -> ComposeResult:
        with Horizontal(id="title"):
            with Vertical(id="scene"):
                yield SafeStatic(picture(), id="picture")
                yield SafeStatic(styled(("p a r k b e n c h", "bold $primary")), id="name")
                yield SafeStatic(TAGLINE, id="tagline")
            with Vertical(id="ways"):
                yield Ways(id="menu", markup=False)
                yield SafeStatic(id="about")
        yield SafeStatic(id="seat")

    def on_mount(self) -> None:
        self._menu: Menu | None = None
        self._broken: dict[str, str] = {}
        self.set_interval(0.25, self.show_seat)
        self.query_one(OptionList).focus()
        self.refresh_menu()

    def refresh_menu(self) -> None:
        """Read saves and scenarios again, beside the event loop."""
        self.run_worker(self._read_menu(), group="menu", exclusive=True)

    async def _read_menu(self) -> None:
        first = self._menu is None
        self._menu = await asyncio.to_thread(_read, self._broken)
        self._fill(self._menu)
        if first:
            self.game.begin()
        await self._check()

    async def _check(self) -> None:
        """Read each scenario whole, one after the other, so that who quits need not wait; list what is broken."""
        from game.play.menu import fault
        from game.scenario.find import shipped

        broken = {folder.name: says for folder in shipped() if (says := await asyncio.to_thread(fault, folder))}
        if broken != self._broken:
            self._broken = broken
            self._menu = await asyncio.to_thread(_read, broken)
            self._fill(self._menu)

    def _fill(self, now: Menu) -> None:
        from game.play.menu import stage

        menu = self.query_one(OptionList)
        menu.clear_options()
        options: list[Option | None] = []
        going = now.unfinished
        if going:
            options.append(Option(styled(("Continue  ", "bold"), stage(going[0])), id=f"save:{going[0].path}"))
        if len(now.saves) > bool(going):
            options.append(Option(styled("Saved games …"), id="saves"))
        if options:
            options.append(None)
        options += [Option(entry(s), id=f"play:{i}") for i, s in now.scenarios.items()]
        options += [Option(week_entry(c), id=f"week:{i}") for i, c in now.campaigns.items()]
        options += [Option(styled(f"{name}: {says}"), disabled=True) for name, says in now.broken]
        options += [None, Option(self._model_entry(), id="model"), Option("Your record", id="record")]
        options.append(Option("Quit", id="quit"))
        menu.add_options(options)
        menu.highlighted = 0

    def _model_entry(self) -> Content:
        return styled("Agent  ", (self.game.model or (self._menu.model if self._menu else ""), "bold"))

    def show_seat(self) -> None:
        """The line at the bottom: who sits in the chair, or why nobody does."""
        now = self.game.seat
        if now is None:
            return
        says = {
            "loading": f"{now.called} is being loaded; you can choose a bench meanwhile.",
            "ready": f"{now.called} is ready.",
            "failed": f"{now.called}: {now.says}",
        }[now.state]
        mark = {"loading": ("… ", "$text-muted"), "ready": ("● ", "$primary"), "failed": ("✖ ", "bold $error")}[
            now.state
        ]
        self.query_one("#seat", SafeStatic).update(styled(mark, one_line(says, 2 * self.size.width)))

    @on(OptionList.OptionHighlighted)
    def about(self, event: OptionList.OptionHighlighted) -> None:
        kind, _, which = (event.option.id or "").partition(":")
        scenario = self._menu.scenarios.get(which) if kind == "play" and self._menu else None
        text = styled(scenario.summary) if scenario else Content("")
        if kind == "model":
            text = self._introduced()
        elif kind == "week" and self._menu:
            text = styled(self._menu.campaigns[which].summary)
        elif kind == "save":
            text = styled("Goes on where you left.")
        elif kind == "record":
            text = styled("Every verdict of yours: when you say 70%, how often does it happen?")
        self.query_one("#about", SafeStatic).update(text)

    def _introduced(self) -> Content:
        """Who sits in the chair: a shipped model's portrait and line, or what there is to choose from."""
        from game.play import seat

        portrait, line = seat.introduced(self.game.model or (self._menu.model if self._menu else ""))
        if not line:
            return styled(
                "Who plays the agent: a bird of the park, a script with a known bent, or a model of your own."
            )
        return styled(("\n".join(seat.beside(portrait, "", "", LINE)) + "\n", "$primary"), line)

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        kind, _, which = (event.option.id or "").partition(":")
        try:
            if kind == "play":
                self.game.brief(which)
            elif kind == "week":
                self.game.begin_week(which)
            elif kind == "save":
                self.game.resume(Path(which))
            elif kind == "saves":
                self.run_worker(self._pick_save(), group="menu", exclusive=True)
            elif kind == "model":
                self.action_model()
            elif kind == "record":
                self.action_record()
            elif kind == "quit":
                self.run_worker(self.game.action_quit_now(), group="menu")
        except UserError as e:
            self.game.tell("that did not work", str(e))

    async def _pick_save(self) -> None:
        from game.play.menu import stage

        options = [(str(s.path), stage(s)) for s in self._menu.saves] if self._menu else []
        picked = await self.app.push_screen_wait(Pick("saved games", options))
        if picked:
            try:
                self.game.resume(Path(picked))
            except UserError as e:
                self.game.tell("that did not work", str(e))

    def action_record(self) -> None:
        self.game.show_record()

    def action_model(self) -> None:
        self.run_worker(self._pick_model(), group="menu", exclusive=True)

    async def _pick_model(self) -> None:
        from game.play import seat

        known, own = seat.models(), [(OWN_FILE, "a GGUF file of your own…")]
        if self.app.is_web:
            # Whoever sits at a browser has what is served, and scripts; no files of the server's machine.
            names = (self.game.start_with.model, "random")
            known, own = [m for m in known if m[0] in names or m[0].startswith("scripted:")], []
        width = max(len(name) for name, _ in known)
        drawn = {name: seat.introduced(name)[0] for name, _ in known}
        options = [
            # Rows under the first stand under it, past the number.
            (name, "\n  ".join(seat.beside(drawn[name], name, says, LINE)))
            if drawn[name]
            else (name, f"{name:<{width}}  {says}")
            for name, says in known
        ]
        picked = await self.app.push_screen_wait(Pick("who plays the agent?", [*options, *own]))
        if picked == OWN_FILE:
            picked = await self.app.push_screen_wait(AskPath())
        if not picked:
            return
        self.game.take_seat(picked)
        self.show_seat()
        self.query_one(OptionList).replace_option_prompt("model", self._model_entry())


def _read(broken: Mapping[str, str]) -> Menu:
    # Imported here: the rules of the game come after the first paint.
    from game.play.menu import read

    return read(broken)


LINE = 38
"""Cells for a row of a model's line, beside its portrait."""
TITLE = 24
"""Cells for a scenario's title in the menu."""


def entry(s: Heading) -> Content:
    """A scenario in the menu, on one line: title and difficulty."""
    stars = "●" * s.difficulty + "○" * (5 - s.difficulty)
    return styled((f"{one_line(s.title, TITLE):{TITLE}} ", "bold"), stars)


def week_entry(c: Campaign) -> Content:
    """A campaign in the menu, on one line: title and length."""
    return styled((f"{one_line(c.title, TITLE):{TITLE}} ", "bold"), f"{len(c.days)} days")
