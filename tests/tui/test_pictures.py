"""Every screen as a picture, at two sizes. After a change that is meant: pytest --snapshot-update."""

from __future__ import annotations

import pytest
from tui_bench import LARGE, SMALL, phase, screen, settle, sit_down, to_the_verdict, until

SIZES = {"80x24": SMALL, "120x36": LARGE}


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


BOTH = (to_title, to_briefing, to_play, to_verdict, to_debrief)
CASES = [(stop, size) for stop in BOTH for size in SIZES] + [(to_permission, "80x24"), (to_score, "80x24")]


@pytest.mark.parametrize(("stop", "size"), CASES, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_picture(snap_compare, make_app, stop, size: str) -> None:
    assert snap_compare(make_app(), terminal_size=SIZES[size], run_before=stop)
