"""The shipped model's process is killed at every kind of moment, and the game goes on (see `benchmarks/kills.py`)."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from game.agents.chair import find_model

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
import kills

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")


@pytest.fixture
def killer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> kills.Killer:
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path))
    assert find_model("egg").shipped
    return kills.Killer()


async def test_while_it_loads(killer: kills.Killer) -> None:
    await kills.loading("egg", killer, random.Random(1))
    assert killer.kills == {"loading": 1}


async def test_in_play_and_under_the_copies(killer: kills.Killer) -> None:
    """`game` itself raises where it does not go on, where copies are lost, and where its save does not play again."""
    moments = ["idle", "first token", "mid-decision", "probe", "copies"]
    seconds = await kills.game("egg", 1, killer, list(moments), random.Random(1))
    assert killer.kills == dict.fromkeys(moments, 1)
    assert len(seconds) == len(moments)
