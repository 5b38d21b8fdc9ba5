"""One worker, many clients, on the model that ships: who is served, who is refused, and what a death frees."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

import pytest

from game.agents.chair import open_agent
from game.engine import address
from game.engine.client import EngineClient, EngineError
from game.engine.host import share
from game.engine.peers import inward, outward, owner
from game.engine.protocol import Answer, Form, LoadSettings, Message, Option, Piece, Sampler, Statistics
from game.lab.turn import one_turn
from game.play.seat import default_model

LONG = Form((Option("wait"), Option("read path=notes")), lead_limit=4000)
SAID = (Message("user", "What now?"),)
ROOT = Path(__file__).resolve().parents[2]


def forever(client: EngineClient, sequence: str = "long") -> Any:
    """An answer of thousands of tokens."""
    return client.answer(sequence, SAID, LONG, Sampler(temperature=3.0, min_p=0.0), max_tokens=100_000)


def model() -> Path:
    from game.agents.chair import find_model

    path = find_model(default_model()).path
    assert path is not None
    return path


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[tuple[EngineClient, Path]]:
    """The shipped model in a shared worker: its owner's client, and the file with its address."""
    file = tmp_path / "engine.json"
    async with share(LoadSettings(path=str(model()), sequences=3), file) as client:
        yield client, file
    assert not file.exists()


async def attached(file: Path) -> EngineClient:
    client = EngineClient()
    await client.attach(file)
    return client


async def until(look: Callable[[], Awaitable[Statistics]], holds: Callable[[Statistics], bool]) -> Statistics:
    """The worker's statistics once they are as wanted."""
    async with asyncio.timeout(30):
        while not holds(now := await look()):
            await asyncio.sleep(0.02)
    return now


def test_ids_and_names_of_two_clients_never_meet() -> None:
    asked = Answer(7, "a", SAID, LONG, Sampler())
    seen = [inward(client, asked) for client in (0, 1, 2)]
    assert len({m.id for m in seen if isinstance(m, Answer)}) == 3
    assert len({m.sequence for m in seen if isinstance(m, Answer)}) == 3
    assert [owner(m.id) for m in seen if isinstance(m, Answer)] == [0, 1, 2]
    piece = Piece(7 | 2 << 40, "lead", "x")
    assert outward(piece) == Piece(7, "lead", "x")


async def test_two_clients_at_once_get_what_they_would_get_alone(
    host: tuple[EngineClient, Path], form: Form, ask: Any
) -> None:
    owner_client, file = host
    assert owner_client.info is not None
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    alone = [await ask(owner_client, form, seed=s, sequence="x") for s in (1, 2)]
    one, two = await attached(file), await attached(file)
    try:
        assert one.info == two.info == owner_client.info
        # The same names and ids in both: they must not meet in the worker.
        both = await asyncio.gather(ask(one, form, seed=1), ask(two, form, seed=2))
        assert [a.choice for a in both] == [a.choice for a in alone]
        assert [a.lead for a in both] == [a.lead for a in alone]
        assert (await owner_client.look()).attached == 2
    finally:
        one.close()
        two.close()
    await until(owner_client.look, lambda s: s.attached == 0)


