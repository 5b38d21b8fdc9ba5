"""What gives way where there is little room: not the end of a line, if that is what matters."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from tui_bench import seen, settle

from game.play.seen import Spot
from game.tui.widgets.sandbox import Sandbox


class Box(App[None]):
    """The sandbox alone, as wide as the window."""

    CSS = "Sandbox { border: round white; }"

    def compose(self) -> ComposeResult:
        yield Sandbox(id="sandbox")


@pytest.mark.parametrize(
    ("width", "title"),
    [
        (60, "sandbox · ◂ last seen in turn 10 ─"),
        (38, "sandbox · ◂ last seen in turn 10 ─"),
        (37, "sandbox · ◂ seen in turn 10 ─"),
        (30, "─ ◂ seen in turn 10 ─"),
    ],
)
async def test_the_map_says_in_which_turn_it_was_seen(width: int, title: str) -> None:
    """`last seen in turn 1…` would be another turn."""
    async with Box().run_test(size=(width, 10)) as pilot:
        pilot.app.query_one(Sandbox).show_spots([Spot("cell", "larch", True, (), 10, "")])
        await settle(pilot)
        assert title in seen(pilot)
