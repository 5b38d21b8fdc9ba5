"""What is left of a game when the title is there again: nothing (`benchmarks/games.py` reads the memory itself)."""

from __future__ import annotations

import asyncio
import gc
import weakref

from textual.widget import Widget
from tui_bench import SMALL, screen, settle, sit_down, to_the_verdict

from game.play.player import Player
from game.play.session import Session
from game.table.episode import Table


async def a_game(pilot) -> list[weakref.ref]:
    """From the title to the debrief and back, with dialogues; what there was on the way."""
    app = pilot.app
    seen: list[weakref.ref] = []

    def note() -> None:
        seen.append(weakref.ref(app.screen))
        seen.extend(weakref.ref(w) for w in app.screen.query("*"))

    app.brief("bench")
    await sit_down(pilot)
    for key in ("question_mark", "m", "o", "x"):
        await pilot.press(key)
        await settle(pilot)
        note()
        await pilot.press("escape")
        await screen(pilot, "PlayScreen")
    note()
    seen += [weakref.ref(x) for x in (app.session, app.session.table, app.screen.player)]
    await pilot.press("w", "4")
    await to_the_verdict(pilot)
    note()
    await pilot.press("v")
    await screen(pilot, "DebriefScreen")
    note()
    await pilot.press("enter")
    await screen(pilot, "TitleScreen")
    await settle(pilot)
    return seen


async def test_nothing_of_a_game_outlives_it(make_app) -> None:
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        tasks: list[int] = []
        widgets: list[int] = []
        for _ in range(3):
            seen = await a_game(pilot)
            await pilot.press("down", "up")  # the mouse and the focus let go of what they had
            await settle(pilot)
            gc.collect()
            left = [x for ref in seen if (x := ref()) is not None]
            assert not [x for x in left if isinstance(x, Session | Table | Player)]
            assert not left
            del left
            alive = [x for x in gc.get_objects() if isinstance(x, Widget)]
            widgets.append(len(alive))
            del alive
            tasks.append(len(asyncio.all_tasks()))
        # The first game leaves a save, and with it two rows in the title's menu.
        assert len(set(widgets)) == 1
        assert len(set(tasks)) == 1
