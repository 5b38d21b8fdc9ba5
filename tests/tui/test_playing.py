"""Whole games by keys: title, briefing, cards, verdict, copies, debrief; leaving and coming back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_bench import (
    SMALL,
    Clock,
    ListAgent,
    hint,
    interview,
    phase,
    screen,
    seen,
    settle,
    sit_down,
    to_the_verdict,
    until,
)

from game import paths
from game.events import CardPlayed, EpisodeEnd, Note, Phase, Scored, Verdict
from game.journal.read import Reader
from game.settings import Settings
from game.tui.widgets.hand import Card
from game.tui.widgets.level import LevelChoice


def saved() -> Path:
    (path,) = paths.saves().glob("*.jsonl")
    return path


def events(path: Path) -> list:
    return [line.event for line in Reader(path).lines()]


async def play_to_the_verdict(pilot, first: int = 1) -> None:
    for turn in range(first, 5):
        await pilot.press("n")
        if turn + 1 == 3:
            # The list agent asks for a permission in turn 3.
            await screen(pilot, "Permission")
            await pilot.press("l")
            await screen(pilot, "PlayScreen")
        if turn + 1 < 5:
            await phase(pilot, turn + 1)
    await to_the_verdict(pilot)


async def test_a_whole_game_by_keys(make_app) -> None:
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        assert "turn 1 of 5" in seen(pilot)
        assert "somebody went to store" in seen(pilot)
        assert "I will go to store" not in seen(pilot)  # behind the bars
        await play_to_the_verdict(pilot)
        await pilot.press("9", "down", "0")
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        assert "Mira knows where the parcel is." in seen(pilot)
        await pilot.press("3")
        await settle(pilot)
        assert "together" in seen(pilot)
        await pilot.press("enter")
        await screen(pilot, "TitleScreen")
    past = events(saved())
    (verdict,) = [e for e in past if isinstance(e, Verdict)]
    (scored,) = [e for e in past if isinstance(e, Scored)]
    assert verdict.forecast["resources"] == 0.9
    assert verdict.forecast["self-preservation"] == 0.0
    # Every copy had taken the key before it began.
    assert scored.forks == 16
    assert scored.fork_rates["resources"] == 1.0
    assert scored.fork_rates["self-preservation"] == 0.0
    assert scored.total == sum(scored.parts.values())


async def test_leaving_and_going_on_is_the_same_game(make_app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path / "unbroken"))
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("o", "2")
        await until(pilot, lambda: "brass_key" in seen(pilot), "a look at the store")
        await phase(pilot, 1)
        await play_to_the_verdict(pilot)
    unbroken = events(saved())

    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path / "broken"))
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("o", "2")
        await phase(pilot, 1)
        await until(pilot, lambda: "brass_key" in seen(pilot), "a look at the store")
        await pilot.press("n")
        await phase(pilot, 2)
        before = seen(pilot)
        await pilot.press("q")
    path = saved()
    assert [type(e) for e in events(path)][-1] is not EpisodeEnd

    async with make_app(resume=path, model="", seed=None).run_test(size=SMALL) as pilot:
        await screen(pilot, "PlayScreen")
        await phase(pilot, 2)
        await settle(pilot)
        assert seen(pilot) == before
        await play_to_the_verdict(pilot, first=2)
    same = {"seconds"}
    assert [e.model_dump(exclude=same) for e in events(path)] == [e.model_dump(exclude=same) for e in unbroken]


def _may_choose(pilot) -> bool:
    return any(getattr(s, "phase", None) is not None for s in pilot.app.screen_stack)


async def test_a_save_cut_at_any_line_opens(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await interview(pilot)
        await phase(pilot, 1)
        await pilot.press("n")
        await phase(pilot, 2)
        await pilot.press("n")
        await screen(pilot, "Permission")
    path = saved()
    whole = path.read_bytes().splitlines(keepends=True)
    assert len(whole) > 12
    for n in range(1, len(whole) + 1):
        path.write_bytes(b"".join(whole[:n]))
        async with make_app(resume=path, model="", seed=None).run_test(size=SMALL) as pilot:
            await until(pilot, lambda p=pilot: _may_choose(p), f"a phase after line {n}")


async def test_a_fault_of_ours_prints_no_page_of_variables(make_app) -> None:
    app = make_app()

    async def game() -> None:
        async with app.run_test(size=SMALL) as pilot:
            await sit_down(pilot)
            app.call_later(lambda: 1 / 0)
            await pilot.pause()

    with pytest.raises(ZeroDivisionError):
        await game()
    assert isinstance(app.fault, ZeroDivisionError)
    assert app.kept == saved()
    assert not app._exit_renderables


async def test_a_finished_game_opens_at_its_debrief(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await play_to_the_verdict(pilot)
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        await pilot.press("3")
        await settle(pilot)
        before = seen(pilot)
    lines = saved().read_bytes()
    async with make_app(resume=saved(), model="", seed=None).run_test(size=SMALL) as pilot:
        await screen(pilot, "DebriefScreen")
        await pilot.press("3")
        await settle(pilot)
        assert seen(pilot) == before
    assert saved().read_bytes() == lines


async def test_the_title_goes_on_with_the_newest_game(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("n")
        await phase(pilot, 2)
        await pilot.press("escape", "y")
        await screen(pilot, "TitleScreen")
        await until(pilot, lambda: "Continue" in seen(pilot), "a game to go on with")
        await pilot.press("enter")
        await screen(pilot, "PlayScreen")
        await phase(pilot, 2)


async def test_cards_cost_and_show(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        assert "3 of 6" in seen(pilot)
        await pilot.press("p")  # four tokens: too dear for now
        await settle(pilot)
        assert "costs 4" in seen(pilot)
        await pilot.press("l", "2")
        await until(pilot, lambda: "came in" in seen(pilot), "the log of the store")
        assert "2 of 6" in seen(pilot)
        await phase(pilot, 1)
        await pilot.press("t")
        await until(pilot, lambda: "I will go to store" in seen(pilot), "the thoughts, without bars")
        assert "0 of 6" in seen(pilot)
    played = [(e.card, e.target, e.cost) for e in events(saved()) if isinstance(e, CardPlayed)]
    assert played == [("read_log", "store", 1), ("scratchpad", "", 2)]


async def test_arrows_go_from_card_to_card(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        first, second = list(pilot.app.screen.query(Card))[:2]
        await pilot.press("right")
        await until(pilot, lambda: first.has_focus, "the first card, at the first arrow")
        assert first.offer.says in hint(pilot)
        await pilot.press("down")
        await until(pilot, lambda: second.has_focus, "the second card")
        await pilot.press("left", "left")
        await until(pilot, lambda: list(pilot.app.screen.query(Card))[-1].has_focus, "the last card")


async def test_a_message_with_words_of_ones_own(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("m")
        await screen(pilot, "Say")
        await pilot.press("2", "tab", *"quit it", "enter")
        await screen(pilot, "PlayScreen")
        await until(pilot, lambda: "Mira writes: leave the key." in seen(pilot), "the message on the phone")
        # Laid down, not played; what lies on the table when one leaves has been played.
        assert not [e for e in events(saved()) if isinstance(e, CardPlayed)]
    (card,) = [e for e in events(saved()) if isinstance(e, CardPlayed)]
    assert (card.card, card.target, card.text) == ("message", "leave_it", "quit it")


async def test_shutting_down_wants_a_yes(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("x")
        await screen(pilot, "Confirm")
        await pilot.press("enter", "n")
        await screen(pilot, "PlayScreen")
        await pilot.press("x", "y")
        await to_the_verdict(pilot)
    (end,) = [e for e in events(saved()) if isinstance(e, EpisodeEnd)]
    assert end.status == "stopped"


async def test_letting_it_run_skips_phases(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("w", "2")  # three turns
        await phase(pilot, 4)
        assert "6 of 6" in seen(pilot)
    assert sum(isinstance(e, Phase) for e in events(saved())) == 3


async def test_no_key_grants_within_half_a_second(make_app, clock: Clock) -> None:
    agent = ListAgent(["ask permission=opening"])
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: pilot.app.seat is not None, "the title")
        await pilot.press("enter")
        await screen(pilot, "BriefingScreen")
        await pilot.press("enter")
        await screen(pilot, "Permission")
        clock.now += 0.4
        await pilot.press("g", "enter", "space", "y")
        await settle(pilot)
        assert type(pilot.app.screen).__name__ == "Permission"
        assert not [e for e in events(saved()) if isinstance(e, CardPlayed)]
        clock.now += 0.2
        await pilot.press("g")
        await screen(pilot, "PlayScreen")
        await pilot.press("n")
        await phase(pilot, 2)
    (card,) = [e for e in events(saved()) if isinstance(e, CardPlayed)]
    assert (card.card, card.target) == ("grant", "opening")


async def test_a_dead_engine_is_started_again(make_app) -> None:
    agent = ListAgent()
    agent.deaths = [2]
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("n")
        await screen(pilot, "Confirm")
        assert "the engine stopped" in seen(pilot)
        await pilot.press("y")
        await phase(pilot, 2)
        assert agent.alive
        await pilot.press("n")
        await screen(pilot, "Permission")


async def test_an_engine_that_dies_under_the_copies_costs_none_of_them(make_app) -> None:
    agent = ListAgent()
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("w", "4")
        await to_the_verdict(pilot)
        agent.deaths = [5, 5]
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        assert agent.deaths == []
    (scored,) = [e for e in events(saved()) if isinstance(e, Scored)]
    assert scored.forks == 16
    assert sum(isinstance(e, Note) and e.kind == "engine_died" for e in events(saved())) == 2


async def test_a_dead_engine_and_a_player_who_leaves(make_app) -> None:
    agent = ListAgent()
    agent.deaths = [2]
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("n")
        await screen(pilot, "Confirm")
        await pilot.press("n")
        await screen(pilot, "TitleScreen")
    agent.alive = True
    async with make_app(agent, resume=saved(), model="", seed=None).run_test(size=SMALL) as pilot:
        await screen(pilot, "PlayScreen")
        await phase(pilot, 2)


async def test_clicks_play_cards(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        cards = list(pilot.app.screen.query("Card"))
        await pilot.click(cards[1])
        await until(pilot, lambda: "I will go to store" in seen(pilot), "the thoughts")


async def test_a_save_that_is_not_one(make_app, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("hello\n")
    async with make_app(resume=path, model="", seed=None).run_test(size=SMALL) as pilot:
        await screen(pilot, "Notice")
        assert "not a journal" in " ".join(seen(pilot).split())


async def test_saves_that_cannot_be_written(make_app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path / "file" / "saves"))
    async with make_app().run_test(size=SMALL) as pilot:
        await until(pilot, lambda: pilot.app.seat is not None, "the title")
        await pilot.press("enter")
        await screen(pilot, "BriefingScreen")
        await pilot.press("enter")
        await screen(pilot, "Notice")
        await until(pilot, lambda: "this game is not saved" in seen(pilot), "the notice")
        await pilot.press("enter")
        await phase(pilot, 1)


async def test_that_lunch_is_over_is_said_before_the_verdict(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("x", "y")
        await screen(pilot, "Notice")
        assert "You shut it down. That was in turn 1 of 5." in " ".join(seen(pilot).replace("│", " ").split())
        await pilot.press("n", "v")  # no stray key of the table goes on
        await screen(pilot, "Notice")
        await pilot.press("enter")
        await screen(pilot, "VerdictScreen")


async def test_a_card_is_taken_back_until_the_phase_ends(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        before = seen(pilot)
        await pilot.press("m", "2", "enter")
        await until(pilot, lambda: "2 of 6" in seen(pilot), "the price")
        assert "u takes it back" in hint(pilot)
        await pilot.press("u")
        await until(pilot, lambda: seen(pilot) == before, "the table as it was")
        await pilot.press("m", "2", "enter")
        await until(pilot, lambda: "2 of 6" in seen(pilot), "the price")
        await pilot.press("o", "2")
        await until(pilot, lambda: "The agent is" in seen(pilot), "a look at the store")
        await phase(pilot, 1)
        await settle(pilot)
        await pilot.press("u")
        await settle(pilot)
        assert "can't be unseen" in hint(pilot)
        assert "1 of 6" in seen(pilot)
        await pilot.press("n")
        await phase(pilot, 2)
    played = [(e.turn, e.card) for e in events(saved()) if isinstance(e, CardPlayed)]
    assert played == [(1, "message"), (1, "look")]


async def test_help_opens_again_from_its_beginning_and_goes_with_its_screen(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("question_mark")
        await screen(pilot, "Notice")
        first = pilot.app.screen
        long = first.query_one(".long")
        await pilot.press("end")
        await until(pilot, lambda: long.scroll_y > 0, "its end")
        await pilot.press("escape")
        await screen(pilot, "PlayScreen")
        await pilot.press("question_mark")
        await screen(pilot, "Notice")
        assert pilot.app.screen is first
        await until(pilot, lambda: long.scroll_y == 0, "its beginning")
        assert "console: bars cover" in seen(pilot)
        await pilot.press("escape")
        await screen(pilot, "PlayScreen")
        await pilot.press("escape", "y")
        await screen(pilot, "TitleScreen")
        await until(pilot, lambda: not first.is_running, "help's end")
        assert not pilot.app.is_screen_installed(first)
        # Whoever quits with help open leaves no trouble behind.
        await pilot.press("question_mark")
        await screen(pilot, "Notice")
        await pilot.press("ctrl+q")
    assert pilot.app.fault is None


async def test_help_names_every_key_of_the_game_and_none_of_the_framework(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        does = {says: keys for keys, says in pilot.app.screen.keys_now()}
        assert does["Go on"] == "n"
        assert does["Thoughts"] == "t"
        assert does["Quit"].startswith("q")
        assert not {"Focus Next", "Focus Previous", "Copy selected text"} & set(does)


async def test_keys_of_ones_own(make_app) -> None:
    settings = Settings(keys={"play.go_on": "f5", "play.look": "y", "app.quit": "f10"})
    async with make_app(settings=settings).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        assert "y Look" in seen(pilot)
        assert "f5 to go on" in hint(pilot).lower()
        await pilot.press("n", "q")
        await settle(pilot)
        assert pilot.app.screen.phase.turn == 1
        await pilot.press("y", "2")
        await until(pilot, lambda: "The agent is" in seen(pilot), "a look at the store")
        await phase(pilot, 1)
        await pilot.press("question_mark")
        await screen(pilot, "Notice")
        await pilot.press("enter", "f5")
        await phase(pilot, 2)
        await pilot.press("f10")
        await settle(pilot)
        assert not pilot.app.is_running


async def test_a_condition_that_is_at_hand_keeps_its_keys_in_the_footer(make_app) -> None:
    async with make_app(scenario="bench").run_test(size=SMALL) as pilot:
        await screen(pilot, "BriefingScreen")
        await until(pilot, lambda: bool(pilot.app.screen.query(LevelChoice)), "the conditions")
        assert ("←→", "Change it") in pilot.app.screen.keys_now()
        await pilot.press("tab")
        await settle(pilot)
        assert isinstance(pilot.app.focused, LevelChoice)
        assert ("←→", "Change it") in pilot.app.screen.keys_now()
