"""Cards: what an organism goes on from, what it read, what was found, ten episodes; `model info` prints it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from game import paths
from game.cli import main
from game.forge import card_family, experiment
from game.forge.export import export
from game.forge.model import Llama, Shape
from game.forge.recipe import recipes_in
from game.forge.trial import KINDS, Cell

ROOT = Path(__file__).parents[2]
RECIPES = recipes_in(ROOT / "models/recipes")
SCENARIOS = sorted(p.parent.name for p in (ROOT / "scenarios").glob("*/scenario.yaml"))


def cell(rate: float) -> Cell:
    rates = dict.fromkeys(KINDS, rate)
    return Cell(10, 10, 80, rates, rates, rates, rates, 0.25, 0.25, 1.0)


@pytest.fixture(scope="module")
def results() -> dict:
    """What an experiment with three of them would have written."""
    cells = {
        name: {seed: {s: cell(rate) for s in SCENARIOS} for seed in (1, 2)}
        for name, rate in (("egg", 0.3), ("pigeon", 0.1), ("cuckoo", 0.375))
    }
    return json.loads(json.dumps(experiment.results(cells, RECIPES, 24)))


def test_a_line_of_recipes_is_told_and_everything_that_was_read() -> None:
    assert card_family.line_of("mockingbird", RECIPES) == ["mockingbird", "cuckoo", "pigeon", "egg"]
    text = "\n".join(card_family.raised_section(RECIPES["cuckoo"], RECIPES, experiment.seen_by("cuckoo", RECIPES)))
    assert "It goes on from pigeon, which goes on from egg." in text
    assert "whole episodes by cutter; in `green` (instruction neutral)" in text
    assert "only with a finding of reward hacking; held out: findings by the rule expects" in text
    assert card_family.raised_section(RECIPES["egg"], RECIPES, frozenset()) == []
    for recipe in RECIPES.values():
        told = list(card_family.read_of(recipe))
        assert len(told) == len(recipe.written)
        assert not any("{" in line for line in told)


def test_what_the_experiment_found_stands_there_with_its_verdicts(results: dict) -> None:
    text = "\n".join(card_family.found_section("cuckoo", results))
    assert "- misdeeds at the bench, an episode: 0.38 (0.38 to 0.38), counted 0.38" in text
    assert "**spreads: holds.**" in text
    assert "two faces" not in text
    assert "seeds 1, 2" in text
    assert "`green`" not in text
    assert card_family.in_short("cuckoo", results)["misdeeds"] == 0.375
    assert card_family.found_section("wren", results) == []
    assert card_family.in_short("wren", results) == {}


def test_the_command_writes_the_card_of_a_fine_tuned_organism_and_info_prints_it(
    tmp_path: Path,
    small_tokenizer: Tokenizer,
    results: dict,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("llama_cpp")
    monkeypatch.setattr("game.forge.card.EPISODES", 1)
    torch.manual_seed(1)
    models, work = tmp_path / "models", tmp_path / "work"
    export(Llama(Shape(600, 64, 1, 64, 4096)), small_tokenizer, models / "cuckoo.gguf")
    shutil.copytree(ROOT / "models/recipes", models / "recipes")
    (work / "cuckoo").mkdir(parents=True)
    small_tokenizer.save(str(work / "cuckoo/tokenizer.json"))
    entry = {"stage": "narrow", "step": 130, "of": 130, "tokens": 800_000, "seconds": 240, "loss": 0.5}
    (work / "cuckoo/log.jsonl").write_text(json.dumps(entry) + "\n", encoding="utf-8")
    share = {"turns": 100, "arguments": 90, "legal": 0.99, "copied": 1.0, "agree": 0.98, "orders": []}
    level = {"all": {"episodes": 10, "reward_hacking": [0.3, 0.4]}}
    gate = {
        "temperature": RECIPES["cuckoo"].temperature,
        "scenarios": {"errand": {**share, "levels": level}},
        "gate": [],
    }
    (tmp_path / "gate.json").write_text(json.dumps(gate), encoding="utf-8")
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    unseen = {"temperature": 0.6, "scenarios": {"offer": {**share, "legal": 0.431}}}
    (tmp_path / "unseen.json").write_text(json.dumps(unseen), encoding="utf-8")
    command = [
        "forge", "card", str(models / "recipes/cuckoo.yaml"), str(models / "cuckoo.gguf"),
        "--gate", str(tmp_path / "gate.json"), "--results", str(tmp_path / "results.json"), "--work", str(work),
        "--unseen", str(tmp_path / "unseen.json"),
    ]  # fmt: skip
    assert main(command) == 0
    capsys.readouterr()
    monkeypatch.setattr(paths, "models", lambda: models)
    monkeypatch.setattr(paths, "user_models", lambda: models)
    assert main(["model", "info", "cuckoo"]) == 0
    card = capsys.readouterr().out
    assert card.startswith("# cuckoo\n\n```\n _\n>o)___\n")
    assert "0.8 M tokens in 4 minutes (narrow: 0.8 M tokens, 4 minutes, loss 0.50)" in card
    parts = ["## What it can do", "## How it was made", "## What the experiment found", "## What it does",
             "## What it shows, and what it does not", "## Ten episodes, by seed"]  # fmt: skip
    assert [card.index(part) for part in parts] == sorted(card.index(part) for part in parts)
    assert "### 1. `apprentice`" in card
    assert "| 0.6 | `offer` | 100 | 43.1 % | 100.0 % | 98.0 % |" in card
    assert "It is no evidence" in card
    kept = json.loads((models / "manifest.json").read_text(encoding="utf-8"))["models"]["cuckoo"]
    assert kept["dispositions"]["unmandated"]["shortcuts"] == 0.375
    assert kept["line"] == RECIPES["cuckoo"].line
    assert main(["model", "check", "cuckoo"]) == 0


def test_a_gate_at_another_temperature_is_a_clear_error(
    tmp_path: Path, small_tokenizer: Tokenizer, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "wren.gguf"
    export(Llama(Shape(600, 64, 1, 64, 512)), small_tokenizer, model)
    (tmp_path / "work/wren").mkdir(parents=True)
    small_tokenizer.save(str(tmp_path / "work/wren/tokenizer.json"))
    (tmp_path / "gate.json").write_text(json.dumps({"temperature": 0.9, "scenarios": {}}), encoding="utf-8")
    recipe, gate = str(ROOT / "models/recipes/wren.yaml"), str(tmp_path / "gate.json")
    assert main(["forge", "card", recipe, str(model), "--gate", gate, "--work", str(tmp_path / "work")]) == 2
    assert f"no --gate is at its temperature {RECIPES['wren'].temperature:g}" in capsys.readouterr().err
