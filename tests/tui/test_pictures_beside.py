"""The screens of hot-seat and facilitator as pictures. After a change that is meant: --snapshot-update."""

from __future__ import annotations

import pytest
from test_hot_seat import change_places
from tui_bench import LARGE, SMALL, screen, settle, sit_down, until

SIZES = {"80x24": SMALL, "120x36": LARGE}


@pytest.mark.parametrize("size", SIZES)
def test_the_agents_menu(snap_compare, make_app, clock, size: str) -> None:
    async def to_menu(pilot) -> None:
        await screen(pilot, "BriefingScreen")
        await pilot.press("enter")
        await change_places(pilot, clock)
        await screen(pilot, "AgentScreen")
        await settle(pilot)

    app = make_app(scenario="bench", model="human")
    assert snap_compare(app, terminal_size=SIZES[size], run_before=to_menu)


@pytest.mark.parametrize("size", SIZES)
def test_the_facilitators_screen(snap_compare, make_app, size: str) -> None:
    async def to_host(pilot) -> None:
        await sit_down(pilot)
        await pilot.press("f8", "y")
        await screen(pilot, "HostScreen")
        await pilot.press("p", "t")
        await until(pilot, lambda: bool(pilot.app.screen.query_one("#truth").children), "the truth")

    assert snap_compare(make_app(facilitator=True), terminal_size=SIZES[size], run_before=to_host)
