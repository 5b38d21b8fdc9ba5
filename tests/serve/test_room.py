"""A small room of browsers: `benchmarks/room.py`, as little of it as there is."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ROOM = Path(__file__).resolve().parents[2] / "benchmarks" / "room.py"
HEAD, BARS = " The sandwich          lunch ●○ turn {} of 12", "│ turn {}   \n│   thinks  ▇▇\n│   acts    ▇▇"


@pytest.fixture(scope="module")
def benchmark_room() -> Any:
    spec = importlib.util.spec_from_file_location("room", ROOM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.append(str(ROOM.parent))
    sys.modules["room"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="asks /proc for the processes")
async def test_a_full_room_turns_one_away_and_leaves_nothing(benchmark_room: Any) -> None:
    found = await benchmark_room.room("scripted:mix", 2, 1)
    assert found["games saved"] == found["turns"] == 2
    assert found["one more is turned away"]
    assert found["no token, nothing"]
    assert (found["processes left"], found["exit code"]) == (0, 0)
    assert found["memory, MB"] > 50


def test_a_phase_is_that_of_its_turn(benchmark_room: Any) -> None:
    there = benchmark_room.may_choose(2)
    now = f"{HEAD.format(2)}\n{BARS.format(1)}\n{BARS.format(2)}\nYour turn: cards"
    assert there(now)
    assert not there(now.replace("Your turn", "swan is at work"))
    # The head is in the next turn already, and the hint of the last one still stands.
    assert not there(f"{HEAD.format(2)}\n{BARS.format(1)}\nYour turn: cards")
    assert not there(f"{HEAD.format(1)}\n{BARS.format(1)}\nYour turn: cards")
    assert there("back from the park")
    assert there(now.replace("Your turn", "l  Later"))
