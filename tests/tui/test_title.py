"""The title's bottom line, and the dialogue that picks from a list."""

from __future__ import annotations

import pytest
from tui_bench import LARGE, screen, until

from game.settings import Settings
from game.tui.widgets.safe import SafeStatic


async def test_the_bottom_line_is_drawn_when_it_changes_and_only_then(make_app) -> None:
    async with make_app().run_test(size=LARGE) as pilot:
        await until(pilot, lambda: pilot.app.seat is not None and pilot.app.seat.state == "ready", "an agent")
        title = pilot.app.screen
        line = title.query_one("#seat", SafeStatic)
        title.show_seat()
        shown = line.content
        assert "list is ready." in str(shown)
        title.show_seat()
        assert line.content is shown
        pilot.app.seat.state, pilot.app.seat.says = "failed", "it stumbled"
        title.show_seat()
        assert "it stumbled" in str(line.content)


@pytest.mark.parametrize("theme", ["light", "dark", "projector", "colour-safe"])
async def test_the_number_is_read_on_the_cursor(make_app, theme: str) -> None:
    async with make_app(settings=Settings(theme=theme)).run_test(size=LARGE) as pilot:
        await until(pilot, lambda: pilot.app.seat is not None and pilot.app.seat.state == "ready", "an agent")
        await pilot.press("m")
        await screen(pilot, "Pick")
        await until(pilot, lambda: pilot.app.screen.query_one("OptionList").highlighted == 0, "the cursor")
        strips = pilot.app.screen._compositor.render_strips()
        (row,) = [s for s in strips if "1 scripted:mix" in s.text]
        number = next(s for s in row if s.text.strip() == "1")
        words = next(s for s in row if "scripted:mix" in s.text)
        assert number.style.color == words.style.color
        assert number.style.bgcolor == words.style.bgcolor
        assert number.style.bold
