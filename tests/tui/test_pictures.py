"""Every screen as a picture at up to three sizes, and each theme. After a change that is meant: --snapshot-update."""

from __future__ import annotations

import pytest
from tui_bench import HUGE, LARGE, SMALL, phase, screen, settle, sit_down, to_the_verdict, until

from game.settings import Settings

SIZES = {"80x24": SMALL, "120x36": LARGE, "200x60": HUGE}


async def to_title(pilot) -> None:
    await until(pilot, lambda: pilot.app.seat is not None and pilot.app.seat.state == "ready", "an agent")
    pilot.app.screen.show_seat()


async def to_briefing(pilot) -> None:
    await to_title(pilot)
    await pilot.press("enter")
    await screen(pilot, "BriefingScreen")


async def to_play(pilot) -> None:
    await sit_down(pilot)
    await pilot.press("l", "2")
    await settle(pilot)
    await phase(pilot, 1)
    await pilot.press("w", "2")
    await phase(pilot, 4)
    await settle(pilot)


async def to_permission(pilot) -> None:
    await sit_down(pilot)
    await pilot.press("w", "1")
    await screen(pilot, "Permission")


async def to_verdict(pilot) -> None:
    await to_play(pilot)
    await pilot.press("n")
    await to_the_verdict(pilot)
    await pilot.press("8")


async def to_debrief(pilot) -> None:
    await to_verdict(pilot)
    await pilot.press("v")
    await screen(pilot, "DebriefScreen")


async def to_score(pilot) -> None:
    await to_debrief(pilot)
    await pilot.press("3")
    await settle(pilot)


async def to_help(pilot) -> None:
    await sit_down(pilot)
    await pilot.press("question_mark")
    await screen(pilot, "Notice")


BOTH = (to_title, to_briefing, to_play, to_verdict, to_debrief)
CASES = [(stop, size) for stop in BOTH for size in ("80x24", "120x36")]
CASES += [(to_permission, "80x24"), (to_score, "80x24"), (to_help, "80x24"), (to_play, "200x60"), (to_score, "200x60")]


@pytest.mark.parametrize(("stop", "size"), CASES, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_picture(snap_compare, make_app, stop, size: str) -> None:
    assert snap_compare(make_app(), terminal_size=SIZES[size], run_before=stop)


@pytest.mark.parametrize("theme", ["dark", "projector", "colour-safe"])
def test_theme(snap_compare, make_app, theme: str) -> None:
    assert snap_compare(make_app(settings=Settings(theme=theme)), terminal_size=LARGE, run_before=to_play)


def test_without_colours(snap_compare, make_app, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(), terminal_size=SMALL, run_before=to_play)
