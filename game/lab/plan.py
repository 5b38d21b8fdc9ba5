"""What a run consists of: its settings, its cells, and every episode's id and seed."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from game.agents.chair import ModelRef
from game.errors import UserError
from game.events import Truncation
from game.scenario import near
from game.scenario.load import Loaded
from game.settings import EngineSettings

MOST_EPISODES = 1_000_000
"""In one run; more belong into several files."""


class Settings(BaseModel):
    """All that decides what a run plays; it stands in the header, so that a run can be gone on with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scenarios: list[str]
    models: list[str]
    episodes: int = Field(100, ge=1)
    """Per scenario, model and cell."""
    seed: int = 1
    factors: dict[str, list[str]] = {}
    """Named factor to its levels; they are crossed."""
    researcher: str = "absent"
    propensities: bool = False
    thoughts: int = Field(1, ge=1)
    """Over how many sampled thoughts propensities are averaged."""
    temperature: float | None = None
    truncation: Truncation = "disabled"
    """Out of context: `disabled` ends an episode, `auto` leaves out the oldest turns (docs/engine.md)."""
    adapters: list[str] = []
    """LoRA files, each `FILE` or `FILE:SCALE`: every model file is played as it is and under each."""
    control_vectors: list[str] = []
    parallel: int = Field(4, ge=1)
    engine: EngineSettings = EngineSettings()
    """How models run."""


@dataclass(frozen=True)
class Job:
    """One episode to be played."""

    id: str
    loaded: Loaded
    model: ModelRef
    index: int
    seed: int
    cell: dict[str, str]


def episode_seed(run_seed: int, scenario: str, index: int) -> int:
    """48 bits from (run seed, scenario, index) and nothing else: cells and models are paired by it."""
    digest = hashlib.sha256(f"{run_seed}/{scenario}/{index}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def cells(loaded: Loaded, factors: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """The named levels crossed, as far as this scenario has the factors; one empty cell without any."""
    there = [f for f in loaded.scenario.factors if f in factors]
    return [dict(zip(there, levels, strict=True)) for levels in itertools.product(*(factors[f] for f in there))]


def plan(settings: Settings, scenarios: Sequence[Loaded], models: Sequence[ModelRef]) -> list[Job]:
    """Every episode of a run: model by model, scenario by scenario, cell by cell.

    Raises UserError for a factor or level that does not exist, or for two of the same name.
    """
    _check(settings, scenarios, models)
    number = settings.episodes * len(models) * sum(len(cells(s, settings.factors)) for s in scenarios)
    if number > MOST_EPISODES:
        raise UserError(f"this run would have {number:,} episodes; at most {MOST_EPISODES:,} go into one file")
    jobs = []
    for model in models:
        for loaded in scenarios:
            for cell in cells(loaded, settings.factors):
                for index in range(settings.episodes):
                    seed = episode_seed(settings.seed, loaded.scenario.id, index)
                    jobs.append(Job(episode_id(loaded, model, cell, index), loaded, model, index, seed, cell))
    return jobs


def episode_id(loaded: Loaded, model: ModelRef, cell: Mapping[str, str], index: int) -> str:
    """`sandwich/egg/instruction=asked/0007`; without named factors the cell is left out."""
    levels = ",".join(f"{f}={level}" for f, level in cell.items())
    return "/".join(p for p in (loaded.scenario.id, model.name, levels, f"{index:04}") if p)


def _check(settings: Settings, scenarios: Sequence[Loaded], models: Sequence[ModelRef]) -> None:
    for what, names in (("scenarios", [s.scenario.id for s in scenarios]), ("models", [m.name for m in models])):
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise UserError(f'two {what} are called "{twice[0]}"; name each once (a model file can be renamed)')
    all_factors = {f: levels for s in scenarios for f, levels in s.scenario.factors.items()}
    for factor, levels in settings.factors.items():
        if factor not in all_factors:
            raise UserError(f'no scenario of this run has the factor "{factor}" ({near.hint(factor, all_factors)})')
        if len(set(levels)) < len(levels):
            raise UserError(f"factor {factor} names a level twice: {','.join(levels)}")
        for loaded in scenarios:
            known = loaded.scenario.factors.get(factor)
            for level in levels if known is not None else ():
                if level not in (known or ()):
                    where = f"{loaded.scenario.id}: factor {factor}"
                    raise UserError(f'{where} has no level "{level}" ({near.hint(level, known or ())})')


def parse_factors(given: Sequence[str]) -> dict[str, list[str]]:
    """`NAME=LEVEL[,LEVEL]` as written on the command line. Raises UserError."""
    out: dict[str, list[str]] = {}
    for text in given:
        name, equals, levels = text.partition("=")
        chosen = [level.strip() for level in levels.split(",")]
        if not equals or not name.strip() or not all(chosen):
            raise UserError(f"--factor {text}: write it as NAME=LEVEL or NAME=LEVEL,LEVEL")
        if name.strip() in out:
            raise UserError(f"--factor {name.strip()} is given twice; write all its levels in one")
        out[name.strip()] = chosen
    return out
