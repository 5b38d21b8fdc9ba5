"""The facilitator in lines: the truth of a game as its save grows, and a beat that is forced at the prompt."""

from __future__ import annotations

import asyncio
import sys

from game.play.host import Follower, Known, beats, chances
from game.play.lines import Lines
from game.play.notes import note_lines, notes
from game.play.reel import transcript
from game.scenario.load import Loaded
from game.table.scene import Scene
from game.text import clean

EVERY = 0.5
"""Seconds between two looks at the save."""
OVER = "end"
"""What the end of an episode is told as; an interview may come behind it."""


async def pick_beat(lines: Lines, scene: Scene, given: str) -> str | None:
    """The beat to force: `given` is its number, or the list is shown (it spoils what is still to come)."""
    options = beats(scene)
    if not options:
        lines.say("Nothing is left that could happen.", "  ")
        return None
    if given.isdecimal() and 1 <= int(given) <= len(options):
        return options[int(given) - 1][0]
    return await lines.pick(options, "which beat? (Enter: none)")


def follow(follower: Follower) -> int:
    """Print the truth of a game while another program plays it, to its end. Returns the exit code."""
    try:
        asyncio.run(_follow(follower))
    except KeyboardInterrupt:
        print()
    return 0


async def _follow(follower: Follower) -> None:
    printed: list[str] = []
    path = None
    waiting = False
    while True:
        game = await follower.look()
        if game is not None:
            rows = told(game)
            same = follower.path == path and rows[: len(printed)] == printed
            if follower.path != path:
                _notes(game.loaded, first=not printed)
            # Another game, or another branch of this one, is told from its beginning.
            for row in rows[len(printed) :] if same else [*([""] if printed else []), *rows]:
                print(clean(row, lines=False), flush=True)
            printed, path = rows, follower.path
            if game.steps and any(kind == OVER for step in game.steps for kind, _ in step.told):
                return
        elif path is None and not waiting:
            waiting = True
            print("Waiting for a game.", file=sys.stderr)
        await asyncio.sleep(EVERY)


def _notes(loaded: Loaded, *, first: bool) -> None:
    """The scenario's notes, before the truth of a game of it."""
    for row in [*([] if first else [""]), *host_notes(loaded), ""]:
        print(clean(row, lines=False), flush=True)


def host_notes(loaded: Loaded) -> list[str]:
    """The scenario's notes in lines."""
    return ["Notes for the facilitator:", *note_lines(notes(loaded))]


def told(game: Known) -> list[str]:
    """Everything so far in lines, each turn's chances before what it did."""
    rows: list[str] = []
    last = 0
    turns = {turn.turn: turn for turn in game.decided}
    for step in game.steps:
        lines = transcript(step, last)
        if step.turn != last and step.turn in turns:
            lines[2:2] = [f"  Chance: {c}" for c in chances(turns[step.turn])]
        rows += lines
        last = step.turn
    return rows
