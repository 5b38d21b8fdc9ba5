"""A family from one command: parents first, nothing twice, from what ships where a parent is not made again."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest
import torch
import yaml
from tokenizers import Tokenizer

from game.cli import main
from game.forge import cli, data, family
from game.forge.family import Size
from game.forge.model import Shape
from game.forge.read_back import from_gguf
from game.forge.recipe import Recipe, Stage, recipes_in
from game.forge.train import Options

SCENARIOS = Path(__file__).parents[2] / "scenarios"
WHOLE = Size()
SMALL = {"width": 64, "layers": 1, "inner": 64, "context": 512, "scenarios": ["green", "loud"]}
STAGE = {"name": "one", "length": 256, "rows": 2, "tokens": 4 * 512, "optimizer": "adamw", "rate": 1e-3}
KEPT = {"form": "bench", "who": "keeper", "scenarios": ["loud"]}
RECIPES = {
    "zoo": {"written": {"life": {"form": "life"}}, "corpus": {"life": 4}, "stages": [{**STAGE, "mix": {"life": 1}}]},
    "ant": {
        "from": "zoo",
        "written": {"kept": KEPT},
        "corpus": {"kept": 2},
        "stages": [{**STAGE, "mix": {"kept": 1}, "guard": "zoo/life", "drop": 1.0}],
    },
    "bee": {
        "from": "ant",
        "rank": 2,
        "written": {"kept": KEPT},
        "corpus": {"kept": 2},
        "stages": [{**STAGE, "mix": {"kept": 1}}],
    },
    "cat": {
        "from": "zoo/one",
        "written": {"kept": KEPT},
        "corpus": {"kept": 2},
        "stages": [{**STAGE, "mix": {"kept": 1}}],
    },
}


@pytest.fixture
def recipes(tmp_path: Path, small_tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of recipes; the base's tokenizer is made, training is short and uncompiled, and a GGUF has no parity."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    for name, recipe in RECIPES.items():
        text = yaml.safe_dump({"name": name, **SMALL, **recipe})
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "work/zoo").mkdir(parents=True)
    small_tokenizer.save(str(tmp_path / "work/zoo/tokenizer.json"))
    monkeypatch.setattr("game.forge.corpus.HELD_OUT", 2)
    monkeypatch.setattr("game.forge.train.Options", partial(Options, compiled=False))
    monkeypatch.setattr("game.forge.train.structure", lambda model, seed: None)
    monkeypatch.setattr(cli, "compare", lambda *_: None)
    return folder


def make(
    recipes: Path, names: list[str], work: str = "work", seed: int | None = None, size: Size = WHOLE
) -> tuple[list[str], list[str]]:
    """Make some; returns the files' names, and what was said."""
    root, said = recipes.parent, list[str]()
    files = family.make(recipes, names, root / "out", SCENARIOS, root / work, root / "out", 1, seed, size, said.append)
    assert all(path.is_file() for path in files)
    return [path.relative_to(root / "out").as_posix() for path in files], said


def test_parents_come_first_and_everybody_once() -> None:
    stage = Stage(name="one", length=8, rows=1, tokens=8, mix={"a": 1}, optimizer="adamw", rate=1e-3)

    def of(**parents: str) -> dict[str, Recipe]:
        plan = Recipe(name="x", stages=(stage,))
        return {n: plan.model_copy(update={"name": n, "parent": parent}) for n, parent in parents.items()}

    park = of(cuckoo="pigeon", robin="pigeon", pigeon="egg/whole", egg="")
    assert family.lineage(park, list(park)) == ["egg", "pigeon", "cuckoo", "robin"]
    assert family.lineage(park, ["robin"]) == ["egg", "pigeon", "robin"]
    with pytest.raises(ValueError, match="no recipe 'hen', which chick goes on from"):
        family.lineage(of(chick="hen"), ["chick"])
    with pytest.raises(ValueError, match="goes on from itself"):
        family.lineage(of(hen="chick", chick="hen"), ["hen"])


def test_the_shipped_recipes_are_one_family() -> None:
    plans = recipes_in(SCENARIOS.parent / "models/recipes")
    order = family.lineage(plans, sorted(plans))
    assert order[0] == "egg"
    for n, name in enumerate(order):
        assert not plans[name].parent or plans[name].parent.partition("/")[0] in order[:n]
    small = Size(0.01).of(plans["egg"])
    assert small.stages[:2] == plans["egg"].stages[:2]  # copying and looking up
    steps = [(short.steps, whole.steps) for short, whole in zip(small.stages, plans["egg"].stages, strict=True)]
    assert all(abs(short - max(whole / 100, family.LEAST)) <= 1 for short, whole in steps[2:])
    assert small.corpus["binding"] == plans["egg"].corpus["binding"]
    assert small.corpus["whole"] == round(plans["egg"].corpus["whole"] / 100)
    assert Size(0.01).of(plans["cuckoo"]) == plans["cuckoo"]
    for name in ("egg", "cuckoo"):
        narrow = Size(0.01, 192, 3).of(plans[name])
        assert (narrow.width, narrow.layers, narrow.inner) == (192, 3, 512)


