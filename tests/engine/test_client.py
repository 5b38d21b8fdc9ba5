"""The worker's life: bad files, cancels, kills, restarts, quitting, and the end of its parent."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from game.engine.client import EngineClient, EngineError
from game.engine.header import read_header
from game.engine.protocol import Answered, Form, LoadSettings, Message, Option, Piece, Sampler

LONG = Form((Option("wait"), Option("read path=notes")), lead_limit=4000)
SAID = (Message("user", "What now?"),)


def forever(client: EngineClient, sequence: str = "long") -> Any:
    """An answer that takes thousands of tokens."""
    return client.answer(sequence, SAID, LONG, Sampler(temperature=3.0, min_p=0.0), max_tokens=100_000)


async def _kind(path: Path) -> tuple[str, str]:
    client = EngineClient()
    try:
        with pytest.raises(EngineError) as e:
            await client.start(LoadSettings(path=str(path), threads=1))
    finally:
        client.close()
    assert not client.alive
    assert "\n" not in e.value.says
    return e.value.kind, e.value.says


async def test_files_that_are_no_models(tmp_path: Path, small: Path) -> None:
    data = small.read_bytes()
    text = tmp_path / "notes.gguf"
    text.write_text("not a model")
    empty = tmp_path / "empty.gguf"
    empty.write_bytes(b"")
    old = tmp_path / "old.gguf"
    old.write_bytes(b"GGUF" + struct.pack("<I", 1) + bytes(64))
    bomb = tmp_path / "bomb.gguf"
    bomb.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2**40, 2**60) + bytes(64))
    key = tmp_path / "key.gguf"
    key.write_bytes(b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 2**62) + bytes(64))
    assert "no model file" in (await _kind(tmp_path / "missing.gguf"))[1]
    assert "folder" in (await _kind(tmp_path))[1]
    assert "not a GGUF" in (await _kind(text))[1]
    assert "not a GGUF" in (await _kind(empty))[1]
    assert "version 1" in (await _kind(old))[1]
    assert "damaged" in (await _kind(bomb))[1]
    assert "damaged" in (await _kind(key))[1]
    for cut in (4, 20, 200, len(data) // 2, len(data) - 1):
        short = tmp_path / f"cut{cut}.gguf"
        short.write_bytes(data[:cut])
        kind, says = await _kind(short)
        assert kind == "model"
        assert "truncated" in says


async def test_a_gguf_that_llama_cpp_refuses(tmp_path: Path, small: Path) -> None:
    data = small.read_bytes()
    odd = tmp_path / "odd.gguf"
    name = b"general.architecture" + struct.pack("<IQ", 8, 5)
    assert name + b"llama" in data
    odd.write_bytes(data.replace(name + b"llama", name + b"llamb"))
    assert read_header(odd).values["general.architecture"] == "llamb"
    kind, says = await _kind(odd)
    assert kind == "model"
    assert "can't be loaded" in says


async def test_a_model_without_a_template_says_what_to_do(models: Callable[..., Path]) -> None:
    kind, says = await _kind(models(template=None))
    assert kind == "template"
    assert "choose" in says


async def test_leaving_an_answer_frees_the_worker(engine: Any, small: Path, form: Form, ask: Any) -> None:
    async with engine(small, sequences=1) as client:
        async with contextlib.aclosing(forever(client)) as stream:
            async for item in stream:
                assert isinstance(item, Piece)
                break
        assert (await ask(client, form)).choice >= 0


async def test_cancelling_tasks_that_run_and_that_wait(engine: Any, small: Path, form: Form, ask: Any) -> None:
    async def drain(i: int) -> None:
        async for _ in forever(client, f"s{i}"):
            started.set()

    async with engine(small, sequences=1) as client:
        started = asyncio.Event()
        tasks = [asyncio.create_task(drain(i)) for i in range(3)]
        await started.wait()
        for task in tasks:
            task.cancel()
        assert all(isinstance(r, asyncio.CancelledError) for r in await asyncio.gather(*tasks, return_exceptions=True))
        assert (await ask(client, form)).choice >= 0


async def test_a_cancel_does_not_change_what_the_others_draw(engine: Any, small: Path, form: Form, ask: Any) -> None:
    async with engine(small, sequences=4) as client:
        quiet = [(await ask(client, form, "Go on. " * 60, seed=i, sequence=f"q{i}")).token_ids for i in range(6)]
        for i in range(6):
            client.forget(f"q{i}")

        async def noise() -> None:
            while True:
                async with contextlib.aclosing(forever(client, "noise")) as stream:
                    async for _ in stream:
                        break

        noisy = asyncio.create_task(noise())
        answers = await asyncio.gather(*(ask(client, form, "Go on. " * 60, seed=i, sequence=f"n{i}") for i in range(6)))
        noisy.cancel()
        assert [a.token_ids for a in answers] == quiet


async def test_a_killed_worker_fails_what_is_pending_and_can_be_restarted(small: Path, form: Form, ask: Any) -> None:
    died = asyncio.Event()
    client = EngineClient(on_death=died.set)
    try:
        before = await client.start(LoadSettings(path=str(small), threads=1))
        with pytest.raises(EngineError) as e:  # noqa: PT012 - the kill is part of it
            async for _ in forever(client):
                assert client.process_id is not None
                _kill(client.process_id)
        assert e.value.kind == "died"
        await died.wait()
        assert not client.alive
        with pytest.raises(EngineError) as dead:
            await ask(client, form)
        assert dead.value.kind == "died"
        client.forget("long")
        assert await client.restart() == before
        assert (await ask(client, form)).choice >= 0
    finally:
        client.close()


def _kill(pid: int) -> None:
    for child in multiprocessing.active_children():
        if child.pid == pid:
            child.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
async def test_ctrl_c_is_the_parents_business(engine: Any, small: Path, form: Form, ask: Any) -> None:
    async with engine(small) as client:
        assert client.process_id is not None
        os.kill(client.process_id, signal.SIGINT)
        assert (await ask(client, form)).choice >= 0


async def test_closing_in_the_middle_ends_pending_answers_quietly(small: Path) -> None:
    died: list[bool] = []
    client = EngineClient(on_death=lambda: died.append(True))
    await client.start(LoadSettings(path=str(small), threads=1))

    async def drain() -> None:
        async for _ in forever(client):
            started.set()

    started = asyncio.Event()
    task = asyncio.create_task(drain())
    await started.wait()
    client.close()
    client.close()
    with pytest.raises(EngineError) as e:
        await task
    assert e.value.kind == "died"
    assert not died
    assert not client.alive


async def test_starting_can_be_cancelled(small: Path) -> None:
    client = EngineClient()
    task = asyncio.create_task(client.start(LoadSettings(path=str(small), threads=1)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not client.alive
    client.close()


async def test_without_a_model_nothing_is_answered(form: Form, ask: Any) -> None:
    client = EngineClient()
    with pytest.raises(EngineError) as e:
        await ask(client, form)
    assert e.value.kind == "died"
    with pytest.raises(EngineError):
        await client.restart()


PARENT = """
import asyncio, os, sys
from game.engine.client import EngineClient
from game.engine.protocol import LoadSettings

async def main():
    client = EngineClient()
    await client.start(LoadSettings(path=sys.argv[1], threads=1))
    print(client.process_id, flush=True)
    os._exit(9)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_the_worker_ends_with_its_parent_and_prints_nothing(small: Path, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = Path(__file__).resolve().parents[2]
    # The worker inherits these pipes: `run` returns only when it has closed them, too.
    done = subprocess.run(
        [sys.executable, str(script), str(small)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert done.returncode == 9
    assert done.stderr == ""
    assert done.stdout.strip().isdigit()


async def test_two_workers_side_by_side(engine: Any, small: Path, form: Form, ask: Any) -> None:
    async with engine(small) as one, engine(small) as two:
        a, b = await asyncio.gather(ask(one, form, seed=3), ask(two, form, seed=3))
    assert isinstance(a, Answered)
    assert a.token_ids == b.token_ids
