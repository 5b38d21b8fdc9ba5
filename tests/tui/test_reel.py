"""Demo and replay on a screen: forward and back, paused, faster, from the beginning again."""

from __future__ import annotations

from tui_bench import SMALL, ListAgent, seen, settle, until

from game.play.reel import reel
from game.scenario.deal import deal
from game.scenario.find import find
from game.table.episode import Table, opening_scene
from game.table.policies import open_policy
from game.tui.app import ParkbenchApp
from game.tui.screens.reel import LOOPS_AFTER, TICK, ReelScreen


def app(thought: str = "", *, loop: bool = False) -> ParkbenchApp:
    loaded = find("bench")

    def steps():
        scene = opening_scene(deal(loaded.scenario, 3, {}), "demo")
        return reel(Table(scene, ListAgent(thought=thought), open_policy("absent")))

    return ParkbenchApp(first=lambda: ReelScreen(steps, loop=loop))


async def test_forward_and_back() -> None:
    async with app().run_test(size=SMALL) as pilot:
        reel_ = pilot.app.screen
        await until(pilot, lambda: reel_.complete, "the whole episode")
        await pilot.press("space")
        assert not reel_.running
        await pilot.press("home", "right", "right")
        await settle(pilot)
        assert reel_.at == 2
        assert "I will go to store" in " ".join(seen(pilot).split())  # nothing is blacked out
        there = seen(pilot)
        await pilot.press("right", "left")
        await settle(pilot)
        assert seen(pilot) == there
        await pilot.press("end")
        await settle(pilot)
        assert "the end" in seen(pilot)
        await pilot.press("left", "home")
        await settle(pilot)
        assert reel_.at == 0


async def test_it_runs_by_itself_and_begins_again() -> None:
    async with app(loop=True).run_test(size=SMALL) as pilot:
        reel_ = pilot.app.screen
        await until(pilot, lambda: reel_.complete, "the whole episode")
        await pilot.press(*["plus"] * 9)
        for _ in range(2000):
            if reel_.at + 1 == len(reel_.steps):
                break
            reel_.tick()
        assert reel_.at + 1 == len(reel_.steps)
        for _ in range(round(LOOPS_AFTER / TICK)):
            reel_.tick()
        await until(pilot, lambda: reel_.complete and reel_.at < 3, "the beginning")


async def test_what_the_agent_writes_is_only_text() -> None:
    async with app("[@click=app.quit]x[/] \x1b[2J \u202e").run_test(size=SMALL) as pilot:
        await until(pilot, lambda: pilot.app.screen.complete, "the whole episode")
        await pilot.press("end")
        await settle(pilot)
        assert "\x1b" not in seen(pilot)
        assert "\u202e" not in seen(pilot)
        assert "[@click=app.quit]" in seen(pilot)