def test_a_family_is_made_once_and_its_children_again_with_another_seed(recipes: Path) -> None:
    files, said = make(recipes, [])
    assert files == ["zoo.gguf", "ant.gguf", "adapters/bee.gguf", "cat.gguf"]
    assert sum("corpus, training, export" in line for line in said) == 4
    again, said = make(recipes, [])
    assert again == files
    assert all(line.endswith("is there") for line in said)
    seeded, _ = make(recipes, [], seed=5)
    assert seeded == ["zoo.gguf", "ant.5.gguf", "adapters/bee.5.gguf", "cat.5.gguf"]
    out = recipes.parent / "out"
    first, second = (from_gguf(out / name)[0].state_dict() for name in ("ant.gguf", "ant.5.gguf"))
    assert any(not torch.equal(tensor, second[key]) for key, tensor in first.items())


def test_a_parent_that_is_not_made_again_is_the_one_that_ships(recipes: Path) -> None:
    make(recipes, ["zoo"])
    files, said = make(recipes, ["ant"], work="elsewhere")
    assert files == ["ant.gguf"]
    assert said[0].startswith("zoo: from ")
    work = recipes.parent / "elsewhere"
    assert data.shards(work / "zoo/corpus", "heldout-life")
    assert not data.shards(work / "zoo/corpus", "life")
    shipped, _ = from_gguf(recipes.parent / "out/zoo.gguf")
    assert shipped.shape == Shape(600, 64, 1, 64, 512)
    taken = torch.load(work / "zoo/checkpoint.pt", weights_only=True)["model"]
    assert all(torch.equal(tensor, taken[key]) for key, tensor in shipped.state_dict().items())
    with pytest.raises(ValueError, match=r"zoo.gguf is a model of another shape: name zoo too"):
        make(recipes, ["ant"], work="narrow", size=Size(width=128))
    with pytest.raises(ValueError, match="goes on from zoo/one, which is not in"):
        make(recipes, ["cat"], work="elsewhere")
    (recipes.parent / "out/ant.gguf").unlink()
    with pytest.raises(ValueError, match="ant has no checkpoint in"):
        make(recipes, ["bee"], work="nowhere")


def test_a_parent_in_the_middle_of_its_training_is_not_taken(recipes: Path) -> None:
    make(recipes, ["zoo"])
    checkpoint = recipes.parent / "work/zoo/checkpoint.pt"
    state = torch.load(checkpoint, weights_only=True)
    assert state["progress"]["stage"] == 1
    torch.save({**state, "progress": {**state["progress"], "stage": 0}}, checkpoint)
    with pytest.raises(ValueError, match=r"zoo is in the middle of its training in .*: name it too"):
        make(recipes, ["ant"])
    assert make(recipes, ["ant"], work="elsewhere")[0] == ["ant.gguf"]


def test_a_small_family_reads_less(recipes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(family, "LEAST", 1)
    make(recipes, ["zoo"], size=Size(0.5))
    assert len(data.load(recipes.parent / "work/zoo/corpus", "life")) == 2
    progress = torch.load(recipes.parent / "work/zoo/checkpoint.pt", weights_only=True)["progress"]
    assert progress["tokens"] == 2 * 512


def test_a_small_family_is_not_taken_for_the_large_one(recipes: Path) -> None:
    work = recipes.parent / "work"
    make(recipes, ["zoo"])
    for small in ("scale-0.5", "width-128-layers-2"):
        shutil.copytree(work / "zoo", work / small / "zoo", ignore=shutil.ignore_patterns("*.pt", "corpus"))
    asked = ["forge", "family", "zoo", "--recipes", str(recipes), "--work", str(work), "--threads", "1"]
    assert main([*asked, "--scale", "0.5"]) == 0
    assert (work / "scale-0.5/models/zoo.gguf").is_file()
    assert main([*asked, "--width", "128", "--layers", "2"]) == 0
    narrow, _ = from_gguf(work / "width-128-layers-2/models/zoo.gguf")
    assert narrow.shape == Shape(600, 128, 2, 128, 512)
    assert not (work / "models").exists()
    assert main(asked) == 0
    whole, half = (from_gguf(work / at / "zoo.gguf")[0].state_dict() for at in ("models", "scale-0.5/models"))
    assert any(not torch.equal(tensor, half[key]) for key, tensor in whole.items())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["magpy"], 'there is no recipe "magpy" (did you mean "magpie"?)'),
        (["--recipes", "nowhere"], "nowhere: there is no such folder"),
        (["--scale", "2"], "has to be a number above 0, at most 1"),
        (["--width", "200"], "the width has to be a multiple of 64, not 200"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["forge", "family", *arguments])
    except SystemExit as e:
        code = int(e.code or 0)
    assert code == 2
    assert says in capsys.readouterr().err
