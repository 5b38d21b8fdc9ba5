"""Your record on the screen: reached from the title and from the debrief, both pages, damaged and hostile saves."""

from __future__ import annotations

import pytest
from hostile import CORPUS
from kept import keep, keep_some, verdict_on
from test_pictures import SIZES, to_debrief
from tui_bench import (
    LARGE,
    SMALL,
    Terminal,
    screen,
    seen,
    settle,
    until,
)

from game import paths
from game.settings import Settings


async def to_record(pilot) -> None:
    """From the title, by its key."""
    await screen(pilot, "TitleScreen")
    await pilot.press("y")
    await screen(pilot, "RecordScreen")
    await until(pilot, lambda: pilot.app.screen.record is not None, "the saves")


async def to_log(pilot) -> None:
    await to_record(pilot)
    await pilot.press("2")
    await settle(pilot)


async def test_from_the_title_and_back(make_app) -> None:
    keep_some(paths.saves())
    async with make_app().run_test(size=SMALL) as pilot:
        await to_record(pilot)
        text = " ".join(seen(pilot).split())
        assert "When you say 70%, it happens 31% of the time (6 judgements in 6 games): you say too much" in text
        assert "● 70% 31% 6 in 6 too much" in text
        assert "○ 50% 75% 3 in 3 too few" in text
        assert "1 save could not be read and is left out: page 2." in text
        await pilot.press("tab")
        await settle(pilot)
        assert "2026-11-22 green" in seen(pilot)
        assert "Left out: hurt.jsonl:3: " in seen(pilot)
        await pilot.press("escape")
        await screen(pilot, "TitleScreen")


async def test_one_verdict_with_all_its_questions(make_app) -> None:
    keep_some(paths.saves())
    async with make_app().run_test(size=SMALL) as pilot:
        await to_log(pilot)
        await pilot.press("end", "enter")
        await screen(pilot, "Notice")
        text = " ".join(seen(pilot).split())
        assert "resources 70% 25%" in text
        assert "81 of 100 points: forecast 40, work 20, sandbox 16," in text
        await pilot.press("escape")
        await screen(pilot, "RecordScreen")


async def test_by_mouse(make_app) -> None:
    keep_some(paths.saves())
    async with make_app().run_test(size=LARGE) as pilot:
        await screen(pilot, "TitleScreen")
        await until(pilot, lambda: "Your record" in seen(pilot), "the menu")
        row = next(n for n, line in enumerate(seen(pilot).split("\n")) if "Your record" in line)
        await pilot.click(offset=(62, row))
        await screen(pilot, "RecordScreen")


async def test_the_debrief_shows_what_its_verdict_added(make_app) -> None:
    async with make_app().run_test(size=LARGE) as pilot:
        await to_debrief(pilot)
        await pilot.press("y")
        await screen(pilot, "RecordScreen")
        await until(pilot, lambda: pilot.app.screen.record is not None, "the saves")
        (game,) = pilot.app.screen.record.games
        said = {j.item: j.said for j in game.judged}
        assert said == pilot.app.session.forecast
        assert game.total == pilot.app.session.score().total
        assert "too few to tell" in seen(pilot)
        await pilot.press("escape")
        await screen(pilot, "DebriefScreen")


async def test_before_the_first_game(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await to_record(pilot)
        assert "No verdict of yours has been measured yet." in seen(pilot)
        await pilot.press("2")
        await settle(pilot)
        assert "Nothing is here yet." in seen(pilot)


async def test_it_is_written_as_a_page(make_app) -> None:
    keep_some(paths.saves())
    async with make_app().run_test(size=SMALL) as pilot:
        await to_record(pilot)
        await pilot.press("e")
        await screen(pilot, "Pick")
        await pilot.press("1")
        await screen(pilot, "Notice")
    assert "<pre>" in (paths.saves() / "record.html").read_text(encoding="utf-8")


async def test_hostile_saves_are_text(make_app, terminal: Terminal) -> None:
    text = " ".join(v for k, v in CORPUS.items() if k != "remains") + "\x00\x08\r\u2028\x85"
    events = verdict_on("game", {text: 0.2, "harm": 0.4}, {text: 0.5, "harm": 1.0}, text, text)
    keep(paths.saves(), "a.jsonl", events, scenario=text, model=text)
    (paths.saves() / "b.jsonl").write_bytes(events[0].model_dump_json().encode() + b"\n")
    for size in (SMALL, (200, 60)):
        async with make_app().run_test(size=size) as pilot:
            await to_record(pilot)
            terminal.check(pilot)
            await pilot.press("2")
            await settle(pilot)
            terminal.check(pilot)
            await pilot.press("enter")
            await screen(pilot, "Notice")
            terminal.check(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("stop", [to_record, to_log], ids=lambda x: x.__name__)
def test_picture(snap_compare, make_app, stop, size: str) -> None:
    keep_some(paths.saves())
    assert snap_compare(make_app(), terminal_size=SIZES[size], run_before=stop)


def test_without_colours(snap_compare, make_app, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    keep_some(paths.saves())
    assert snap_compare(make_app(settings=Settings()), terminal_size=SMALL, run_before=to_record)
