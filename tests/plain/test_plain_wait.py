"""A slow model in lines: every so often for how long one waits, and leaving keeps the game."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from game.agents.chair import Chair, ModelRef
from game.agents.random import RandomAgent
from game.errors import UserError
from game.events import Token
from game.journal.read import Reader
from game.play import patience, plain_wait
from game.play.lines import Left, Lines
from game.play.plain_game import game
from game.play.plain_player import PlainPlayer
from game.play.saves import Setup
from game.play.session import Session, new_game, saved_game
from game.table.protocol import Turn, View

TOY = str(Path(__file__).parents[1] / "toy")


class Slow(RandomAgent):
    """Writes nothing before `free`."""

    def __init__(self) -> None:
        self.free = asyncio.Event()

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        await self.free.wait()
        async for item in super().act(view):
            yield item


@pytest.fixture(autouse=True)
def _quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path))
    monkeypatch.setattr(plain_wait, "EVERY", 0.15)
    monkeypatch.setattr(patience, "SOON", 0.0)


async def nobody(says: str) -> None:
    raise UserError(says)


def table(agent: RandomAgent, source: str) -> tuple[Lines, io.StringIO, Session]:
    out = io.StringIO()
    lines = Lines(io.StringIO(source), out)
    chair = Chair(agent, ModelRef("slow"), {"kind": "slow"})
    session = Session(new_game(Setup(TOY, "random", 3, {})), chair, PlainPlayer(lines), nobody)
    session.begin_save(0.0)
    return lines, out, session


async def lines_of(out: io.StringIO, least: int) -> None:
    async with asyncio.timeout(20):
        while out.getvalue().count("It is still at work") < least:
            await asyncio.sleep(0.01)


async def test_a_line_now_and_then_while_it_works() -> None:
    agent = Slow()
    lines, out, session = table(agent, "go\n")
    playing = asyncio.create_task(game(lines, session))
    await lines_of(out, 2)
    assert "s so far, no estimate yet. Ctrl-C leaves; the game is saved." in " ".join(out.getvalue().split())
    agent.free.set()
    with pytest.raises(Left):
        await playing
    told = out.getvalue().count("It is still at work")
    await asyncio.sleep(0)
    assert out.getvalue().count("It is still at work") == told
    session.close()


async def test_leaving_in_the_middle_of_a_turn_keeps_the_game() -> None:
    lines, out, session = table(Slow(), "")
    playing = asyncio.create_task(game(lines, session))
    await lines_of(out, 1)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    path = session.path
    assert path is not None
    session.close()
    assert [line.event.type for line in Reader(path).lines()] == ["episode_start", "observed"]
    again = saved_game(path)
    assert len(again.events) == 2
    assert again.journal is not None
    again.journal.close()
