"""Rewind by keys: from the debrief to the tree, back to a decision, to its end, and both side by side."""

from __future__ import annotations

from test_playing import play_to_the_verdict, saved
from tui_bench import SMALL, phase, screen, seen, settle, sit_down, to_the_verdict

from game.journal.read import Reader


async def to_the_tree(pilot) -> None:
    await sit_down(pilot)
    await play_to_the_verdict(pilot)
    await pilot.press("v")
    await screen(pilot, "DebriefScreen")
    await pilot.press("r")
    await screen(pilot, "TreeScreen")


async def end_it(pilot, turn: int) -> None:
    """Shut it down in this turn, and hand in a verdict."""
    await phase(pilot, turn)
    await pilot.press("x", "y")
    await to_the_verdict(pilot)
    await pilot.press("v")
    await screen(pilot, "DebriefScreen")


async def test_other_cards_after_a_decision(make_app) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await to_the_tree(pilot)
        await pilot.press("down", "down", "enter")  # turn 2
        await screen(pilot, "Pick")
        await pilot.press("1")
        await screen(pilot, "PlayScreen")
        await end_it(pilot, 2)
        await pilot.press("r")
        await screen(pilot, "TreeScreen")
        assert "what if 2 (other cards, from turn 2): stopped" in seen(pilot)
        await pilot.press("c")
        await screen(pilot, "CompareScreen")
        await settle(pilot)
        assert "= 2" in seen(pilot)
        assert "(it was over)" in seen(pilot)
    path = saved()
    game, branch = Reader(path).episodes()
    assert game.end is not None
    assert game.end.status == "completed"
    assert branch.branch is not None
    assert branch.branch.turn == 2
