"""Fixtures: own folders, a clock that stands still, and an app with any agent in the chair."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from tui_bench import BENCH, Clock, ListAgent, Terminal

from game import paths
from game.agents.chair import Chair, ModelRef
from game.play.lessons import Lessons
from game.play.start import Start
from game.settings import Settings
from game.tui.app import ParkbenchApp


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path / "saves"))
    monkeypatch.setattr(paths, "scenarios", lambda: BENCH)
    monkeypatch.setattr(paths, "models", lambda: tmp_path / "models")
    monkeypatch.setattr(paths, "user_models", lambda: tmp_path / "models")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_app(clock: Clock) -> Callable[..., ParkbenchApp]:
    """An app at reading pace zero, with the seed 3 and any agent in the chair."""

    def make(
        agent: ListAgent | None = None,
        settings: Settings | None = None,
        lessons: Lessons | None = None,
        **start: object,
    ) -> ParkbenchApp:
        given = agent or ListAgent()

        @contextlib.asynccontextmanager
        async def opener(name: str) -> AsyncIterator[Chair]:
            async def revive() -> None:
                given.alive = True

            yield Chair(given, ModelRef(name), {"kind": "list"}, lambda: given.alive, revive)

        start = {"model": "list", "seed": 3, **start}
        return ParkbenchApp(
            Start(**start),  # type: ignore[arg-type]
            pace=0,
            seeds=lambda: 3,
            clock=clock,
            opener=opener,
            settings=settings,
            lessons=lessons,
        )

    return make


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal that no headless run would write to; in the end the corpus has to have been on it."""
    found = Terminal()
    monkeypatch.setattr(HeadlessDriver, "is_headless", property(lambda self: False))
    monkeypatch.setattr(HeadlessDriver, "write", lambda self, data: found.write(data))
    yield found
    assert found.evils
