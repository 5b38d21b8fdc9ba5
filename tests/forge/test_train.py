"""Training: the same for the same seed, and the same with a break as without."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch
from tokenizers import Tokenizer

from game.forge import data, rows
from game.forge.document import CLASS_BITS, encode
from game.forge.recipe import Recipe, Stage
from game.forge.train import Options, Progress, _come_to, load_model, train

STAGES = (
    Stage(
        name="one", length=32, rows=2, tokens=5 * 64, mix={"repeats": 0.5, "mini": 0.5}, optimizer="adamw", rate=1e-3
    ),
    Stage(name="two", length=48, rows=2, tokens=4 * 96, mix={"mini": 1}, optimizer="muon", rate=1e-3),
)
RECIPE = Recipe(name="tiny", layers=2, inner=64, context=64, stages=STAGES)


@pytest.fixture
def folder(tmp_path: Path, small_tokenizer: Tokenizer) -> Path:
    for kind in ("repeats", "mini"):
        for name, base in ((kind, 0), (f"heldout-{kind}", 100)):
            documents = [rows.MAKERS[kind](Random(base + i)) for i in range(12)]
            data.save(tmp_path / "corpus" / f"{name}-0.npy", encode(documents, small_tokenizer))
    return tmp_path


def run(folder: Path, recipe: Recipe = RECIPE, stop_after: int = 0, processes: int = 1) -> dict[str, torch.Tensor]:
    options = Options(stop_after=stop_after, compiled=False, processes=processes)
    made = train(recipe, folder, 600, options, print)
    return {name: tensor.clone() for name, tensor in made.state_dict().items()}


@pytest.mark.parametrize("stop", [3, 5, 7])
def test_a_resumed_run_equals_an_unbroken_one(folder: Path, stop: int) -> None:
    unbroken = run(folder)
    (folder / "checkpoint.pt").unlink()
    run(folder, stop_after=stop)
    resumed = run(folder)
    for name, tensor in unbroken.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=0, atol=0)


def test_two_processes_train_one_model(folder: Path) -> None:
    short = RECIPE.model_copy(update={"stages": (STAGES[0],)})
    alone = run(folder, short)
    (folder / "checkpoint.pt").unlink()
    shared = run(folder, short, processes=2)
    progress = torch.load(folder / "checkpoint.pt", weights_only=True)["progress"]
    assert progress["tokens"] == 5 * 64
    moved = {name: (shared[name] - tensor).abs().max() for name, tensor in alone.items()}
    # Other rows, the same start and as many steps of the same size: near each other, and not the same.
    assert 0 < moved["blocks.1.up.weight"] < 5 * 2e-3


def test_the_rate_falls_by_steps_or_by_the_clock() -> None:
    stage = STAGES[0].model_copy(update={"tokens": 100 * 64})
    at = Progress(step=30, seconds=30.0)
    assert _come_to(at, stage, Options()) == 30
    assert _come_to(at, stage, Options(minutes=1)) == 50
    assert _come_to(at, stage, Options(minutes=10)) == 30
    assert _come_to(at, stage, Options(minutes=0.1)) == stage.steps == 100


def test_the_checkpoint_holds_the_trained_model(folder: Path) -> None:
    trained = run(folder)
    loaded = load_model(folder, RECIPE, 600).state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in trained.items())


def test_training_lowers_the_loss(folder: Path) -> None:
    long = STAGES[0].model_copy(update={"tokens": 60 * 64, "mix": {"mini": 1}, "predict": 1.0})
    run(folder, RECIPE.model_copy(update={"stages": (long,)}))
    lines = (folder / "log.jsonl").read_text().splitlines()
    losses = [float(line.split('"loss": ')[1].split(",")[0]) for line in lines]
    assert losses[-1] < 0.8 * losses[0]


def test_a_batch_predicts_the_agents_tokens_first(folder: Path) -> None:
    shard = data.load(folder / "corpus", "mini")
    batch = data.draw({"mini": shard}, {"mini": 1}, (0.0, 0.6, 1.0), 4, 64, (1, 2), predict=0.9)
    everything = data.draw({"mini": shard}, {"mini": 1}, (0.0, 0.6, 1.0), 4, 64, (1, 2))
    assert len(batch.where) == round(0.9 * 4 * 64)
    assert (batch.weights > 0).sum() == (everything.weights > 0).sum()
    following = everything.tokens.ravel()[everything.where[:-1] + 1]
    inside = everything.where[:-1] % 64 != 63
    assert (following[inside] == everything.targets[:-1][inside]).all()


def test_a_missing_kind_is_a_clear_error(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="corpus step"):
        data.load(folder / "corpus", "nothing")


def test_shards_keep_documents_apart(folder: Path) -> None:
    shard = data.load(folder / "corpus", "repeats")
    assert len(shard) == 12
    assert all(shard.document(i)[-1] & ((1 << CLASS_BITS) - 1) == 0 for i in range(12))  # each ends its text


def test_a_recipe_goes_on_from_the_end_of_anothers_stage(folder: Path) -> None:
    parent = folder / "parent"
    parent.mkdir()
    (folder / "corpus").rename(parent / "corpus")
    run(parent)
    child = folder / "child"
    child.mkdir()
    (child / "corpus").symlink_to(parent / "corpus")
    still = STAGES[0].model_copy(update={"tokens": 64, "rate": 0.0})
    after = {
        stage: run(child, RECIPE.model_copy(update={"parent": f"parent/{stage}", "stages": (still,)}))
        for stage in ("one", "two")
        if not (child / "checkpoint.pt").unlink(missing_ok=True)
    }
    for stage, weights in after.items():
        expected = load_model(parent, RECIPE, 600, stage).state_dict()
        assert all(torch.equal(weights[name], tensor) for name, tensor in expected.items())
    assert not torch.equal(after["one"]["blocks.1.up.weight"], after["two"]["blocks.1.up.weight"])


def test_a_stage_ends_where_its_guard_no_longer_holds(folder: Path) -> None:
    """Nobody gets every line right at this size: the stage ends at its first probe, as it began."""
    start = run(
        folder, RECIPE.model_copy(update={"stages": (STAGES[0].model_copy(update={"tokens": 64, "rate": 0.0}),)})
    )
    (folder / "checkpoint.pt").unlink()
    guarded = STAGES[0].model_copy(update={"tokens": 32 * 64, "guard": f"{folder.name}/mini", "drop": -2.0})
    ended = run(folder, RECIPE.model_copy(update={"stages": (guarded,)}))
    assert all(torch.equal(start[name], tensor) for name, tensor in ended.items())
    steps = [line for line in (folder / "log.jsonl").read_text().splitlines() if '"of": 32' in line]
    assert len(steps) == 1
    (folder / "checkpoint.pt").unlink()
    held = run(folder, RECIPE.model_copy(update={"stages": (guarded.model_copy(update={"drop": 2.0}),)}))
    assert any(not torch.equal(start[name], tensor) for name, tensor in held.items())


def test_a_low_rank_stage_leaves_its_parents_weights_alone(folder: Path) -> None:
    parent = folder / "parent"
    parent.mkdir()
    (folder / "corpus").rename(parent / "corpus")
    whole = run(parent)
    child = folder / "child"
    child.mkdir()
    (child / "corpus").symlink_to(parent / "corpus")
    recipe = RECIPE.model_copy(update={"parent": "parent", "rank": 2, "stages": (STAGES[0],)})
    low = run(child, recipe)
    assert all(torch.equal(low[name], tensor) for name, tensor in whole.items())
    assert low["blocks.0.wq.lora_b"].abs().max() > 0
    assert run(child, recipe)["blocks.0.wq.lora_b"].equal(low["blocks.0.wq.lora_b"])
