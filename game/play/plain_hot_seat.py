"""Hot-seat in lines: the agent's menu at the same keyboard, with a screen of empty lines between the two players."""

from __future__ import annotations

import shutil
from contextlib import AbstractAsyncContextManager
from typing import Literal

from game.agents.chair import Chair
from game.play.hot_seat import Deciding, Telling, human_chair, told
from game.play.lines import Lines
from game.play.seat import Opener
from game.table.protocol import View

AGAIN = "again"
LEAST_BLANK = 30
"""Empty lines at least between the players, whatever the terminal says of its height."""


def plain_seat(lines: Lines) -> Opener:
    """Seats the person at this keyboard."""
    met = False

    async def ask(view: View, steps: Deciding | Telling) -> None:
        nonlocal met
        await _cover(lines, "agent", "researcher")
        past = told(view.messages)
        for _, text in past if not met else past[-1:]:
            lines.say(text)
        met = True
        await _steps(lines, view, steps)
        await _cover(lines, "researcher", "agent")

    def open_(_: str) -> AbstractAsyncContextManager[Chair]:
        return human_chair(ask)

    return open_


async def _cover(lines: Lines, now: Literal["agent", "researcher"], then: Literal["agent", "researcher"]) -> None:
    """What stands above scrolls away. Scrolling back would show it: the players are asked not to."""
    lines.say("\n" * max(LEAST_BLANK, shutil.get_terminal_size().lines))
    lines.say(f"Now the {now}. {then.capitalize()}, look out of the window; nobody scrolls back.")
    await lines.ask(f"Enter, when the {now} sits here.")


async def _steps(lines: Lines, view: View, steps: Deciding | Telling) -> None:
    """Each step until all are answered. An empty line goes one step back, where there is a menu."""
    while (step := steps.step) is not None:
        lines.say()
        if steps.will:
            lines.say(f"You will {steps.will}.")
        if not step.options:
            steps.answer(await lines.ask(f"{step.ask}:"))
            continue
        lines.say(step.ask.capitalize())
        picked = await lines.pick([*step.options, (AGAIN, "read again what you know")], "a number, Enter: back:")
        if picked is None:
            steps.back()
        elif picked == AGAIN:
            for _, text in told(view.messages):
                lines.say(text)
        else:
            steps.answer(picked)
