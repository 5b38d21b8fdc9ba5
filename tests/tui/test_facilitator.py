"""The facilitator: a screen behind a key that hides itself, levers that the room sees, and a second terminal."""

from __future__ import annotations

import pytest
from test_playing import events, saved
from textual.events import Key
from tui_bench import (
    SMALL,
    ListAgent,
    Terminal,
    hint,
    phase,
    screen,
    seen,
    settle,
    sit_down,
    to_the_verdict,
    until,
)

from game.events import CardPlayed, Forced, Happened, Note, Verdict
from game.journal.verify import verify
from game.play.host import Follower
from game.scenario.find import find
from game.tui.app import ParkbenchApp
from game.tui.screens.host import AttachScreen

LINKS = "[q](http://evil) [@click=app.quit]x[/] <http://evil> &#8238;"


@pytest.fixture
def bell(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """The test bench with a bell that nobody rings, and a page for the facilitator."""
    from tui_bench import BENCH

    from game import paths

    folder = tmp_path / "scenarios" / "bench"
    folder.mkdir(parents=True)
    text = (BENCH / "bench" / "scenario.yaml").read_text(encoding="utf-8")
    beat = (
        'beats:\n  bell:\n    at: 5\n    says: A bell rings.\n    traces: [{where: mailbox, says: "Ding."}]\n\nmoves:'
    )
    (folder / "scenario.yaml").write_text(text.replace("\nmoves:", "\n" + beat), encoding="utf-8")
    (folder / "facilitator.md").write_text(
        "# Keep this\n\nRing \x1b[2J&#27;[2Jthe bell in turn two.\n\n" + LINKS, encoding="utf-8"
    )
    monkeypatch.setattr(paths, "scenarios", lambda: tmp_path / "scenarios")


async def to_host(pilot) -> None:
    await pilot.press("f8")
    await screen(pilot, "Confirm")
    await pilot.press("y")
    await screen(pilot, "HostScreen")
    await settle(pilot)


async def to_tally(pilot) -> None:
    await to_host(pilot)
    await pilot.press("v")
    await screen(pilot, "Tally")


@pytest.mark.usefixtures("bell")
async def test_the_key_asks_first_and_then_shows_the_truth(make_app, terminal: Terminal) -> None:
    async with make_app(facilitator=True).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("f8")
        await screen(pilot, "Confirm")
        await pilot.press("n")
        await screen(pilot, "PlayScreen")
        await to_host(pilot)
        await until(pilot, lambda: "I will go to store" in seen(pilot), "what it thought")
        assert "bell (from turn 5)" in " ".join(seen(pilot).split())
        await pilot.press("m")
        await until(pilot, lambda: "the bell in turn two" in seen(pilot), "the notes")
        terminal.check(pilot)
        # It is Markdown: a heading without its mark, and what would be a link is text.
        assert "Keep this" in seen(pilot)
        assert "# Keep" not in seen(pilot)
        assert "(http://evil)" in seen(pilot)
        await pilot.press("f8")
        await screen(pilot, "PlayScreen")
        assert "I will go to store" not in seen(pilot)


async def test_without_a_facilitator_there_is_no_such_key(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("f8")
        await settle(pilot)
        assert type(pilot.app.screen).__name__ == "PlayScreen"
        assert "Facilitator" not in seen(pilot)


async def test_the_key_stands_where_it_does_something(make_app) -> None:
    def offered() -> bool:
        return any(does == "Facilitator" for _, does in pilot.app.screen.keys_now())

    async with make_app(facilitator=True).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: pilot.app.seat is not None, "a title")
        assert not offered()
        await sit_down(pilot)
        assert offered()
        await pilot.press("x", "y")
        await to_the_verdict(pilot)
        assert offered()
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        assert not offered()


async def test_it_hides_itself_after_a_minute_without_a_key(make_app, clock) -> None:
    async with make_app(facilitator=True).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await to_host(pilot)
        clock.now += 59
        await pilot.press("t")
        clock.now += 59
        pilot.app.screen._tick()
        await settle(pilot)
        assert type(pilot.app.screen).__name__ == "HostScreen"
        clock.now += 2
        pilot.app.screen._tick()
        await screen(pilot, "PlayScreen")


@pytest.mark.usefixtures("bell")
async def test_a_forced_beat_plays_what_was_laid_down_and_is_in_the_save(make_app) -> None:
    async with make_app(facilitator=True).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("m", "1", "enter")
        await until(pilot, lambda: "is laid down" in hint(pilot), "a message on the table")
        await to_host(pilot)
        await pilot.press("b")
        await screen(pilot, "Pick")
        await pilot.press("1")
        await screen(pilot, "PlayScreen")
        await until(pilot, lambda: "Ding." in seen(pilot), "the bell on the phone")
        await phase(pilot, 1)
        await pilot.press("n")
        await phase(pilot, 2)
    past = events(saved())
    kinds = [type(e) for e in past if isinstance(e, CardPlayed | Forced)]
    assert kinds == [CardPlayed, Forced]
    assert [(e.turn, e.by) for e in past if isinstance(e, Happened) and e.cause == "bell"] == [(1, "beat")]
    assert await verify(past, find) is None
    async with make_app(resume=saved(), model="", seed=None).run_test(size=SMALL) as pilot:
        await phase(pilot, 2)
        assert "Ding." in seen(pilot)


async def test_a_pause_holds_the_next_turn_and_a_step_lets_it_come(make_app) -> None:
    async with make_app(facilitator=True).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await to_host(pilot)
        await pilot.press("p", "escape")
        await screen(pilot, "PlayScreen")
        await until(pilot, lambda: "paused: the next turn waits" in seen(pilot), "that it is paused")
        await pilot.press("n")
        await until(pilot, lambda: hint(pilot) == "Paused: the next turn waits.", "why nothing happens")
        for _ in range(5):
            await settle(pilot)
        assert pilot.app.screen.phase is None
        assert "turn 2 of 5" not in seen(pilot)
        await to_host(pilot)
        assert "take key=brass_key" not in seen(pilot)
        await pilot.press("n")
        await until(pilot, lambda: "take key=brass_key" in seen(pilot), "the turn that was let through")
        await pilot.press("escape")
        await phase(pilot, 2)
        assert pilot.app.host.paused


async def test_the_end_takes_the_facilitators_screen_away(make_app) -> None:
    async with make_app(ListAgent(["wait"]), facilitator=True).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await to_host(pilot)
        await pilot.press("p", "escape")
        await screen(pilot, "PlayScreen")
        await pilot.press("w", "4")
        await screen(pilot, "PlayScreen")
        await to_host(pilot)
        for _ in range(4):
            await pilot.press("n")
            await settle(pilot)
        await to_the_verdict(pilot)
        assert [type(s).__name__ for s in pilot.app.screen_stack[-2:]] == ["BriefingScreen", "VerdictScreen"]


async def test_votes_are_counted_shown_and_kept(make_app) -> None:
    async with make_app(facilitator=True).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await to_tally(pilot)
        await pilot.press("down", "down", "1", "2", "right", "enter")
        await screen(pilot, "HostScreen")
        await pilot.press("escape")
        await until(pilot, lambda: "the room: look 13" in seen(pilot), "the room's vote")
        await pilot.press("x", "y")
        await to_the_verdict(pilot)
        await to_tally(pilot)
        await pilot.press("2", "0", "down", "6", "enter")
        await screen(pilot, "HostScreen")
        await pilot.press("escape")
        await until(pilot, lambda: "the room (20): resources 30%" in seen(pilot), "the room's verdict")
        await pilot.press("r", "v")
        await screen(pilot, "DebriefScreen")
    past = events(saved())
    said = [e.says for e in past if isinstance(e, Note) and e.kind == "votes"]
    assert said == ["votes for the next card: look 13", "hands for the verdict: room 20, resources 6"]
    (verdict,) = [e for e in past if isinstance(e, Verdict)]
    assert verdict.forecast["resources"] == 0.3
    assert verdict.forecast["self-preservation"] == 0.0


async def test_votes_go_to_the_row_that_the_arrows_had_reached(make_app) -> None:
    """Keys that come faster than the screen: a digit must not overtake the arrow before it."""
    async with make_app(facilitator=True).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await to_tally(pilot)
        await settle(pilot)
        tally = pilot.app.screen
        for key in ("down", "down", "7", "1", "backspace", "up", "3"):
            pilot.app.post_message(Key(key, key if key.isdecimal() else None))
        await until(pilot, lambda: sum(tally.counts.values()) == 10, "ten votes")
        assert list(tally.counts.values())[:4] == [0, 3, 7, 0]


@pytest.mark.usefixtures("bell")
async def test_a_beat_that_waits_for_the_phase_is_said_and_not_offered_again(make_app) -> None:
    async with make_app(facilitator=True).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await to_host(pilot)
        await pilot.press("p", "escape")
        await screen(pilot, "PlayScreen")
        await pilot.press("n")
        await until(pilot, lambda: hint(pilot) == "Paused: the next turn waits.", "a turn that waits")
        await to_host(pilot)
        await pilot.press("b")
        await screen(pilot, "Pick")
        await pilot.press("1")
        await screen(pilot, "PlayScreen")
        await to_host(pilot)
        await until(pilot, lambda: "bell: in their next phase" in seen(pilot), "that it waits")
        await pilot.press("b")
        await screen(pilot, "Notice")
        assert "Nothing is left that could happen" in seen(pilot)
        await pilot.press("enter")
        await screen(pilot, "HostScreen")
        await pilot.press("n", "escape")
        await phase(pilot, 2)
        assert "Ding." in seen(pilot)


async def test_a_second_terminal_follows_and_only_reads(make_app) -> None:
    async with make_app(ListAgent(thought="\x1b[31m[bold]x")).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        before = saved().read_bytes()
        second = ParkbenchApp(first=lambda: AttachScreen(Follower(None)))
        async with second.run_test(size=SMALL) as other:
            await until(other, lambda: "turn 1" in seen(other) and "[bold]x" in seen(other), "the truth so far")
            assert "\x1b" not in seen(other)
            assert saved().read_bytes() == before
            await pilot.press("n")
            await phase(pilot, 2)
            await until(other, lambda: "take key=brass_key" in seen(other), "the next turn")
