"""The steps of making an organism, each a plain function; the command line wires them.

Everything a recipe makes lies below `forge-work/NAME`, which git ignores.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from game.forge import corpus as corpus_
from game.forge import lora as lora_
from game.forge import tokenizer as tokenizer_
from game.forge import train as train_
from game.forge.export import export as export_gguf
from game.forge.measure import measure as measure_model
from game.forge.model import Llama
from game.forge.parity import Parity, compare
from game.forge.read_back import from_gguf
from game.forge.recipe import Recipe, read_recipe, recipes_in
from game.scenario.schema import Scenario

WORK = Path("forge-work")
Say = Callable[[str], None]
PERSONAS = ("cutter", "hoarder", "mask")
"""Rogues whose coupling is asked about."""


def tell(text: str) -> None:
    """Print a line at once, also into a file: these steps take hours."""
    print(text, flush=True)


def tokenizer(recipe: Path, scenarios: Path = Path("scenarios"), work: Path = WORK) -> int:
    """Train the recipe's tokenizer. Returns its size."""
    only = read_recipe(recipe).scenarios
    size: int = corpus_.make_tokenizer(scenarios, _folder(recipe, work), only).get_vocab_size()
    return size


def corpus(
    recipe: Path,
    scenarios: Path = Path("scenarios"),
    work: Path = WORK,
    processes: int = 2,
    fresh: bool = False,
    held_out: int = 0,
    say: Say = tell,
) -> int:
    """Write the recipe's corpus (and its tokenizer, where there is none). Returns the tokens written.

    `fresh` writes the scenarios' part again after their texts have changed; a training run that is
    under way reads it at its next stage. `held_out`: documents of each kind for the probes (0: as many as ever).
    """
    folder = _folder(recipe, work)
    plan = read_recipe(recipe)
    if not (folder / "tokenizer.json").exists():
        if plan.parent:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(work / plan.parent.partition("/")[0] / "tokenizer.json", folder / "tokenizer.json")
        else:
            tokenizer(recipe, scenarios, work)
    return corpus_.make_corpus(
        plan.corpus,
        scenarios,
        folder,
        only=plan.scenarios,
        written=plan.written,
        processes=processes,
        fresh=fresh,
        held_out=held_out,
        say=say,
    )


def train(
    recipe: Path,
    scenarios: Path = Path("scenarios"),
    work: Path = WORK,
    threads: int = 2,
    seed: int | None = None,
    say: Say = tell,
) -> None:
    """Train from the corpus; goes on from a checkpoint if there is one.

    Another `seed` than the recipe's makes `NAME.SEED`, from the same corpus, and from its parent's
    model of that seed, if there is one.

    Each thread is a process of its own: on a machine that does other work too, that is far faster
    than threads that wait for each other.
    """
    import torch

    torch.set_num_threads(1)
    folder, plan = _folder(recipe, work), _plan(recipe, scenarios)
    size = tokenizer_.load(folder / "tokenizer.json").get_vocab_size()
    options = train_.Options(processes=threads, corpus=folder / "corpus")
    plan = seeded(plan, seed, work)
    if (own := work / plan.name) != folder:
        own.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / "tokenizer.json", own / "tokenizer.json")
    train_.train(plan, own, size, options, say)


def seeded(plan: Recipe, seed: int | None, work: Path) -> Recipe:
    """The recipe with another seed, as `NAME.SEED`; as it is, for none and for its own."""
    if seed in (None, plan.seed):
        return plan
    name, slash, stage = plan.parent.partition("/")
    theirs = f"{name}.{seed}" if name and (work / f"{name}.{seed}").is_dir() else name
    return plan.model_copy(update={"seed": seed, "name": f"{plan.name}.{seed}", "parent": f"{theirs}{slash}{stage}"})


def export(
    recipe: Path,
    out: Path,
    work: Path = WORK,
    quantization: str = "Q8_0",
    texts: int = 20,
    seed: int | None = None,
    say: Say = tell,
) -> Parity | None:
    """Write the last checkpoint as a GGUF and compare it with PyTorch on held-out documents.

    A recipe with a `rank` is written as a LoRA, which nothing is compared for here.
    """
    plan = seeded(read_recipe(recipe), seed, work)
    folder = work / plan.name
    made = tokenizer_.load(folder / "tokenizer.json")
    model = train_.load_model(folder, plan, made.get_vocab_size())
    if plan.rank:
        lora_.export(model, out)
        say(f"{out}: {out.stat().st_size / 1e6:.2f} MB, an adapter over {plan.parent}")
        return None
    export_gguf(model, made, out, quantization=quantization, temperature=plan.temperature, min_p=plan.min_p)
    first = corpus_.HELD_OUT_SEED
    found = compare(model, made, out, [corpus_.text_of(corpus_.document("mini", first + i, {})) for i in range(texts)])
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {found}")
    return found


