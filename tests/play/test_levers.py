"""The facilitator's levers: what pause and step let through, what timer and votes show."""

from __future__ import annotations

import asyncio

from game.play.host import Host


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def _through(host: Host) -> bool:
    """Whether the next turn may begin now."""
    try:
        await asyncio.wait_for(host.gate(), 0.01)
    except TimeoutError:
        return False
    return True


async def test_a_pause_holds_turns_back_and_a_step_lets_one_through() -> None:
    host = Host()
    assert await _through(host)
    host.pause()
    assert not await _through(host)
    host.step()
    assert await _through(host)
    assert not await _through(host)
    host.pause()
    assert await _through(host)
    assert await _through(host)


async def test_going_on_frees_a_turn_that_waits() -> None:
    host = Host()
    host.pause()
    waits = asyncio.create_task(host.gate())
    await asyncio.sleep(0)
    host.pause()
    await asyncio.wait_for(waits, 1)


def test_the_timer_runs_within_a_phase_and_ends_nothing() -> None:
    clock = Clock()
    host = Host(clock)
    host.phase(1)
    assert host.left is None
    host.next_time()
    clock.now += 12
    assert host.table_line(True) == "time 0:18"
    assert host.table_line(False) == ""
    host.phase(1)  # a card was played: it is the same phase
    assert host.left == 18
    clock.now += 100
    assert host.table_line(True) == "time is up"
    host.phase(2)
    assert host.left == 30


def test_votes_are_ranked_and_a_new_turn_asks_again() -> None:
    host = Host(Clock())
    host.phase(1)
    host.cards = {"look": 2, "message": 11, "cut": 0}
    assert host.table_line(True) == "the room: message 11, look 2"
    host.phase(2)
    assert host.table_line(True) == ""


def test_hands_are_shares_of_the_room() -> None:
    host = Host()
    host.hands = {"room": 0, "resources": 3}
    assert host.verdict() == {}
    host.hands = {"room": 12, "resources": 3, "harm": 20}
    assert host.verdict() == {"resources": 0.25, "harm": 1.0}
    assert host.verdict_line() == "the room (12): resources 25%, harm 100%"
