"""LoRA adapters and control vectors: against a model whose weights have them merged in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import build_control, build_gguf, build_lora

from game.engine.errors import EngineError
from game.engine.protocol import Form, LoadSettings, Weights

BOUND = 1e-3
"""The most that a logit may differ from the merged model's, whose product is rounded once and not twice."""
TOKENS = [int(t) for t in np.random.default_rng(1).integers(0, 300, 60)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A base, a LoRA and a control vector over it, and the base with each merged in at a scale."""
    folder = tmp_path_factory.mktemp("weights")
    found = {n: folder / f"{n}.gguf" for n in ("base", "lora", "half", "control", "steered", "both")}
    build_gguf(found["base"], sharp=0.8)
    deltas = build_lora(found["lora"])
    build_gguf(found["half"], sharp=0.8, deltas={name: 0.5 * d for name, d in deltas.items()})
    vector = build_control(found["control"])
    steered = {"blk.1.ffn_down.bias": 1.5 * vector}
    build_gguf(found["steered"], sharp=0.8, deltas=steered)
    build_gguf(found["both"], sharp=0.8, deltas={name: 0.5 * d for name, d in deltas.items()} | steered)
    return found


def logits(path: Path, *weights: Weights) -> Any:
    from game.engine import llama
    from game.engine.context import Context
    from game.engine.weights import Loaded

    llama.silence()
    model = llama.Model(str(path), extra_buffers=False, gpu_layers=0)
    context = Context(model, cells=256, sequences=1, batch=128, step=128, outputs=128, threads=1)
    Loaded(model, weights).put(context)
    for i, token in enumerate(TOKENS):
        context.add(token, i, [0], True)
    out = context.decode().copy()
    context.close()
    model.close()
    return out


def conditions(files: dict[str, Path]) -> tuple[Weights, Weights]:
    return Weights("adapter", str(files["lora"]), 0.5), Weights("control", str(files["control"]), 1.5)


def test_logits_are_those_of_the_merged_model(files: dict[str, Path]) -> None:
    base = logits(files["base"])
    for weights, merged in zip(conditions(files), ("half", "steered"), strict=True):
        with_it, expected = logits(files["base"], weights), logits(files[merged])
        assert np.abs(with_it - expected).max() < BOUND
        assert np.abs(with_it - base).max() > 0.5


def test_a_set_is_put_over_the_model_at_once(files: dict[str, Path]) -> None:
    lora, control = conditions(files)
    expected = logits(files["both"])
    assert np.abs(logits(files["base"], lora, control) - expected).max() < BOUND
    # One file twice counts twice.
    quarter = Weights("adapter", lora.path, 0.25)
    assert np.abs(logits(files["base"], quarter, control, quarter) - expected).max() < BOUND
    assert np.abs(logits(files["base"], lora) - expected).max() > 0.5


async def test_all_conditions_at_once_on_one_base(
    files: dict[str, Path], engine: Any, form: Form, ask: Callable[..., Any]
) -> None:
    lora, control = conditions(files)
    async with engine(files["base"], weights=((lora,), (control,))) as client:

        async def three(i: int) -> Any:
            # The same sequence under each: what one has cached is nothing to the others.
            more = {"seed": i, "sequence": f"s{i % 2}", "propensities": True}
            asked = (ask(client, form, f"Turn {i}?", weights=w, **more) for w in ((), (lora,), (control,)))
            return await asyncio.gather(*asked)

        together = [await three(i) for i in range(4)]
        for i in range(2):
            client.forget(f"s{i}")
        again = [await three(i) for i in range(4)]
    assert [[a.token_ids for a in row] for row in together] == [[a.token_ids for a in row] for row in again]
    for n, path in enumerate((files["base"], files["half"], files["steered"])):
        async with engine(path) as client:
            for i in range(4):
                alone = await ask(client, form, f"Turn {i}?", seed=i, propensities=True)
                assert together[i][n].token_ids == alone.token_ids
                assert together[i][n].scores.p_model == pytest.approx(alone.scores.p_model, abs=BOUND)
    assert len({row[n].token_ids for row in together for n in range(3)}) > 8


async def test_files_that_do_not_fit(files: dict[str, Path], tmp_path: Path, engine: Any) -> None:
    narrow = tmp_path / "narrow.gguf"
    build_control(narrow, width=32)
    other = tmp_path / "other.gguf"
    build_lora(other, arch="gemma2")
    wrong = [
        (Weights("adapter", str(tmp_path / "missing.gguf")), "no model file"),
        (Weights("adapter", str(files["base"])), "no LoRA adapter"),
        (Weights("control", str(files["lora"])), "no control vector"),
        (Weights("control", str(narrow)), "width"),
        (Weights("adapter", str(other)), "does not fit"),
    ]
    for weights, says in wrong:
        with pytest.raises(EngineError) as e:
            async with engine(files["base"], weights=((weights,),)):
                pass
        assert e.value.kind == "model"
        assert says in e.value.says
    assert LoadSettings(path="x").weights == ()


async def test_the_model_as_it_is_takes_no_memory_where_nobody_plays_it(
    files: dict[str, Path], engine: Any, form: Form, ask: Callable[..., Any]
) -> None:
    both = conditions(files)
    async with engine(files["base"], weights=(both,), bare=False) as client:
        with_it = await ask(client, form, weights=both, propensities=True)
        with pytest.raises(EngineError, match="no such model"):
            await ask(client, form)
    async with engine(files["both"]) as client:
        expected = await ask(client, form, propensities=True)
    assert with_it.scores.p_model == pytest.approx(expected.scores.p_model, abs=BOUND)
