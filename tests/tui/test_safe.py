"""A text on the screen: laid out where it takes other room, and only there."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from tui_bench import seen, settle

from game.tui.widgets.safe import SafeStatic

SHORT, AS_SHORT, LONG = "word " * 5, "bird " * 5, "word " * 12


class Page(App[None]):
    """A text, and one below it."""

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield SafeStatic(SHORT, id="text")
            yield SafeStatic("below")


async def says(pilot: Pilot[None], text: str) -> int:
    """Show the text; how often the screen was laid out for it."""
    laid_out: list[object] = []
    signal = pilot.app.screen.screen_layout_refresh_signal
    signal.subscribe(pilot.app.query_one("#text"), laid_out.append, immediate=True)
    pilot.app.query_one("#text", SafeStatic).update(text)
    await settle(pilot)
    signal.unsubscribe(pilot.app.query_one("#text"))
    return len(laid_out)


def height(pilot: Pilot[None]) -> int:
    return pilot.app.query_one("#text").size.height


async def test_what_takes_the_same_room_lays_nothing_out() -> None:
    async with Page().run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        assert await says(pilot, AS_SHORT) == 0
        assert "bird bird" in seen(pilot)
        assert "word" not in seen(pilot)
        assert await says(pilot, LONG) > 0
        assert height(pilot) == 2
        assert await says(pilot, "one") > 0
        assert height(pilot) == 1


@pytest.mark.parametrize(("then", "rows"), [(AS_SHORT * 2, 3), ("bird", 1)])
async def test_what_was_laid_out_elsewhere_is_not_taken_for_the_present_text(then: str, rows: int) -> None:
    """Textual keeps the layouts of other widths, which are of another text by now."""
    async with Page().run_test(size=(80, 12)) as pilot:
        for columns in (20, 80):
            await pilot.resize_terminal(columns, 12)
            await settle(pilot)
        assert height(pilot) == 1
        assert await says(pilot, then) == 0
        await pilot.resize_terminal(20, 12)
        await settle(pilot)
        assert height(pilot) == rows
        assert sum("bird" in line for line in seen(pilot).splitlines()) == rows
        assert "below" in seen(pilot)
