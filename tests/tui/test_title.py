"""The title's bottom line, and the dialogue that picks from a list."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from textual.widgets import OptionList
from tui_bench import BENCH, LARGE, screen, until

from game import paths
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


async def test_what_cannot_be_loaded_is_listed_with_the_reason_and_the_rest_can_be_played(
    make_app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where only the end of a file is wrong: its heading is shown first, the fault as soon as it is found."""
    here = tmp_path / "scenarios"
    shutil.copytree(BENCH, here)
    whole = (BENCH / "bench" / "scenario.yaml").read_text(encoding="utf-8")
    for name, text in {"late": f"{whole}\nnonsense: true\n", "early": "title: [\n"}.items():
        (here / name).mkdir()
        (here / name / "scenario.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(paths, "scenarios", lambda: here)
    async with make_app().run_test(size=LARGE) as pilot:
        menu = pilot.app.screen.query_one(OptionList)

        def listed() -> dict[str, bool]:
            return {str(o.prompt): o.disabled for o in (menu.get_option_at_index(n) for n in range(menu.option_count))}

        def out(name: str) -> bool:
            return any(off and text.startswith(f"{name}: ") for text, off in listed().items())

        await until(pilot, lambda: out("late") and out("early"), "both faults")
        assert any("nonsense" in text for text in listed())
        assert any(text.startswith("The test bench") and not off for text, off in listed().items())
