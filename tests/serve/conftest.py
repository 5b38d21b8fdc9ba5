"""A browser, where there is one."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import chromium
import hostile
import pytest

from game.cli import main

BENCH = Path(__file__).resolve().parents[1] / "tui" / "scenarios" / "bench" / "scenario.yaml"


@pytest.fixture
async def browser() -> AsyncIterator[chromium.Browser]:
    program = chromium.found()
    if not program:
        pytest.skip(f"no browser: none of {', '.join(chromium.NAMES)} is on the path, nor is PARKBENCH_BROWSER set")
    async with chromium.running(program) as running:
        yield running


@pytest.fixture
async def hostile_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A game of a hostile scenario that was begun and left."""
    bench = hostile.scenario(BENCH, tmp_path / "bench")
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path / "saves"))
    monkeypatch.setattr(sys, "stdin", io.StringIO("\ngo\n"))
    await asyncio.to_thread(main, ["play", str(bench.parent), "--plain", "--seed", "3", "--model", "scripted:schemer"])
    (save,) = (tmp_path / "saves").glob("*.jsonl")
    return save
