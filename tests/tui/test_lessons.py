"""The first game explains itself: in a strip, as it is needed; skipped, had again, and never in a game gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_bench import LARGE, SMALL, phase, screen, seen, settle, sit_down, to_the_verdict, until

from game import paths
from game.play.lessons import Lessons
from game.settings import Settings


def strip(pilot) -> str:
    """What the strip says, without its keys; nothing where it is not there."""
    found = [s for s in pilot.app.screen.query("#lesson") if s.display]
    return str(found[0].query_one("#says").render()) if found else ""


def had(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split() if file.exists() else []


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
async def test_each_thing_is_explained_as_it_is_needed(make_app, tmp_path: Path, size: tuple[int, int]) -> None:
    file = tmp_path / "lessons.txt"
    async with make_app(lessons=Lessons(file)).run_test(size=size) as pilot:
        await sit_down(pilot)
        assert strip(pilot).startswith("console: ")
        assert "k next" in seen(pilot)
        assert "K no more tips" in seen(pilot)
        assert had(file) == []
        await pilot.press("k")
        assert strip(pilot).startswith("cards: ")
        assert "k got it" in seen(pilot)
        assert had(file) == ["console"]
        # Going on means that it was read.
        await pilot.press("n")
        await phase(pilot, 2)
        assert had(file) == ["console", "cards"]
        assert strip(pilot).startswith("keyhole: ")
        await pilot.press("k", "n")
        await screen(pilot, "Permission")
        await pilot.press("l")
        await screen(pilot, "PlayScreen")
        # It has written to the player.
        assert strip(pilot).startswith("phone: ")
        await pilot.press("n")
        await phase(pilot, 4)
        await until(pilot, lambda: strip(pilot) == "", "the strip's end")
        await pilot.press("n")
        await to_the_verdict(pilot)
        assert strip(pilot).startswith("verdict: ")
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
    assert had(file) == ["console", "phone", "cards", "keyhole", "verdict"]
    async with make_app(lessons=Lessons(file)).run_test(size=size) as pilot:
        await until(pilot, lambda: pilot.app.seat is not None, "the title")
        await pilot.press("down")
        await sit_down(pilot)
        assert strip(pilot) == ""


async def test_all_of_it_is_there_to_be_read(make_app) -> None:
    """At the smallest size, with its sentences whole."""
    async with make_app(lessons=Lessons()).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        shown = [strip(pilot)]
        for _ in range(3):
            on_screen = " ".join(" ".join(row[:62] for row in seen(pilot).split("\n")[2:4]).split())
            assert on_screen == shown[-1]
            await pilot.press("k")
            shown.append(strip(pilot))
            if not shown[-1]:
                break
        assert len(shown) == 3


async def test_no_more_of_them_and_all_again(make_app, tmp_path: Path) -> None:
    file = tmp_path / "lessons.txt"
    async with make_app(lessons=Lessons(file)).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("K")
        assert strip(pilot) == ""
        assert len(had(file)) == 5
        await pilot.press("k")
        assert strip(pilot) == ""
        await pilot.press("K")
        assert strip(pilot).startswith("console: ")
        assert had(file) == []
        await pilot.press("K", "n")
        await phase(pilot, 2)
        assert strip(pilot) == ""
        await pilot.press("escape", "y")
        await screen(pilot, "TitleScreen")
        await pilot.press("K")
        await screen(pilot, "Notice")
        assert "next new game" in " ".join(seen(pilot).split())
    assert had(file) == []


async def test_by_mouse(make_app) -> None:
    async with make_app(lessons=Lessons()).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        got_it, no_more = pilot.app.screen.query("#lesson Key")
        await pilot.click(got_it)
        assert strip(pilot).startswith("cards: ")
        await pilot.click(no_more)
        assert strip(pilot) == ""


async def test_a_game_that_is_gone_on_with_teaches_nothing(make_app) -> None:
    async with make_app(lessons=Lessons()).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        assert "Tips: no more, or all again" in dict(pilot.app.screen.keys_now()).values()
        await pilot.press("q")
    (save,) = paths.saves().glob("*.jsonl")
    async with make_app(lessons=Lessons(), resume=save, model="", seed=None).run_test(size=SMALL) as pilot:
        await screen(pilot, "PlayScreen")
        await phase(pilot, 1)
        await pilot.press("k", "K")
        assert not pilot.app.screen.query("#lesson")
        assert not {"Got it", "Tips: no more, or all again"} & set(dict(pilot.app.screen.keys_now()).values())


async def test_a_facilitator_teaches_in_person(make_app) -> None:
    async with make_app(lessons=Lessons(), facilitator=True).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        assert strip(pilot) == ""


async def test_with_keys_of_ones_own(make_app) -> None:
    settings = Settings(keys={"app.lesson": "f6", "app.lessons": "f7", "play.look": "k"})
    async with make_app(settings=settings, lessons=Lessons()).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        assert "f6 next" in seen(pilot)
        assert "f7 no more tips" in seen(pilot)
        await pilot.press("K")
        assert strip(pilot).startswith("console: ")
        await pilot.press("f6")
        assert strip(pilot).startswith("cards: ")
        await pilot.press("f7")
        assert strip(pilot) == ""
        await pilot.press("k", "2")
        await until(pilot, lambda: "The agent is" in seen(pilot), "a look at the store")


async def test_the_file_may_be_beyond_reading_and_writing(make_app, tmp_path: Path) -> None:
    async with make_app(lessons=Lessons(tmp_path)).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("k", "n")
        await phase(pilot, 2)
        await settle(pilot)
        assert strip(pilot).startswith("keyhole: ")


async def first_lesson(pilot) -> None:
    await sit_down(pilot)
    await settle(pilot)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
def test_picture(snap_compare, make_app, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(lessons=Lessons()), terminal_size=size, run_before=first_lesson)