CLIENT = """
import asyncio, sys
from pathlib import Path
from game.engine.client import EngineClient
from game.engine.protocol import Form, Message, Option, Sampler

async def main():
    client = EngineClient()
    await client.attach(Path(sys.argv[1]))
    form = Form((Option("wait"), Option("read path=notes")), lead_limit=4000)

    async def talk(name):
        said = (Message("user", "What now?"),)
        hot = Sampler(temperature=3.0, min_p=0.0)
        async for _ in client.answer(name, said, form, hot, max_tokens=100_000):
            print("writing", flush=True)

    await asyncio.gather(*(talk(f"s{i}") for i in range(5)))

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_a_client_that_is_killed_frees_its_sequences(
    host: tuple[EngineClient, Path], tmp_path: Path, form: Form, ask: Any
) -> None:
    keeper, file = host
    await ask(keeper, form, sequence="ours")
    before = await keeper.look()
    script = tmp_path / "client.py"
    script.write_text(CLIENT)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(script), str(file)], stdout=subprocess.PIPE, env=env) as victim:
        assert victim.stdout is not None
        assert await asyncio.to_thread(victim.stdout.readline) == b"writing\n"
        busy = await until(keeper.look, lambda s: s.running == 3 and s.waiting == 2)
        assert busy.attached == 1
        assert busy.conversations == before.conversations + 3
        victim.kill()
    after = await until(keeper.look, lambda s: s.attached == 0 and s.running == 0)
    assert (after.waiting, after.conversations, after.tokens) == (0, before.conversations, before.tokens)
    assert (await ask(keeper, form, sequence="ours")).choice >= 0


async def test_a_greedy_client_holds_up_nobodys_next_turn(
    host: tuple[EngineClient, Path], form: Form, ask: Any
) -> None:
    keeper, file = host
    greedy = await attached(file)

    async def turns(i: int) -> None:
        for n in range(50):
            await ask(greedy, form, seed=n, sequence=f"g{i}")
            done.append(i)

    done: list[int] = []
    many = [asyncio.create_task(turns(i)) for i in range(30)]
    try:
        await until(keeper.look, lambda s: s.waiting >= 27)
        before = len(done)
        await ask(keeper, form, sequence="ours")
        # Three run at a time: in a single queue, 27 answers would have come before ours.
        assert len(done) - before < 15
    finally:
        for task in many:
            task.cancel()
        await asyncio.gather(*many, return_exceptions=True)
        greedy.close()


async def test_a_wrong_token_is_refused_and_a_silent_caller_holds_up_nobody(
    host: tuple[EngineClient, Path], tmp_path: Path, form: Form, ask: Any
) -> None:
    keeper, file = host
    right = address.read(file)
    forged = tmp_path / "forged.json"
    address.write(forged, address.Address(right.port, address.new_token()))
    stranger = EngineClient()
    with pytest.raises(EngineError, match="does not know this token"):
        await stranger.attach(forged)
    assert not stranger.alive
    _, silent = await asyncio.open_connection(address.HOST, right.port)
    friend = await attached(file)
    assert (await ask(friend, form)).choice >= 0
    assert (await keeper.look()).attached == 1
    silent.close()
    friend.close()


async def test_an_attached_client_can_load_nothing(host: tuple[EngineClient, Path]) -> None:
    _, file = host
    friend = await attached(file)
    with pytest.raises(EngineError, match="only who started"):
        await friend.listen(b"x" * 32)
    friend.close()
    await friend.attach(file)
    assert (await friend.look()).attached >= 1
    friend.close()


async def test_rubbish_ends_the_connection_and_nothing_else(
    host: tuple[EngineClient, Path], form: Form, ask: Any
) -> None:
    keeper, file = host
    where = address.read(file)

    def talk() -> None:
        with Client((address.HOST, where.port), authkey=where.token) as pipe:
            pipe.send({"not": "a message"})
            with pytest.raises((EOFError, OSError)):
                pipe.recv()

    await asyncio.to_thread(talk)
    assert (await ask(keeper, form)).choice >= 0


async def test_a_killed_worker_is_started_again_and_all_clients_come_back(
    host: tuple[EngineClient, Path], form: Form, ask: Any
) -> None:
    keeper, file = host
    friend = await attached(file)
    before, old = await ask(friend, form, seed=5), keeper.process_id
    with pytest.raises(EngineError) as e:  # noqa: PT012 - the kill is part of it
        async for _ in forever(friend):
            for child in multiprocessing.active_children():
                if child.pid == old:
                    child.kill()
    assert e.value.kind == "died"
    assert not friend.alive
    assert await friend.restart() == keeper.info
    assert keeper.process_id != old
    again = await ask(friend, form, seed=5)
    assert (again.choice, again.lead) == (before.choice, before.lead)
    friend.close()


async def test_the_chair_sits_down_at_the_shared_worker(
    host: tuple[EngineClient, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, file = host
    monkeypatch.setenv(address.VARIABLE, str(file))
    async with open_agent(default_model()) as chair:
        assert (await keeper.look()).attached == 1
        first = await one_turn(chair.agent, seed=1)
        assert not first.status
        for child in multiprocessing.active_children():
            if child.pid == keeper.process_id:
                child.kill()
        while chair.alive():
            await asyncio.sleep(0.01)
        assert chair.revive is not None
        await chair.revive()
        again = await one_turn(chair.agent, seed=1)
        assert (again.status, again.tokens) == (first.status, first.tokens)
    await until(keeper.look, lambda s: s.attached == 0)


async def test_another_model_than_the_shared_one_gets_a_worker_of_its_own(
    host: tuple[EngineClient, Path], small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, file = host
    monkeypatch.setenv(address.VARIABLE, str(file))
    async with open_agent(str(small)) as chair:
        assert chair.identity["file"] == small.name
        await until(keeper.look, lambda s: s.attached == 0)


def test_an_address_file_that_is_none_says_so(tmp_path: Path) -> None:
    from game.errors import UserError

    path = tmp_path / "engine.json"
    for text in ("", "[]", '{"port": 0, "token": ""}', '{"port": 5000, "token": "zz"}'):
        path.write_text(text)
        with pytest.raises(UserError, match="not the address of a worker"):
            address.read(path)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    with pytest.raises(UserError, match="still running"):
        address.read(path)
