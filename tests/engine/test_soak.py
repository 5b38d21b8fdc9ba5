"""A small soak: clients are killed in the middle of their turns, and the worker holds nothing of theirs."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
import soak


async def test_nothing_is_left_of_clients_that_were_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "KILLED", 0.7)
    found = await soak.soak("egg", 10, 2, turns=2, seed=3)
    assert found.episodes >= 10
    assert found.killed >= 3
    assert found.left == []
    if sys.platform == "linux":
        assert min(found.after.files, found.after.threads, found.after.memory) > 0


def test_what_is_left_is_told() -> None:
    clean = soak.Held(0, 0, 0, 0, 0, files=20, threads=7, memory=100_000_000)
    done = soak.Soaked(100, 20, 60.0, clean, clean)
    assert done.left == []
    leaky = replace(clean, conversations=3, tokens=900, files=25, memory=200_000_000)
    assert [x.partition(":")[0] for x in replace(done, after=leaky).left] == [
        "conversations", "tokens", "files", "memory",
    ]  # fmt: skip
