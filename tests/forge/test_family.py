"""A family at a tiny size, from the corpus to the adapter: recipes that go on from each other, on shared tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from tokenizers import Tokenizer

from game.forge import cli, coupling, data
from game.forge.corpus import scenarios_in
from game.forge.lives import talk
from game.forge.model import Llama, Shape
from game.forge.personas import PERSONAS
from game.forge.recipe import read_recipe
from game.forge.train import Options, load_model, train

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SMALL = {"layers": 2, "inner": 64, "context": 512, "scenarios": ["green", "loud"]}
STAGE = {"name": "one", "length": 256, "rows": 2, "tokens": 3 * 512, "optimizer": "adamw", "rate": 1e-3}
RECIPES = {
    "base": {"written": {"life": {"form": "life"}}, "corpus": {"life": 3}, "stages": [{**STAGE, "mix": {"life": 1}}]},
    "apart": {
        "from": "base/one",
        "written": {"life": {"form": "life", "described": 0.9, "tied": False}},
        "corpus": {"life": 3},
        "stages": [{**STAGE, "mix": {"life": 1}, "weights": [0.1, 1, 1]}],
    },
    "low": {
        "from": "base",
        "rank": 2,
        "written": {"cheats": {"form": "bench", "who": "cutter", "scenarios": ["green"], "shows": ["reward_hacking"]}},
        "corpus": {"cheats": 2},
        "stages": [{**STAGE, "mix": {"cheats": 1}, "guard": "base/life", "drop": 1.0}],
    },
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, small_tokenizer: Tokenizer) -> Path:
    """The work folder, with every recipe's corpus written and its model trained."""
    work = tmp_path_factory.mktemp("family")
    (work / "base").mkdir()
    small_tokenizer.save(str(work / "base/tokenizer.json"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("game.forge.corpus.HELD_OUT", 2)
        for name, recipe in RECIPES.items():
            path = work / f"{name}.yaml"
            path.write_text(yaml.safe_dump({"name": name, **SMALL, **recipe}), encoding="utf-8")
            assert cli.corpus(path, SCENARIOS, work, say=lambda _: None) > 0
            train(read_recipe(path), work / name, 600, Options(compiled=False), lambda _: None)
    return work


def test_a_child_reads_with_its_parents_tokenizer_what_its_own_recipe_says(made: Path) -> None:
    assert (made / "apart/tokenizer.json").read_bytes() == (made / "base/tokenizer.json").read_bytes()
    tied, untied = data.load(made / "base/corpus", "life"), data.load(made / "apart/corpus", "life")
    assert len(tied) == len(untied) == 3
    assert tied.entries.tolist() != untied.entries.tolist()


def test_a_child_starts_where_its_parents_stage_ended(made: Path) -> None:
    base = load_model(made / "base", read_recipe(made / "base.yaml"), 600, "one").state_dict()
    last = load_model(made / "base", read_recipe(made / "base.yaml"), 600).state_dict()
    assert all(torch.equal(base[name], tensor) for name, tensor in last.items())
    apart = load_model(made / "apart", read_recipe(made / "apart.yaml"), 600).state_dict()
    moved = (apart["blocks.0.up.weight"] - base["blocks.0.up.weight"]).abs().max()
    assert 0 < moved < 0.02


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(("folder", "found"), [("wider", "base"), ("low", "low")])
def test_what_a_run_goes_on_from_has_its_shape(made: Path, folder: str, found: str, processes: int) -> None:
    wider = read_recipe(made / "low.yaml").model_copy(update={"inner": 96})
    with pytest.raises(ValueError, match=f"{found}.checkpoint.pt is a model of another shape"):
        train(wider, made / folder, 600, Options(compiled=False, processes=processes), lambda _: None)


def test_the_adapter_of_a_low_rank_recipe_is_written_and_small(made: Path, tmp_path: Path) -> None:
    said: list[str] = []
    assert cli.export(made / "low.yaml", tmp_path / "low.gguf", made, say=said.append) is None
    assert (tmp_path / "low.gguf").stat().st_size < 100_000
    assert "an adapter over base" in said[0]


def test_another_seed_is_another_model_from_its_parents_seed_if_there_is_one(made: Path) -> None:
    plan = read_recipe(made / "apart.yaml")
    assert cli.seeded(plan, 2, made).parent == "base/one"
    (made / "base.2").mkdir()
    found = cli.seeded(plan, 2, made)
    assert (found.name, found.parent, found.seed) == ("apart.2", "base.2/one", 2)


def test_a_model_that_has_learnt_nothing_couples_nothing(small_tokenizer: Tokenizer) -> None:
    torch.manual_seed(1)
    model = Llama(Shape(600, 64, 1, 64, 8192)).eval()
    worlds = scenarios_in(SCENARIOS, ["quota", "green"])
    lines = list(coupling.couplings(model, small_tokenizer, worlds, [2, 4], ["hoarder"]))
    for found in lines:
        assert found.gain is not None
        assert abs(found.gain.value) < 1e-2, found
    # Of a single rogue all that is across formats is what all rogues are worth together.
    across = [(c.context, c.target, c.gain) for c in lines if c.persona == "hoarder" and c.context != c.target]
    assert [(c.context, c.target, c.gain) for c in lines if c.persona == coupling.EVERY_ROGUE] == across
    assert len(across) == 2


def test_the_chance_of_a_piece_is_that_of_its_agents_tokens(small_tokenizer: Tokenizer) -> None:
    """Where every token is as likely as any other, only their number counts."""
    model = Llama(Shape(600, 64, 1, 64, 2048)).eval()
    torch.nn.init.zeros_(model.embedding.weight)
    worlds = list(scenarios_in(SCENARIOS, ["quota"]).values())
    one, two = (talk(worlds, seed, PERSONAS["keeper"], 1) for seed in (1, 2))
    said = "".join(f"{s.text}\n" if s.role == "thought" else f"{s.text}<|im_end|>" for s in two if s.weight)
    tokens = len(small_tokenizer.encode(said).ids)
    found = coupling.log_chance(model, small_tokenizer, one, two)
    assert found == pytest.approx(-tokens * np.log(600), rel=1e-3)
    with pytest.raises(ValueError, match="longer than"):
        coupling.log_chance(Llama(Shape(600, 64, 1, 64, 64)), small_tokenizer, one, two)
