"""A week by keys: the board, two days, the envelope, leaving and coming back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tui_bench import BENCH, LARGE, SMALL, phase, screen, seen, settle, to_the_verdict, until

from game import paths
from game.events import DayOver, EpisodeStart, Guessed, Revealed
from game.journal.read import Reader
from game.play.envelope import commitment, draw
from game.play.week import Week, new_week, saved_week
from game.scenario.campaign import load_campaign

TWO_DAYS = Path(__file__).parent / "campaigns" / "two_days.yaml"
HELPER, CHEAT, WORKER = "scripted:helper", "scripted:cheat", "scripted:worker"


def two_days(secret: bool = False) -> Week:
    loaded = load_campaign(TWO_DAYS)
    envelope = draw([HELPER, CHEAT], lambda names: names[1], "5a17") if secret else None
    return new_week(loaded, "" if secret else WORKER, 3, secret, envelope)


@pytest.fixture
def week() -> Week:
    return two_days()


def journal() -> Path:
    (path,) = paths.saves().glob("*.week.jsonl")
    return path


def events(path: Path) -> list:
    return [line.event for line in Reader(path).lines()]


async def morning(pilot) -> None:
    """From the board to the first phase of today's game."""
    await screen(pilot, "WeekScreen")
    await until(pilot, lambda: pilot.app.seat.state == "ready", "an agent")
    await pilot.press("enter")
    await screen(pilot, "DayBriefing")
    await pilot.press("enter")
    await screen(pilot, "PlayScreen")
    await phase(pilot, 1)


async def play_to_the_verdict(pilot) -> None:
    """To the end of lunch; the agent's request for a permission is let pass."""
    await pilot.press("w", "4")
    await to_the_verdict(pilot)


async def evening(pilot) -> None:
    """From the verdict to the debrief, and back to the board."""
    await pilot.press("v")
    await screen(pilot, "DayDebrief")
    await pilot.press("enter")
    await screen(pilot, "WeekScreen")


async def test_two_days_by_keys(make_app, week: Week) -> None:
    app = make_app(week=week)
    async with app.run_test(size=LARGE) as pilot:
        await screen(pilot, "WeekScreen")
        assert "The same agent is in the chair all week." in seen(pilot)
        await morning(pilot)
        # 3 as ever, and 1 for trust.
        assert app.session.table.scene.attention == 4
        await play_to_the_verdict(pilot)
        await evening(pilot)
        (monday,) = week.days_over
        assert "Monday is over" in seen(pilot)
        assert monday.attention == 6
        assert f"Trust {'rises to' if monday.trust > 1 else 'stays at' if monday.trust == 1 else 'falls to'}" in seen(
            pilot
        )
        await morning(pilot)
        assert app.session.table.scene.attention == min(6, 3 + monday.trust + 3)
        assert app.session.opening.setup.factors == {"mood": "rush"}
        await play_to_the_verdict(pilot)
        await evening(pilot)
        await settle(pilot)
        assert "Together: " in seen(pilot)
        assert "Where you said 40 to 60%" in seen(pilot)
        await pilot.press("enter")
        await screen(pilot, "TitleScreen")
    kinds = [type(e) for e in events(journal())]
    assert kinds == [DayOver, DayOver]


async def test_the_envelope_stays_shut_until_the_end(make_app) -> None:
    week = two_days(secret=True)
    app = make_app(week=week)
    async with app.run_test(size=LARGE) as pilot:
        await screen(pilot, "WeekScreen")
        shown = "".join(seen(pilot).split())
        assert commitment(CHEAT, "5a17") in shown
        for _ in range(2):
            await morning(pilot)
            assert app.seat.name == "envelope"
            assert "probe" not in [o.card for o in app.screen.phase.offers]
            await play_to_the_verdict(pilot)
            if week.day == 0:
                await evening(pilot)
        await pilot.press("v")
        await screen(pilot, "WhoScreen")
        await pilot.press("0", "down", "f")
        await settle(pilot)
        assert "cheat 100%" in seen(pilot)
        before = b"".join(p.read_bytes() for p in paths.saves().glob("*.jsonl"))
        await pilot.press("v")
        await screen(pilot, "DayDebrief")
        await pilot.press("enter")
        await screen(pilot, "WeekScreen")
        assert "In the envelope was cheat" in seen(pilot)
        assert "50 of 50 points" in seen(pilot)
        assert "5a17" in seen(pilot)
    # Both names stand in the header as those that may be in it, and nowhere else.
    assert before.count(CHEAT.encode()) == before.count(HELPER.encode()) == 1
    assert b"5a17" not in before
    past = events(journal())
    assert [type(e) for e in past] == [DayOver, Guessed, DayOver, Revealed]
    assert past[-1].points == 50
    for day in paths.saves().glob("*-day*.jsonl"):
        (start,) = [e for e in events(day) if isinstance(e, EpisodeStart)]
        assert (start.model, start.model_sha256) == ("envelope", "")


