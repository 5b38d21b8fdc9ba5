"""KV type, flash attention, threads, GPU layers, mmap: each is in effect where it is asked for, and told with why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import SHAPES

from game.engine.choices import ALL, gpu_layers
from game.engine.errors import EngineError, Refusal
from game.engine.protocol import Form, LoadSettings, ModelInfo

TOKENS = [int(t) for t in np.random.default_rng(1).integers(0, 300, 120)]
WIDE = {"width": 128}
"""Heads of 32 numbers: as wide as q8_0 takes them."""


def logits(path: Path, cells: int = 256, **settings: str) -> tuple[Any, int, str]:
    """Of the last token, with the bytes of a state and what the model says of its memory."""
    from game.engine import llama
    from game.engine.context import Context

    llama.silence()
    model = llama.Model(str(path), extra_buffers=False, gpu_layers=0, **settings)
    context = Context(model, cells=cells, sequences=1, batch=128, step=128, outputs=1, threads=1)
    context.add_run(TOKENS, 0, 0, True)
    out = context.decode()[0].copy()
    state = context.state(0)
    assert state is not None
    size, memory, cell = len(state), model.memory, model.cell_bytes
    assert size == pytest.approx(cell * len(TOKENS), rel=0.1) or model.recurrent
    context.close()
    model.close()
    return out, size, memory


def test_keys_and_values_take_the_memory_that_was_asked_for(models: Callable[..., Path]) -> None:
    path = models(**WIDE)
    exact, most, _ = logits(path)
    half, less, memory = logits(path, kv_type="f16")
    eighth, least, flash = logits(path, kv_type="q8_0")
    assert "f16" in memory
    assert flash == "q8_0 keys and values, flash attention on"
    assert most / less == pytest.approx(2, rel=0.05)
    assert less / least == pytest.approx(32 / 17, rel=0.05)
    spread = float(np.ptp(exact))
    assert 0 < np.abs(exact - half).max() < 0.01 * spread
    assert np.abs(exact - half).max() < np.abs(exact - eighth).max() < 0.2 * spread


def test_flash_attention_is_another_way_to_the_same(models: Callable[..., Path]) -> None:
    path = models(**WIDE)
    off, on = logits(path)[0], logits(path, flash_attention="on")[0]
    assert 0 < np.abs(off - on).max() < 0.01 * float(np.ptp(off))


def test_mapped_or_read_it_is_the_same_model(models: Callable[..., Path]) -> None:
    found = [logits(models(), mmap=mmap)[0] for mmap in ("auto", "on", "off")]
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


def test_what_llama_cpp_would_end_the_process_for_is_refused(models: Callable[..., Path]) -> None:
    with pytest.raises(Refusal, match="takes them by 32"):
        logits(models(), kv_type="q8_0")
    with pytest.raises(Refusal, match="flash attention"):
        logits(models(**WIDE), kv_type="q8_0", flash_attention="off")


def test_layers_go_to_a_gpu_where_there_is_one() -> None:
    assert gpu_layers(None, can=True) == ALL
    assert gpu_layers(None, can=False) == 0
    assert gpu_layers(3, can=True) == 3


def values(info: ModelInfo) -> dict[str, str]:
    assert all(choice.why for choice in info.choices)
    return {choice.name: choice.value for choice in info.choices}


@pytest.mark.parametrize("arch", list(SHAPES))
async def test_every_kind_of_memory_answers_with_q8_0(
    arch: str, models: Callable[..., Path], engine: Any, form: Form, ask: Any
) -> None:
    async with engine(models(arch=arch, **WIDE), kv_type="q8_0", mmap="off", context=512, sequences=2) as client:
        found = values(client.info)
        answers = [await ask(client, form, "What now?", seed=n, propensities=True) for n in range(3)]
    assert found["keys and values"] == "q8_0"
    assert found["flash attention"] == "on"
    assert found["context"] == "512 tokens"
    assert found["threads"] == "1"
    assert found["memory map"] == "off"
    assert all(sum(a.scores.p_play) == pytest.approx(1) for a in answers)


async def test_what_is_left_open_is_found_out(engine: Any, small: Path) -> None:
    async with engine(small) as client:
        found = {c.name: c for c in client.info.choices}
    assert found["keys and values"].value == "f32"
    assert "F32" in found["keys and values"].why
    assert found["flash attention"].value == "off"
    assert "own" in found["context"].why
    with pytest.raises(EngineError, match="flash attention"):
        async with engine(small, kv_type="q8_0", flash_attention="off"):
            pass
    assert LoadSettings("x").gpu_layers is None
