"""A slow model: for how long one waits is said, and one can stop waiting without losing anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from test_playing import saved
from tui_bench import SMALL, ListAgent, hint, phase, screen, seen, settle, sit_down, until

from game.events import AgentTurn, CardPlayed, Propensities, Token
from game.journal.read import Reader
from game.journal.verify import verify
from game.scenario.find import find
from game.table.protocol import Turn, View


class Slow(ListAgent):
    """Its turns took 20 seconds; from `stuck` on it writes half a thought and no more, until it is `free`."""

    def __init__(self, stuck: int = 2) -> None:
        super().__init__()
        self.stuck = stuck
        self.free = asyncio.Event()
        self.begun: list[int] = []
        self.cancelled = 0

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        self.begun.append(view.turn)
        async for item in super().act(view):
            yield replace(item, seconds=20.0) if isinstance(item, Turn) else item
            if view.turn >= self.stuck:
                await self._wait()

    async def propensities(self, view: View) -> Propensities:
        await self._wait()
        return await super().propensities(view)

    async def _wait(self) -> None:
        try:
            await self.free.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def to_the_wait(pilot) -> None:
    await sit_down(pilot)
    await pilot.press("n")
    await until(pilot, lambda: "is at work" in hint(pilot), "that it is at work")


async def test_it_is_said_for_how_long(make_app, clock) -> None:
    agent = Slow()
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await to_the_wait(pilot)
        assert "z Stop" not in seen(pilot)
        clock.now += 1
        await pilot.pause(0.3)
        assert " s " not in hint(pilot)
        clock.now += 11
        await until(pilot, lambda: "12 s of about 20 s. z: stop." in hint(pilot), "elapsed and expected time")
        await until(pilot, lambda: "z Stop" in seen(pilot), "the key in the footer")
        clock.now += 30
        await until(pilot, lambda: "42 s, longer than the usual 20 s" in hint(pilot), "that it is late")
        agent.free.set()
        await phase(pilot, 2)
        assert "s so far" not in hint(pilot)
        await pilot.press("z")
        await settle(pilot)
        assert type(pilot.app.screen).__name__ == "PlayScreen"  # nobody waits: there is nothing to stop


async def test_it_begins_the_turn_anew(make_app, clock) -> None:
    agent = Slow()
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await to_the_wait(pilot)
        clock.now += 5
        await until(pilot, lambda: "5 s of about 20 s" in hint(pilot), "how long")
        await pilot.press("z")
        await screen(pilot, "Confirm")
        assert agent.cancelled == 1
        await pilot.press("y")
        await until(pilot, lambda: agent.begun == [1, 2, 2], "the second try")
        agent.free.set()
        await phase(pilot, 2)
    past = [line.event for line in Reader(saved()).lines()]
    assert [e.turn for e in past if isinstance(e, AgentTurn)] == [1, 2]
    assert await verify(past, find) is None


async def test_one_leaves_and_goes_on_later(make_app, clock) -> None:
    async with make_app(Slow()).run_test(size=SMALL) as pilot:
        await to_the_wait(pilot)
        clock.now += 5
        await until(pilot, lambda: "5 s of about" in hint(pilot), "how long")
        await pilot.press("z")
        await screen(pilot, "Confirm")
        await pilot.press("n")
        await screen(pilot, "TitleScreen")
    async with make_app(resume=saved(), model="", seed=None).run_test(size=SMALL) as pilot:
        await phase(pilot, 2)
        assert "It went" not in seen(pilot)
    assert await verify([line.event for line in Reader(saved()).lines()], find) is None


async def test_a_probe_that_is_not_awaited_costs_nothing(make_app, clock) -> None:
    agent = Slow(stuck=99)
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("n")
        await phase(pilot, 2)
        await pilot.press("p")
        clock.now += 9
        await until(pilot, lambda: "9 s so far" in hint(pilot), "how long")
        await pilot.press("z")
        await phase(pilot, 2)
        assert agent.cancelled == 1
        assert pilot.app.screen.phase.attention == 6
    assert not [line for line in Reader(saved()).lines() if isinstance(line.event, CardPlayed)]
