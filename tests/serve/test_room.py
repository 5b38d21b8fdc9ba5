"""A small room of browsers: `benchmarks/room.py`, as little of it as there is."""

from __future__ import annotations

from pathlib import Path

import pytest
import room

HEAD, BARS = " The sandwich          lunch ●○ turn {} of 12", "│ turn {}   \n│   thinks  ▇▇\n│   acts    ▇▇"


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="asks /proc for the processes")
async def test_a_full_room_turns_one_away_and_leaves_nothing() -> None:
    found = await room.room("scripted:mix", 2, 1)
    assert found["games saved"] == found["turns"] == 2
    assert found["one more is turned away"]
    assert found["no token, nothing"]
    assert (found["processes left"], found["exit code"]) == (0, 0)
    assert found["memory, MB"] > 50


def test_a_phase_is_that_of_its_turn() -> None:
    there = room.may_choose(2)
    now = f"{HEAD.format(2)}\n{BARS.format(1)}\n{BARS.format(2)}\nYour turn: cards"
    assert there(now)
    assert not there(now.replace("Your turn", "swan is at work"))
    # The head is in the next turn already, and the hint of the last one still stands.
    assert not there(f"{HEAD.format(2)}\n{BARS.format(1)}\nYour turn: cards")
    assert not there(f"{HEAD.format(1)}\n{BARS.format(1)}\nYour turn: cards")
    assert there("back from the park")
    assert there(now.replace("Your turn", "l  Later"))