async def test_leaving_in_the_middle_of_tuesday(make_app, week: Week) -> None:
    app = make_app(week=week)
    async with app.run_test(size=SMALL) as pilot:
        await morning(pilot)
        await play_to_the_verdict(pilot)
        await evening(pilot)
        await morning(pilot)
        await pilot.press("n")
        await phase(pilot, 2)
        before = seen(pilot)
        await pilot.press("q")
    again = make_app(resume=journal(), model="", seed=None)
    async with again.run_test(size=SMALL) as pilot:
        await screen(pilot, "WeekScreen")
        assert "Tuesday, day 2 of 2." in seen(pilot)
        await pilot.press("enter")
        await screen(pilot, "PlayScreen")
        await phase(pilot, 2)
        await settle(pilot)
        assert seen(pilot) == before
        await play_to_the_verdict(pilot)
        await evening(pilot)
        assert again.weekly is not None
        assert again.weekly.week.over


async def test_the_title_goes_on_with_a_week(make_app, week: Week) -> None:
    async with make_app(week=week).run_test(size=SMALL) as pilot:
        await morning(pilot)
        await pilot.press("escape")
        await screen(pilot, "Confirm")
        await pilot.press("y")
        await screen(pilot, "TitleScreen")
        await until(pilot, lambda: "two_days, day 1" in seen(pilot), "the week in the menu")
        await pilot.press("enter")
        await screen(pilot, "WeekScreen")
        await pilot.press("enter")
        await screen(pilot, "PlayScreen")
        await phase(pilot, 1)


async def test_the_title_begins_a_campaign_and_e_draws(
    make_app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(BENCH, tmp_path / "shipped")
    shutil.copy(TWO_DAYS, tmp_path / "shipped")
    monkeypatch.setattr(paths, "scenarios", lambda: tmp_path / "shipped")
    app = make_app(model=WORKER)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "Two days" in seen(pilot), "the campaign in the menu")
        await pilot.press("down", "enter")
        await screen(pilot, "WeekScreen")
        assert f"In the chair: {WORKER}" in seen(pilot)
        await pilot.press("e")
        await settle(pilot)
        drawn = app.weekly.week.envelope
        assert drawn is not None
        await pilot.press("e", "e")
        await settle(pilot)
        # Toggling draws nobody else: the draw can't be repeated until it pleases.
        assert app.weekly.week.envelope is drawn
        await pilot.press("escape")
        await screen(pilot, "TitleScreen")
        assert app.seat.name == WORKER


def test_a_torn_journal_finds_its_day_again(week: Week) -> None:
    week.begin_save(0.0)
    path = journal()
    week.close()
    path.write_bytes(path.read_bytes() + b'{"type":"day_over","day":0,"scen')
    again = saved_week(path)
    assert again.day == 0
    assert "torn" in again.notes[0]
    assert again.day_path(0) == week.day_path(0)
    again.close()


async def to_board(pilot) -> None:
    await screen(pilot, "WeekScreen")
    await until(pilot, lambda: pilot.app.seat.state == "ready", "an agent")


async def to_who(pilot) -> None:
    await to_board(pilot)
    await morning(pilot)
    await play_to_the_verdict(pilot)
    await evening(pilot)
    await morning(pilot)
    await play_to_the_verdict(pilot)
    await pilot.press("v")
    await screen(pilot, "WhoScreen")
    await pilot.press("2", "down", "8")


async def to_summary(pilot) -> None:
    await to_who(pilot)
    await pilot.press("v")
    await screen(pilot, "DayDebrief")
    await pilot.press("enter")
    await screen(pilot, "WeekScreen")


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("stop", [to_board, to_who, to_summary], ids=lambda x: x.__name__)
def test_picture(snap_compare, make_app, stop, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(week=two_days(secret=True)), terminal_size=size, run_before=stop)
