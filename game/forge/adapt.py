"""A scenario of one's own: some minutes of further training of a model that ships, and what came of it.

The GGUF itself is read back and trained on, on scripted play of the new scenario and, as much again,
of those that the model knows, so that it does not forget them. Everything lies below one work folder,
and a broken run goes on where it was, as long as model and scenario are the same.
"""

from __future__ import annotations

import asyncio
import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import torch

from game.agents.chair import sha256_of
from game.forge import corpus, gate, train
from game.forge.export import export
from game.forge.measure import measure
from game.forge.model import Shape
from game.forge.read_back import from_gguf
from game.forge.recipe import Recipe, Stage
from game.scenario.load import FILE, Loaded
from game.scenario.schema import Scenario

BASE = "base"
"""The recipe's name for the model as it was."""
MADE_OF = "made_of.json"
HELD_OUT = 1
"""Held-out documents of each kind: there are no probes, for both models play afterwards, which tells more."""
OLD = 0.4
"""Share of rows from the scenarios that the model knows, all together; the new one has as many."""
CORPUS = {"mini": 1500, "binding": 600}
NEW_EPISODES, OLD_EPISODES = 700, 70
"""Of the new scenario, and of each old one."""
LENGTH, ROWS, TOKENS = 1536, 4, 3_000_000
"""Of a row; a step's rows; the most that is read. A slow machine reads less, in the same minutes."""
CHECKED = 3
"""Old scenarios that are measured before and after."""
LOSS = 0.02
"""Most that a share may fall where the model was at home."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Task:
    """What is adapted to what, and where."""

    new: Loaded
    old: tuple[Path, ...]
    """Folders of the scenarios that the model knows."""
    model: Path
    folder: Path
    """Of the work."""
    out: Path
    minutes: float = 8.0
    """Of training, at most."""
    threads: int = 2
    episodes: int = 24
    """For the measurement, a scenario."""
    seed: int = 1
    compiled: bool = True
    """False: for tests (`train.Options`)."""
    corpus: Mapping[str, int] | None = None
    """Documents of each kind; None: as above."""

    @property
    def id(self) -> str:
        return self.new.scenario.id

    def counts(self) -> dict[str, int]:
        """Documents of each kind."""
        own = {**CORPUS, **{path.name: OLD_EPISODES for path in self.old}, self.id: NEW_EPISODES}
        return own if self.corpus is None else {kind: self.corpus.get(kind, 1) for kind in own}


def recipe_of(task: Task, shape: Shape, temperature: float, min_p: float) -> Recipe:
    """One stage from the model as it is: half new, half old, at the rates of egg's last stage."""
    old = {path.name: OLD / len(task.old) for path in task.old}
    mix = {"mini": 0.16, "binding": 0.04, **old, task.id: OLD}
    stage = Stage(
        name="adapted", length=LENGTH, rows=ROWS, tokens=TOKENS, mix=mix,
        optimizer="muon", rate=8e-4, muon_rate=2e-3, end=0.03, decay=1.0, predict=0.45,
    )  # fmt: skip
    return Recipe(
        name=task.folder.name, parent=f"{task.folder.name}/{BASE}", seed=task.seed, width=shape.width,
        layers=shape.layers, inner=shape.inner, context=shape.context, temperature=temperature, min_p=min_p,
        stages=(stage,),
    )  # fmt: skip


def adapt(task: Task, say: Say = print) -> dict[str, Any]:
    """Train, write `task.out`, and measure both files; returns what was found, by "before" and "after".

    Raises ValueError for a model that `forge` did not make.
    """
    model, made = from_gguf(task.model)
    heat, min_p = settings_of(task.model)
    worlds = _prepared(task)
    made.save(str(task.folder / "tokenizer.json"))
    train.save_model(task.folder / f"{BASE}.pt", model)
    recipe = recipe_of(task, model.shape, heat, min_p)
    say("1 of 3: scripts play, and are written down")
    corpus.make_corpus(
        task.counts(), worlds, task.folder, processes=task.threads, held_out=HELD_OUT, say=lambda _: None
    )
    say(f"2 of 3: training, at most {task.minutes:g} minutes")
    torch.set_num_threads(1)
    options = train.Options(processes=task.threads, minutes=task.minutes, compiled=task.compiled, probe_every=0)
    trained = train.train(recipe, task.folder, made.get_vocab_size(), options, say)
    export(trained, made, task.out, temperature=heat, min_p=min_p)
    say("3 of 3: both models play")
    there = corpus.scenarios_in(worlds)
    asked = {i: there[i] for i in (task.id, *_checked([path.name for path in task.old]))}
    return asyncio.run(_both({"before": task.model, "after": task.out}, asked, task.episodes, heat))