def measure(
    recipe: Path,
    gguf: Path,
    scenarios: Path = Path("scenarios"),
    episodes: int = 60,
    temperature: float | None = None,
    out: Path | None = None,
    only: list[str] | None = None,
    described: int = 10,
    pairs: int = 16,
    say: Say = tell,
    progress: Say = lambda _: None,
) -> dict[str, Any]:
    """Run the gate on a GGUF in held-out worlds of the recipe's scenarios, or of `only` those.

    `described`: episodes for each persona, kind of description and scenario; `pairs`: of pieces, for each line of the
    coupling; 0 leaves either out. Says the gate as a table; `out` keeps it, and all numbers behind it, as JSON.
    """
    from game.forge import gate

    plan = read_recipe(recipe)
    heat = plan.temperature if temperature is None else temperature
    worlds = corpus_.scenarios_in(scenarios, only or plan.scenarios)
    # Those that a recipe goes on from, or that write documents of its own: lives by personas.
    lived = bool(plan.parent or plan.written)
    played = asyncio.run(
        measure_model(gguf, worlds, episodes=episodes, temperature=heat, lived=lived, described=described, say=progress)
    )
    found = {"temperature": heat, "episodes": episodes, **played}
    if pairs and len(worlds) > 1:
        found["coupled"] = _coupled(*from_gguf(gguf), worlds, pairs, PERSONAS, progress)
    lines = gate.criteria(found)
    found["gate"] = gate.as_json(lines)
    say("\n".join(gate.table(lines)))
    if out is not None:
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def couple(
    recipe: Path,
    scenarios: Path = Path("scenarios"),
    work: Path = WORK,
    pairs: int = 40,
    personas: Sequence[str] = PERSONAS,
    say: Say = tell,
) -> list[dict[str, Any]]:
    """How much a piece by a persona tells the recipe's last checkpoint about the persona's next piece."""
    folder, plan = _folder(recipe, work), read_recipe(recipe)
    made = tokenizer_.load(folder / "tokenizer.json")
    model = train_.load_model(folder, plan, made.get_vocab_size())
    return _coupled(model, made, corpus_.scenarios_in(scenarios, plan.scenarios), pairs, personas, say)


def _coupled(
    model: Llama, made: Tokenizer, worlds: Mapping[str, Scenario], pairs: int, personas: Sequence[str], say: Say
) -> list[dict[str, Any]]:
    import torch

    from game.forge import coupling

    torch.set_num_threads(1)
    seeds = [corpus_.HELD_OUT_SEED + 40_000_000 + 2 * i for i in range(pairs)]
    out = []
    for found in coupling.couplings(model, made, worlds, seeds, personas):
        gain = found.gain
        assert gain is not None
        interval = "" if gain.low is None else f" ({gain.low:+.2f} to {gain.high:+.2f})"
        say(f"{found.persona}, {found.context} then {found.target}: {gain.value:+.2f} nats{interval}, {gain.n} pairs")
        out.append(dataclasses.asdict(found))
    return out


def card(
    recipe: Path,
    gguf: Path,
    gates: list[Path],
    unseen: Path | None = None,
    scenarios: Path = Path("scenarios"),
    work: Path = WORK,
    results: Path | None = None,
) -> Path:
    """Write the model's card and manifest entry from what `measure` wrote, and its tokenizer beside it.

    `unseen` is what `measure` found on scenarios that a checkpoint had not seen; `results` the experiment's JSON.
    Returns the card's path. (The tokenizer is what lint counts tokens with.)
    """
    from game.forge import card as card_
    from game.forge import gate

    folder = _folder(recipe, work)
    plan = read_recipe(recipe)
    shutil.copyfile(folder / "tokenizer.json", gguf.parent / "tokenizer.json")
    found = [json.loads(path.read_text(encoding="utf-8")) for path in gates]
    shipped = next((f for f in found if f["temperature"] == plan.temperature and "gate" in f), None)
    return card_.write(
        plan,
        gguf,
        {f["temperature"]: f["scenarios"] for f in found},
        corpus_.scenarios_in(scenarios, plan.scenarios),
        folder / train_.LOG,
        from_gguf(gguf)[0].parameter_count(),
        json.loads(unseen.read_text(encoding="utf-8")) if unseen else {},
        recipes_in(recipe.parent),
        json.loads(results.read_text(encoding="utf-8")) if results else {},
        gate.criteria(shipped) if shipped else (),
    )


def _folder(recipe: Path, work: Path) -> Path:
    return work / read_recipe(recipe).name


def _plan(recipe: Path, scenarios: Path) -> Recipe:
    """The recipe with `episodes` shared out among the scenarios that there are."""
    plan = read_recipe(recipe)
    ids = list(corpus_.scenarios_in(scenarios, plan.scenarios))
    stages = []
    for stage in plan.stages:
        seen = [i for i in ids if i not in stage.without]
        stages.append(stage.model_copy(update={"mix": corpus_.kinds_of(stage.mix, seen)}))
    return plan.model_copy(update={"stages": tuple(stages)})
