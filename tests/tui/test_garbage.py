"""Garbage is collected when nobody waits for a key, and only then."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest
from tui_bench import Clock, until

from game.tui import memory
from game.tui.app import ParkbenchApp
from game.tui.memory import EVERY, IDLE, Broom


class Knot:
    """An object that only a collection frees."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture
def _calm() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("_calm")
def test_left_to_itself_the_interpreter_no_longer_walks_through_everything() -> None:
    memory.calm()
    assert not gc.isenabled()
    memory.begin()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.collect()
    full = gc.get_stats()[2]["collections"]
    for _ in range(300):
        kept = [[n] for n in range(5_000)]
    assert kept
    assert gc.get_stats()[2]["collections"] == full


@pytest.mark.usefixtures("_calm")
async def test_a_program_that_has_started_collects_again(
    make_app: Callable[..., ParkbenchApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "STARTED", 0.01)
    memory.calm()
    async with make_app().run_test() as pilot:
        await until(pilot, gc.isenabled, "the collector")
    # Where nobody had stopped it, nothing is set aside.
    gc.unfreeze()
    memory.begin()
    assert gc.get_freeze_count() == 0


def test_it_is_swept_when_it_is_time_and_nobody_touches_anything(clock: Clock) -> None:
    broom = Broom(clock)
    knot = weakref.ref(Knot())
    assert not broom.sweep()
    clock.now += EVERY
    broom.touched()
    assert not broom.sweep()
    assert knot() is not None
    clock.now += IDLE
    assert broom.sweep()
    assert knot() is None
    assert not broom.sweep()


async def test_a_key_puts_it_off(make_app: Callable[..., ParkbenchApp]) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        touched = app._broom._touched
        await pilot.press("down")
        assert app._broom._touched > touched
