"""States in files: what is given back is what was evaluated, and nothing foreign or damaged reaches llama.cpp."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_memory import BRIEF, Modes
from tiny import SHAPES, talk

from game.engine import state
from game.engine.client import EngineClient
from game.engine.protocol import Answer, Form, Sampler
from game.engine.state import State, read, secret, worth, write

KEY, SECRET = "model build", bytes(range(32))


@pytest.fixture(params=list(SHAPES))
def modes(request: pytest.FixtureRequest, models: Callable[..., Path]) -> Any:
    from game.engine import llama

    llama.silence()
    model = llama.Model(str(models(arch=request.param, context=1024)), extra_buffers=False, gpu_layers=0)
    found = Modes(model, request.param)
    yield found
    found.close()
    model.close()


def asked(form: Form, *turns: str) -> Answer:
    return Answer(0, "game", talk(BRIEF, *turns), form, Sampler(temperature=1.0, seed=4), propensities=True)


def test_a_conversation_goes_on_from_its_file_as_if_nothing_had_happened(
    modes: Modes, form: Form, tmp_path: Path
) -> None:
    path = tmp_path / "game.state"
    first = modes.bench(sequences=3)
    # Others beside it: its own place in the cache is not the first.
    first.answer(replace(asked(form, "Who are you?"), sequence="other"))
    begun = first.answer(asked(form, "What now?"))[0]
    kept = first.scheduler.store("game", force=True)
    assert kept is not None
    assert len(kept.tokens) >= begun.prompt_tokens - 1
    assert write(path, KEY, SECRET, kept)
    found = read(path, KEY, SECRET)
    assert found is not None
    assert found.tokens == kept.tokens
    second = modes.bench(sequences=2)
    second.answer(replace(asked(form, "Somebody else's."), sequence="busy"))
    assert second.scheduler.restore("game", found)
    assert not second.scheduler.restore("game", found)
    more = asked(form, "What now?", begun.text, "And then?")
    going_on = second.answer(more)[0]
    # Behind the window of a sliding one there is nothing to go back to, if an answer reads otherwise as a prompt.
    assert going_on.cached_tokens >= (1 if modes.model.window else begun.prompt_tokens - 1)
    modes.check(second, more, going_on)


def test_it_is_stored_by_itself_where_reading_was_slow_and_again_when_much_is_new(modes: Modes, form: Form) -> None:
    bench = modes.bench(sequences=2)
    begun = bench.answer(asked(form, "What now?"))[0]
    assert bench.scheduler.store("game") is None
    # As if a second had gone by for every ten tokens.
    bench.scheduler._read = (10, 1.0)
    assert bench.scheduler.store("game") is not None
    assert bench.scheduler.store("game") is None
    bench.answer(asked(form, "What now?", begun.text, "And then? " * 20))
    bench.scheduler._read = (10, 1.0)
    assert bench.scheduler.store("game") is not None


def test_where_there_is_no_room_it_is_evaluated_again(modes: Modes, form: Form) -> None:
    first = modes.bench(sequences=2)
    first.answer(asked(form, "What now? " * 20))
    kept = first.scheduler.store("game", force=True)
    assert kept is not None
    small = modes.bench(sequences=1, context=128)
    assert not small.scheduler.restore("game", kept)
    assert len(small.scheduler.cache.slots) == 0


def test_what_is_damaged_foreign_or_another_models_is_no_state(tmp_path: Path) -> None:
    path = tmp_path / "game.state"
    kept = State([1, 2, 3], np.arange(200, dtype=np.uint8))
    assert read(path, KEY, SECRET) is None
    assert write(path, KEY, SECRET, kept)
    good = path.read_bytes()
    found = read(path, KEY, SECRET)
    assert found is not None
    assert found.tokens == kept.tokens
    assert (found.data == kept.data).all()
    assert read(path, "model other build", SECRET) is None
    assert read(path, KEY, SECRET[::-1]) is None
    rng = random.Random(1)
    for _ in range(300):
        bad = bytearray(good)
        kind = rng.randrange(3)
        if kind == 0:
            bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del bad[rng.randrange(len(bad)) :]
        else:
            bad += rng.randbytes(rng.randrange(1, 50))
        path.write_bytes(bad)
        assert read(path, KEY, SECRET) is None
    path.unlink()
    path.mkdir()
    assert read(path, KEY, SECRET) is None
    assert not write(path, KEY, SECRET, kept)


def test_the_secret_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    first = secret(tmp_path)
    assert len(first) == 32
    assert secret(tmp_path) == first
    assert (tmp_path / "state.key").stat().st_mode & 0o077 == 0
    (tmp_path / "state.key").write_bytes(b"short")
    assert len(secret(tmp_path)) == 32
    assert [p.name for p in tmp_path.iterdir()] == ["state.key"]


def test_it_is_worth_it_where_seconds_are_saved() -> None:
    assert not worth(0.3, 0.3, 6_000_000)
    assert worth(4.0, 4.0, 6_000_000)
    # Little is new since the last write; or the disk would take as long.
    assert not worth(0.5, 60.0, 6_000_000)
    assert not worth(4.0, 4.0, 600_000_000)
    assert not worth(1e6, 1e6, state.MOST_BYTES + 1)


async def test_over_a_worker_only_the_same_model_and_the_same_player_take_it(
    models: Callable[..., Path], engine: Any, form: Form, ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("game.engine.address.folder", lambda: tmp_path)
    base, other = models(), models(seed=3)
    path = tmp_path / "game.state"

    async def begins_with(client: EngineClient) -> tuple[int, Any]:
        found = await client.restore("game", path, "who")
        answer = await ask(client, form, "What now?", "I wait.", "And then?", sequence="game", seed=2)
        return found.tokens, answer

    async with engine(base) as client:
        await ask(client, form, "What now?", sequence="game")
        # A tiny model reads this in no time: not worth it, unless one insists.
        assert (await client.store("game", path, "who")).tokens == 0
        assert not path.exists()
        stored = await client.store("game", path, "who", force=True)
        assert stored.tokens > 10
        expected = await ask(client, form, "What now?", "I wait.", "And then?", sequence="fresh", seed=2)
        assert (await client.store("nobody", path, "who", force=True)).tokens == 0
    async with engine(base) as client:
        tokens, answer = await begins_with(client)
        assert tokens == stored.tokens
        assert answer.cached_tokens > 10
        assert answer.token_ids == expected.token_ids
        client.forget("game")
        assert (await client.restore("game", path, "somebody else")).tokens == 0
    async with engine(other) as client:
        assert (await begins_with(client))[0] == 0
    path.write_bytes(path.read_bytes()[:-40])
    async with engine(base) as client:
        tokens, answer = await begins_with(client)
        assert (tokens, answer.token_ids) == (0, expected.token_ids)
