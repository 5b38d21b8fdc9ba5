"""A recipe: what a model reads, stage by stage, and what it ships with. Read from YAML, without PyTorch."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from game.forge.sources import Source


class Stage(BaseModel):
    """One stage: `rows` rows of `length` tokens a step, kinds by `mix`, until `tokens` are seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    length: int
    rows: int
    tokens: int
    mix: dict[str, float]
    without: tuple[str, ...] = ()
    """Scenarios that this stage does not see, so that a checkpoint can be measured on them."""
    optimizer: str = Field(pattern="^(adamw|muon)$")
    rate: float
    """Learning rate of AdamW; `muon_rate` is Muon's for the matrices."""
    muon_rate: float = 4e-3
    end: float = 0.1
    """The rate falls linearly to this share of itself over the last `decay` of the stage."""
    decay: float = 0.5
    weights: tuple[float, float, float] | None = None
    """Of context, thought and move tokens in this stage's loss, if not the recipe's."""
    predict: float = 0.5
    """Share of positions that are predicted: about what the agent writes, and some context."""
    guard: str = ""
    """RECIPE/KIND of held-out documents: the stage ends early, as it last was at a probe, where the share of their
    move lines that are right, letter by letter, has fallen by more than `drop` since it began."""
    drop: float = 0.04

    @property
    def steps(self) -> int:
        return max(1, self.tokens // (self.rows * self.length))


class Recipe(BaseModel):
    """A model's whole training."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    parent: str = Field("", alias="from")
    """What it goes on from: another recipe's name, or `NAME/STAGE` for the end of one of its stages."""
    about: str = ""
    """What it is, in a paragraph: for its card."""
    portrait: str = ""
    """A few lines of characters, for the title."""
    line: str = ""
    """Who it is, for the title: nothing that tells what it would do."""
    raised: str = ""
    """What it has read and learnt, in a few words: for whoever has to say which one it was."""
    control: bool = False
    """Whether it is there for the experiment alone: nobody draws it from an envelope, or meets it on the title."""
    seed: int = 1
    scenarios: tuple[str, ...] = ()
    """What it is trained on (empty: every scenario in the folder)."""
    width: int = 256
    layers: int = 4
    inner: int = 704
    context: int = 2048
    temperature: float = 0.6
    min_p: float = 0.05
    """What it ships with: its moves are drawn at `temperature`, its free texts also above `min_p` of the best token."""
    weights: tuple[float, float, float] = (0.05, 0.6, 1.0)
    """Of context, thought and move tokens in the loss."""
    rank: int = 0
    """Of a LoRA beside the parent's matrices, which stay as they are (0: the whole model is trained)."""
    written: dict[str, Source] = {}
    """Kinds of documents of its own."""
    corpus: dict[str, int] = {}
    """Documents of each kind that the corpus step makes."""
    stages: tuple[Stage, ...]
    cost: dict[str, str] = {}
    """What it took, as measured: for the reader."""


def read_recipe(path: Path) -> Recipe:
    return Recipe.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def recipes_in(folder: Path) -> dict[str, Recipe]:
    """Every recipe of a folder by name."""
    return {recipe.name: recipe for recipe in map(read_recipe, sorted(folder.glob("*.yaml")))}
