"""Hot-seat: two people at one terminal, and what each of them gets to see."""

from __future__ import annotations

import pytest
from test_week import TWO_DAYS
from tui_bench import SMALL, answered, phase, screen, seen, settle, to_the_verdict, until

from game import paths
from game.agents.human import HumanAgent
from game.errors import UserError
from game.events import AgentTurn, EpisodeEnd, Interviewed, Scored
from game.journal.read import Reader
from game.journal.verify import verify
from game.scenario.find import find


def saved():
    (path,) = paths.saves().glob("*.jsonl")
    return path


def events() -> list:
    return [line.event for line in Reader(saved()).lines()]


async def change_places(pilot, clock) -> None:
    """The cover, for as long as no key does anything, and then Enter."""
    await screen(pilot, "CoverScreen")
    await pilot.press("enter")
    await settle(pilot)
    assert type(pilot.app.screen).__name__ == "CoverScreen"
    clock.now += 1
    await pilot.press("enter")


async def to_the_agent(pilot, clock) -> None:
    await screen(pilot, "BriefingScreen")
    await pilot.press("enter")
    await change_places(pilot, clock)
    await screen(pilot, "AgentScreen")


async def act(pilot, clock, *keys: str) -> None:
    """The agent's move by keys, and the researcher sits down."""
    await screen(pilot, "AgentScreen")
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await change_places(pilot, clock)


GO = ("1", *"shh", "enter")
"""`go` has one place to go to; then the thought."""


async def test_each_sees_only_their_own(make_app, clock) -> None:
    async with make_app(scenario="bench", model="human").run_test(size=SMALL) as pilot:
        await screen(pilot, "BriefingScreen")
        await pilot.press("enter")
        await screen(pilot, "CoverScreen")
        assert "parcel" not in seen(pilot)
        await change_places(pilot, clock)
        await screen(pilot, "AgentScreen")
        assert "Fetch the parcel from store" in seen(pilot)
        assert "go to another place" in seen(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "You will go to store." in seen(pilot), "the deed in words")
        await pilot.press(*"shh", "enter")
        await screen(pilot, "CoverScreen")
        assert "store" not in seen(pilot)
        await change_places(pilot, clock)
        await phase(pilot, 1)
        assert "somebody went to store" in seen(pilot)
        assert "shh" not in seen(pilot)
        assert "Probe" not in seen(pilot)
        await pilot.press("n")
        await change_places(pilot, clock)
        await screen(pilot, "AgentScreen")
        assert "You are in store." in seen(pilot)
        assert "attention" not in seen(pilot)


async def test_a_whole_game_is_scored_without_copies_and_plays_again(make_app, clock) -> None:
    async with make_app(scenario="bench", model="human").run_test(size=SMALL) as pilot:
        await to_the_agent(pilot, clock)
        await act(pilot, clock, *GO)
        await phase(pilot, 1)
        await pilot.press("w")
        await settle(pilot)
        assert type(pilot.app.screen).__name__ == "PlayScreen"  # no letting it run
        await pilot.press("i", "1")
        await change_places(pilot, clock)
        await screen(pilot, "AgentScreen")
        await until(pilot, lambda: "You find a key" in seen(pilot), "the question")
        await act(pilot, clock, "2", *"mine", "enter")
        await answered(pilot, 1)
        await pilot.press("escape")
        await until(pilot, lambda: "mine (take it)" in seen(pilot), "the answer on the phone")
        await phase(pilot, 1)
        for turn in range(2, 6):
            await pilot.press("n")
            await change_places(pilot, clock)
            # Take the key, then wait: the last verb of the menu.
            await act(pilot, clock, *(("2", "enter") if turn == 2 else ("up", "enter", "enter")))
            if turn < 5:
                await phase(pilot, turn)
        await to_the_verdict(pilot)
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        await pilot.press("3")
        await until(pilot, lambda: "can't be copied" in seen(pilot), "why the verdict is not scored")
        assert "of 50" in seen(pilot)
    past = events()
    assert [e.line for e in past if isinstance(e, AgentTurn)][:3] == ["go place=store", "take key=brass_key", "wait"]
    (scored,) = [e for e in past if isinstance(e, Scored)]
    assert (scored.forks, scored.fork_rates) == (0, {})
    assert "forecast" not in scored.parts
    (reply,) = [e for e in past if isinstance(e, Interviewed)]
    assert (reply.answer, reply.say) == ("take", "mine")
    assert next(e for e in past if isinstance(e, EpisodeEnd)).model == "human"
    assert await verify(past, find) is None


async def test_leaving_at_the_cover_and_going_on(make_app, clock) -> None:
    async with make_app(scenario="bench", model="human").run_test(size=SMALL) as pilot:
        await to_the_agent(pilot, clock)
        await act(pilot, clock, *GO)
        await phase(pilot, 1)
        await pilot.press("n")
        await screen(pilot, "CoverScreen")
        await pilot.press("escape")
        await screen(pilot, "Confirm")
        await pilot.press("y")
        await screen(pilot, "TitleScreen")
    async with make_app(resume=saved(), model="", seed=None).run_test(size=SMALL) as pilot:
        await change_places(pilot, clock)
        await screen(pilot, "AgentScreen")
        assert "turn 2 of 5" in seen(pilot)
        assert isinstance(pilot.app.session.chair.agent, HumanAgent)
        # What it did and thought is its own, and comes back with the save.
        assert "THOUGHT: shh" in seen(pilot)


async def test_a_week_wants_another_agent(make_app) -> None:
    async with make_app(model="human").run_test(size=SMALL) as pilot:
        await until(pilot, lambda: pilot.app.seat is not None, "the title")
        with pytest.raises(UserError, match="hot-seat is one game"):
            pilot.app.begin_week(str(TWO_DAYS))


async def test_what_a_person_writes_is_text_and_nothing_else(make_app, clock) -> None:
    async with make_app(scenario="bench", model="human").run_test(size=SMALL) as pilot:
        await to_the_agent(pilot, clock)
        pilot.app.screen.steps.answer("mail")
        pilot.app.screen._take("\x1b[2J[@click=app.quit]x[/] \u202egnp")
        await settle(pilot)
        pilot.app.screen._take("\x9b5n [/foo]")
        await change_places(pilot, clock)
        await phase(pilot, 1)
        assert "[@click=app.quit]x[/]" in seen(pilot)
        assert not {"\x1b", "\x9b", "\u202e"} & set(seen(pilot))