async def _both(
    models: Mapping[str, Path], worlds: Mapping[str, Scenario], episodes: int, heat: float
) -> dict[str, dict[str, Any]]:
    """What `measure` finds of each. They play side by side: an engine has one core for a model of this size."""
    found = await asyncio.gather(*(_played(path, worlds, episodes, heat) for path in models.values()))
    return dict(zip(models, found, strict=True))


async def _played(path: Path, worlds: Mapping[str, Scenario], episodes: int, heat: float) -> dict[str, Any]:
    found: dict[str, Any] = (await measure(path, worlds, episodes=episodes, temperature=heat))["scenarios"]
    return found


def settings_of(model: Path) -> tuple[float, float]:
    """The temperature and min_p that a GGUF of ours states."""
    fields = gguf.GGUFReader(model).fields
    values = (fields[f"general.sampling.{name}"].contents() for name in ("temp", "min_p"))
    # As written, and not as a float of four bytes has it.
    heat, min_p = (round(float(value), 6) for value in values)
    return heat, min_p


def _prepared(task: Task) -> Path:
    """The work folder with the scenarios in it. What was made of another model or another text goes.

    In other minutes the same documents are read from the beginning.
    """
    kept = task.folder / MADE_OF
    made_of = {"scenario": task.new.sha256, "model": sha256_of(task.model), "seed": task.seed, "minutes": task.minutes}
    was = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else made_of
    if {**was, "minutes": task.minutes} != made_of:
        shutil.rmtree(task.folder)
    elif was != made_of:
        for name in (MADE_OF, train.CHECKPOINT, train.LOG):
            (task.folder / name).unlink(missing_ok=True)
    worlds = task.folder / "scenarios"
    if not kept.is_file():
        for name, source in ((task.id, task.new.folder), *((path.name, path) for path in task.old)):
            (worlds / name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / FILE, worlds / name / FILE)
        kept.write_text(json.dumps(made_of), encoding="utf-8")
    return worlds


def _checked(names: Sequence[str]) -> list[str]:
    """Some of the old scenarios, spread over all of them."""
    many = min(CHECKED, len(names))
    return [names[i * len(names) // many] for i in range(many)]


def unread(folder: Path) -> str:
    """What to do about a training that the clock ended before all was read; empty where it had time enough."""
    last = json.loads((folder / train.LOG).read_text(encoding="utf-8").splitlines()[-1])
    read, wanted = last["tokens"], last["of"] * ROWS * LENGTH
    if last["step"] >= last["of"] or not read:
        return ""
    enough = math.ceil(last["seconds"] / 60 * wanted / read)
    return (
        f" It had read {read / 1e6:.1f} of {wanted / 1e6:.1f} million tokens when its minutes were over;"
        f" on this machine --minutes {enough} is enough for all of them."
    )


def table(found: Mapping[str, Any], new: str, left: str = "") -> list[str]:
    """Before and after as Markdown, and whether the standard is kept. `left`: what to say where it is not."""
    out = ["| scenario | turns | legal | copied | thought names the move |", "|---|---|---|---|---|"]
    before, after = found["before"], found["after"]
    for name in after:
        cells = (f"{100 * before[name][k]:.1f} to {100 * after[name][k]:.1f} %" for k in gate.OF)
        told = f"**{name}**" if name == new else name
        out.append(f"| {told} | {before[name]['turns']}, {after[name]['turns']} | {' | '.join(cells)} |")
    there = gate.shares({new: after[new]})
    short = [f"{c.says}: {c.value or 0:.3f}, wanted {c.wanted}" for c in there if not c.passed]
    out += ["", f"In {new}: " + ("; ".join(short) + f".{left}" if short else "to the gate's standard.")]
    was, now = (gate.shares({i: x for i, x in own.items() if i != new}) for own in (before, after))
    lost = [
        f"{a.says}: {a.value or 0:.3f} to {b.value or 0:.3f}"
        for a, b in zip(was, now, strict=True)
        if (a.value or 0) - (b.value or 0) > LOSS
    ]
    return [
        *out,
        "Elsewhere: " + ("; ".join(lost) if lost else f"nothing lost (no share fell by more than {LOSS})") + ".",
    ]
