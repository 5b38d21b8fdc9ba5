"""A whole family, parents first: the corpus, the training and the export of every recipe of a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from game.forge import cli, corpus, data, rows, train
from game.forge.model import HEAD
from game.forge.read_back import from_gguf
from game.forge.recipe import Recipe, Stage, recipes_in
from game.forge.sources import fine_tuned_on

Say = Callable[[str], None]
Q8_ROW = 32
"""Weights of a row that Q8_0 keeps together."""
LEAST = 100
"""Steps that a small family's stages keep, where they have so many: the first forty of each are its warm-up."""


@dataclass(frozen=True)
class Size:
    """How much smaller a family is than its recipes say.

    A base has this share (`scale`) of every kind of document and of every stage, but for a stage's first `LEAST` steps.
    Stages and documents without any scenario, which teach copying and looking up, stay whole: what comes after needs
    both. What is fine-tuned is short as it is. `width` and `layers` of the network are the recipe's, if 0; what is
    inside a block keeps its share of the width, in rows that Q8_0 can hold.
    """

    scale: float = 1.0
    width: int = 0
    layers: int = 0

    @property
    def name(self) -> str:
        """What its folder is called: nothing for the whole family."""
        given = {"scale": self.scale if self.scale < 1 else 0, "width": self.width, "layers": self.layers}
        return "-".join(f"{what}-{value}" for what, value in given.items() if value)

    def of(self, plan: Recipe) -> Recipe:
        """The recipe at this size. Raises ValueError for a width that heads do not fill."""
        width = self.width or plan.width
        if width % HEAD:
            raise ValueError(f"the width has to be a multiple of {HEAD}, not {width}")
        inner = plan.inner if width == plan.width else round(plan.inner * width / plan.width / Q8_ROW) * Q8_ROW
        plan = plan.model_copy(update={"width": width, "inner": inner, "layers": self.layers or plan.layers})
        if fine_tuned_on(plan.written.values()):
            return plan
        stages = [stage.model_copy(update={"tokens": round(stage.tokens * self._kept(stage))}) for stage in plan.stages]
        kinds = {k: count if k in rows.MAKERS else _share(count, self.scale) for k, count in plan.corpus.items()}
        return plan.model_copy(update={"stages": tuple(stages), "corpus": kinds})

    def _kept(self, stage: Stage) -> float:
        return 1.0 if rows.MAKERS.keys() >= stage.mix.keys() else max(self.scale, min(1.0, LEAST / stage.steps))


def make(
    folder: Path,
    names: Sequence[str],
    shipped: Path,
    scenarios: Path,
    work: Path,
    out: Path,
    threads: int = 2,
    seed: int | None = None,
    size: Size = Size(),
    say: Say = cli.tell,
) -> list[Path]:
    """Make those of a folder's recipes that are named (none: all), as `out/NAME.gguf`. Returns the files.

    What is there already is not made again; a broken run goes on where it was. A parent that is not named is taken from
    its checkpoint, or else from the folder of those that ship. `seed`: another for what is fine-tuned; bases have one.
    `size`: of a small family, which needs a work folder of its own.

    Raises ValueError for a recipe that is not there, or a parent that can't be had.
    """
    recipes = recipes_in(folder)
    made = []
    for name in lineage(recipes, names or list(recipes)):
        plan = size.of(recipes[name])
        own = seed if fine_tuned_on(plan.written.values()) else None
        if names and name not in names:
            _take(plan, shipped / f"{name}.gguf", work, say)
            continue
        recipe = work / "recipes" / f"{name}.yaml"
        recipe.parent.mkdir(parents=True, exist_ok=True)
        recipe.write_text(_as_yaml(plan), encoding="utf-8")
        called = cli.seeded(plan, own, work).name
        path = (out / "adapters" if plan.rank else out) / f"{called}.gguf"
        if path.exists():
            say(f"{path} is there")
        else:
            say(f"{called}: corpus, training, export")
            parent, _, stage = plan.parent.partition("/")
            if stage and not (work / parent / f"{stage}.pt").exists():
                raise ValueError(f"{name} goes on from {plan.parent}, which is not in {work}: name {parent} too")
            cli.corpus(
                recipe, scenarios, work, threads, held_out=_share(corpus.HELD_OUT, size.scale), say=lambda _: None
            )
            for guard in {stage.guard for stage in plan.stages if stage.guard}:
                _held_out(recipes, guard, scenarios, work)
            cli.train(recipe, scenarios, work, threads, own, say)
            path.parent.mkdir(parents=True, exist_ok=True)
            cli.export(recipe, path, work, seed=own, say=say)
        made.append(path)
    return made


def lineage(recipes: Mapping[str, Recipe], names: Sequence[str]) -> list[str]:
    """The named recipes and all that they go on from, parents first. Raises ValueError for one that is not there."""
    out: list[str] = []

    def add(name: str, children: tuple[str, ...]) -> None:
        if name not in recipes:
            raise ValueError(
                f"there is no recipe {name!r}" + (f", which {children[-1]} goes on from" if children else "")
            )
        if name in children:
            raise ValueError(f"{name} goes on from itself")
        if parent := recipes[name].parent.partition("/")[0]:
            add(parent, (*children, name))
        if name not in out:
            out.append(name)

    for name in names:
        add(name, ())
    return out


def _share(count: int, scale: float) -> int:
    return max(1, round(count * scale))


def _as_yaml(plan: Recipe) -> str:
    return yaml.safe_dump(plan.model_dump(mode="json", by_alias=True, exclude_defaults=True), sort_keys=False)


def _take(plan: Recipe, gguf: Path, work: Path, say: Say) -> None:
    """See that a parent is there: as its checkpoint, or as it ships."""
    folder = work / plan.name
    if (folder / train.CHECKPOINT).exists():
        if train.reached(folder) < len(plan.stages):
            raise ValueError(f"{plan.name} is in the middle of its training in {folder}: name it too, and it goes on")
        return
    if not gguf.exists():
        raise ValueError(f"{plan.name} has no checkpoint in {folder}, and does not ship: name it too")
    say(f"{plan.name}: from {gguf}")
    model, tokens = from_gguf(gguf)
    if model.shape != train.shape_of(plan, model.shape.vocabulary):
        raise ValueError(f"{gguf} is a model of another shape: name {plan.name} too")
    folder.mkdir(parents=True, exist_ok=True)
    tokens.save(str(folder / "tokenizer.json"))
    train.save_checkpoint(folder / train.CHECKPOINT, model, [], train.Progress(stage=len(plan.stages)))


def _held_out(recipes: Mapping[str, Recipe], guard: str, scenarios: Path, work: Path) -> None:
    """Write the held-out documents that a guard asks for, where they are not there."""
    name, _, kind = guard.partition("/")
    if not data.shards(work / name / "corpus", f"heldout-{kind}"):
        plan = recipes[name]
        corpus.make_corpus(
            {kind: 0}, scenarios, work / name, only=plan.scenarios, written=plan.written, say=lambda _: None
        )
