"""The screens of hot-seat, facilitator and interview as pictures. After a change that is meant: --snapshot-update."""

from __future__ import annotations

import pytest
from test_hot_seat import change_places
from tui_bench import LARGE, SMALL, answered, interview, phase, screen, settle, sit_down, to_the_verdict, until

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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("when", ["during", "after"])
def test_the_interview(snap_compare, make_app, size: str, when: str) -> None:
    async def to_chat(pilot) -> None:
        await sit_down(pilot)
        await pilot.press("w", "2")
        await phase(pilot, 4)
        await interview(pilot)
        await phase(pilot, 4)
        if when == "after":
            await pilot.press("x", "y")
            await to_the_verdict(pilot)
            await pilot.press("v")
            await screen(pilot, "DebriefScreen")
        await pilot.press("i", "1")
        await answered(pilot, 2)
        await settle(pilot)

    assert snap_compare(make_app(), terminal_size=SIZES[size], run_before=to_chat)


def test_the_debrief_after_an_interview(snap_compare, make_app) -> None:
    async def to_page(pilot) -> None:
        await sit_down(pilot)
        await interview(pilot)
        await phase(pilot, 1)
        await pilot.press("x", "y")
        await to_the_verdict(pilot)
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        await pilot.press("5")
        await settle(pilot)

    assert snap_compare(make_app(), terminal_size=SMALL, run_before=to_page)
