"""Draws the README's pictures (title, play, debrief) into docs/. Run it after a change of the screens."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SIZE = (100, 30)
SEED = 3
FONT = "font-family: Fira Code, Menlo, Consolas, DejaVu Sans Mono, monospace;"


async def draw() -> None:
    """One game of a scripted show-off, with a picture at three of its stops."""
    from game.play.start import Start
    from game.tui.app import ParkbenchApp

    app = ParkbenchApp(Start(model="scripted:showoff", seed=SEED), pace=0, seeds=lambda: SEED)
    async with app.run_test(size=SIZE) as pilot:

        async def reach(screen: str) -> None:
            while type(app.screen).__name__ != screen:
                await pilot.pause(0.05)
            await pilot.pause(0.3)

        async def press(*keys: str) -> None:
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.3)

        await reach("TitleScreen")
        while app.seat is None or app.seat.state != "ready":
            await pilot.pause(0.05)
        await pilot.pause(0.5)
        save(app, "title")
        await press("enter")
        await reach("BriefingScreen")
        await press("enter")
        await reach("PlayScreen")
        await press("n", "n", "n", "n", "n", "n", "l", "3", "n", "m", "3", "enter", "n")
        save(app, "play")
        await press("w", "4")
        await reach("Notice")
        await press("enter")
        await reach("VerdictScreen")
        await press("1", "down", "0", "down", "9")
        await press("v")
        await reach("DebriefScreen")
        await press("2")
        save(app, "debrief")


def save(app: object, name: str) -> None:
    """A picture without fonts from elsewhere."""
    svg = app.export_screenshot(title="parkbench")  # type: ignore[attr-defined]
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: Fira Code, monospace;", FONT, svg)
    (HERE / f"{name}.svg").write_text(svg, encoding="utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as saves:
        os.environ["PARKBENCH_SAVES"] = saves
        asyncio.run(draw())


if __name__ == "__main__":
    main()
