"""Training: stages from a recipe, resumable, the same result for the same seed.

`train(recipe, folder)` reads the shards in `folder`, writes `checkpoint.pt` there every few minutes
and a line of `log.jsonl` every few steps, and goes on from the checkpoint if there is one. On a GPU
nothing changes but the device.
"""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed
import torch.multiprocessing
from torch import Tensor, nn

from game.forge import data, lora
from game.forge.model import Llama, Shape, structure
from game.forge.precision import Muon32, has_bfloat16
from game.forge.recipe import Recipe, Stage

CHECKPOINT, LOG = "checkpoint.pt", "log.jsonl"
"""What a run writes, in its folder."""
CLIP = 1.0
"""Largest gradient norm."""
RAMP = 40
"""Steps of linear warm-up at the start of each stage: both optimisers start from no statistics."""
EVERY = 10
"""Steps between log lines."""
GUARDED = 8
"""Probes in a stage with a guard."""
PROBE_ROWS = 8
"""Held-out rows per kind in a probe: enough to see a trend, at about 3 % of the time."""


def shape_of(recipe: Recipe, vocabulary: int) -> Shape:
    """The sizes of a recipe's model."""
    return Shape(vocabulary, recipe.width, recipe.layers, recipe.inner, recipe.context)


@dataclass
class Progress:
    """Where training stands. `seconds` counts training only, over all runs."""

    stage: int = 0
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)


def optimizers(model: Llama, stage: Stage) -> list[torch.optim.Optimizer]:
    """AdamW for all, or Muon for the blocks' matrices and AdamW for embeddings and norms."""
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2 and p.requires_grad]
    rest = [p for p in (*model.norms(), model.embedding.weight) if p.requires_grad]
    betas, device = (0.9, 0.98), model.embedding.weight.device
    if stage.optimizer == "adamw":
        return [torch.optim.AdamW([*matrices, *rest], lr=stage.rate, betas=betas, weight_decay=0.0)]
    muon = torch.optim.Muon if has_bfloat16(device) else Muon32
    return [
        torch.optim.AdamW(rest, lr=stage.rate, betas=betas, weight_decay=0.0),
        muon(matrices, lr=stage.muon_rate, weight_decay=0.01, momentum=0.95),
    ]


def schedule(stage: Stage, step: int) -> float:
    """Share of the stage's rate at a step: up over `RAMP`, level, then down to `end`."""
    left = (stage.steps - step) / max(1.0, stage.steps * stage.decay)
    return min(1.0, (step + 1) / RAMP) * max(stage.end, min(1.0, left))


def save_checkpoint(path: Path, model: Llama, opts: list[torch.optim.Optimizer], at: Progress) -> None:
    """Write beside and rename, so that a kill leaves the old checkpoint or the new one."""
    state = {"model": model.state_dict(), "optimizers": [o.state_dict() for o in opts], "progress": vars(at)}
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def save_model(path: Path, model: Llama) -> None:
    """Write the weights alone, in one go: what another recipe goes on from."""
    torch.save({"model": model.state_dict()}, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def reached(folder: Path) -> int:
    """The stages that the last checkpoint in `folder` has behind it."""
    state = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)
    return int(state["progress"]["stage"])


def load_model(folder: Path, recipe: Recipe, vocabulary: int, stage: str = "") -> Llama:
    """The model of the last checkpoint in `folder`, or as it was at the end of a stage.

    Raises ValueError where its shape is not the recipe's.
    """
    model = Llama(shape_of(recipe, vocabulary))
    if recipe.rank:
        lora.add(model, recipe.rank)
    name = f"{stage}.pt" if stage else CHECKPOINT
    state = torch.load(folder / name, map_location="cpu", weights_only=True)
    try:
        model.load_state_dict(state["model"])
    except RuntimeError:
        raise ValueError(f"{folder / name} is a model of another shape") from None
    return model.eval()


def _start(recipe: Recipe, folder: Path, vocabulary: int) -> Llama:
    """The model before its first step: with a structured start, or as its parent left it.

    Raises ValueError where the parent's shape is another, or one that a structured start does not fit.
    """
    if recipe.parent:
        name, _, stage = recipe.parent.partition("/")
        whole = recipe.model_copy(update={"rank": 0})
        model = load_model(folder.parent / name, whole, vocabulary, stage).train()
        if recipe.rank:
            lora.add(model, recipe.rank, recipe.seed)
        return model
    model = Llama(shape_of(recipe, vocabulary))
    structure(model, recipe.seed)
    return model


@torch.no_grad()
def probe(
    model: Llama, shards: Mapping[str, data.Shard], stage: Stage, autocast: Callable[[], Any]
) -> dict[str, float]:
    """Per kind, the share of held-out move lines that are right token by token, given what precedes them."""
    out: dict[str, float] = {}
    device = model.embedding.weight.device
    for kind in shards:
        batch = data.draw(shards, {kind: 1.0}, (0.0, 0.0, 1.0), PROBE_ROWS, stage.length, (7, 7))
        with autocast():
            guess = model(torch.from_numpy(batch.tokens).to(device)).argmax(-1).cpu().numpy()
        right, lines = 0, 0
        run: list[bool] = []
        for hit, weight in zip(guess.ravel() == batch.targets, batch.weights, strict=True):
            if weight:
                run.append(bool(hit))
            elif run:
                right, lines, run = right + all(run), lines + 1, []
        out[kind] = round(right / max(1, lines), 4)
    return out


@dataclass(frozen=True)
class Options:
    """How a run goes, as opposed to what it makes."""

    checkpoint_every: float = 180.0
    probe_every: int = 200
    """Steps between probes, the last step being one of them (0: none, but for a stage's guard)."""
    stop_after: int = 0
    """Leave after so many steps of this run, with a checkpoint (0: go to the end)."""
    compiled: bool = True
    """False: float32 and uncompiled, exact and quick to start, for tests."""
    corpus: Path | None = None
    """Where the shards lie, if not in `folder/corpus`: seeds of one recipe share theirs."""
    processes: int = 1
    """Processes that share each step's rows, one thread each: on a busy machine faster than threads."""
    minutes: float = 0.0
    """Of training, at most (0: no limit). The rate falls by the clock then, if that is ahead of the steps, so that a
    slow machine ends early and not in the middle. For a recipe of one stage."""


def train(
    recipe: Recipe,
    folder: Path,
    vocabulary: int,
    options: Options = Options(),
    say: Callable[[str], None] = print,
) -> Llama:
    """Run the recipe's stages over the shards in `folder/corpus` and return the model.

    Raises ValueError where a stage's rows can't be shared out evenly among the processes, or what it goes on from is of
    another shape.
    """
    if any(stage.rows % options.processes for stage in recipe.stages):
        raise ValueError(f"the rows of every stage must divide by {options.processes} processes")
    # What it begins with is tried here: what a process of its own raises can't be caught as what it is.
    if (folder / CHECKPOINT).exists():
        load_model(folder, recipe, vocabulary)
    else:
        _start(recipe, folder, vocabulary)
    if options.processes > 1:
        with tempfile.TemporaryDirectory() as meeting:
            args = (recipe, folder, vocabulary, options, say, f"{meeting}/point")
            torch.multiprocessing.spawn(_process, args, nprocs=options.processes)  # type: ignore[attr-defined, no-untyped-call]
    else:
        _run(0, recipe, folder, vocabulary, options, say)
    return load_model(folder, recipe, vocabulary)


def _process(
    rank: int, recipe: Recipe, folder: Path, vocabulary: int, options: Options, say: Callable[[str], None], meeting: str
) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{meeting}", rank=rank, world_size=options.processes
    )
    _run(rank, recipe, folder, vocabulary, options, say)
    torch.distributed.destroy_process_group()


def _abandoned() -> bool:
    """Whether this is a helper process whose command was killed: it must not go on writing checkpoints."""
    parent = multiprocessing.parent_process()
    return parent is not None and not parent.is_alive()


def _average(model: Llama, processes: int) -> None:
    """Give every process the mean of their gradients."""
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in grads])
    torch.distributed.all_reduce(flat)
    flat /= processes
    parts = torch.split(flat, [g.numel() for g in grads])
    for grad, part in zip(grads, parts, strict=True):
        grad.copy_(part.view_as(grad))


def _come_to(at: Progress, stage: Stage, options: Options) -> int:
    """The step that a stage has come to: by its steps, or by the clock of process 0 if that is ahead."""
    if not options.minutes:
        return at.step
    share = torch.tensor([at.seconds / (60 * options.minutes)], dtype=torch.float64)
    if options.processes > 1:
        torch.distributed.broadcast(share, 0)
    return max(at.step, min(stage.steps, int(share * stage.steps)))


def _guarded(holds: bool, rank: int, model: Llama, path: Path, processes: int) -> bool:
    """Keep the model if its guard holds; if not, put it back to what was kept last. Process 0 decides for all."""
    found = torch.tensor([float(holds)])
    if processes > 1:
        torch.distributed.broadcast(found, 0)
    if not found:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["model"])
    elif rank == 0:
        save_model(path, model)
    return bool(found)


def _run(
    rank: int, recipe: Recipe, folder: Path, vocabulary: int, options: Options, say: Callable[[str], None]
) -> None:
    """The loop. Only process 0 writes; all hold the same weights, and see different rows of a step."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)
    model = _start(recipe, folder, vocabulary)
    model.to(device)

    quick = options.compiled and has_bfloat16(device)

    def autocast() -> Any:
        return torch.autocast(device.type, torch.bfloat16, enabled=quick)

    loss_of: Callable[..., Tensor] = torch.compile(model.loss) if options.compiled else model.loss
    checkpoint, at, opts = folder / CHECKPOINT, Progress(), optimizers(model, recipe.stages[0])
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        at = Progress(**state["progress"])
        opts = optimizers(model, recipe.stages[min(at.stage, len(recipe.stages) - 1)])
        for opt, saved in zip(opts, state["optimizers"], strict=True) if at.step else ():
            opt.load_state_dict(saved)
        if rank == 0:
            say(f"going on from stage {at.stage + 1}, step {at.step}")
    shards: dict[str, data.Shard] = {}
    held_out: dict[str, data.Shard] = {}
    saved_at = began = time.monotonic()
    spent, since, seen, done = at.seconds, began, 0, 0
    come_to = at.step
    with (folder / LOG).open("a", encoding="utf-8") as log:
        while at.stage < len(recipe.stages) and not _abandoned():
            stage = recipe.stages[at.stage]
            if not done or not at.step:
                corpus = options.corpus or folder / "corpus"
                shards = {kind: data.load(corpus, kind) for kind in stage.mix}
                held_out = {kind: data.load(corpus, f"heldout-{kind}") for kind in stage.mix}
                if stage.guard:
                    name, _, kind = stage.guard.partition("/")
                    held_out[stage.guard] = data.load(folder.parent / name / "corpus", f"heldout-{kind}")
                if rank == 0 and stage.guard and not at.step:
                    save_model(folder / f"{stage.name}.pt", model)
                    at.extra["guard"] = probe(model, {stage.guard: held_out[stage.guard]}, stage, autocast)[stage.guard]
            rows = stage.rows // options.processes
            seed = (recipe.seed, at.stage, at.step, rank)
            weights = stage.weights or recipe.weights
            batch = data.draw(shards, stage.mix, weights, rows, stage.length, seed, stage.predict)
            for opt in opts:
                base = stage.muon_rate if isinstance(opt, torch.optim.Muon) else stage.rate
                for group in opt.param_groups:
                    group["lr"] = base * schedule(stage, come_to)
            arrays = (batch.tokens, batch.where, batch.ids, batch.p, batch.weights)
            with autocast():
                loss = loss_of(*(torch.from_numpy(a).to(device) for a in arrays))
            loss.backward()  # type: ignore[no-untyped-call]
            if options.processes > 1:
                _average(model, options.processes)
            nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            for opt in opts:
                opt.step()
                opt.zero_grad(set_to_none=True)
            at.step, done = at.step + 1, done + 1
            at.tokens += rows * options.processes * stage.length
            seen += rows * options.processes * stage.length
            now = time.monotonic()
            at.seconds = spent + now - began
            come_to = _come_to(at, stage, options)
            last = come_to >= stage.steps
            every = max(1, stage.steps // GUARDED) if stage.guard else options.probe_every
            probing = bool(every) and (at.step % every == 0 or last)
            found: dict[str, float] = {}
            if probing and rank == 0:
                watched = {stage.guard: held_out[stage.guard]} if stage.guard and not last else held_out
                found = probe(model, watched, stage, autocast)
            if probing and stage.guard:
                right = found.get(stage.guard, 0.0)
                holds = right >= at.extra.get("guard", 0.0) - stage.drop
                if not _guarded(holds, rank, model, folder / f"{stage.name}.pt", options.processes):
                    last = True
                    if rank == 0:
                        say(f"{stage.name} ends early: {right:.3f} of the move lines of {stage.guard} are right")
            if rank == 0 and (at.step % EVERY == 0 or probing or last):
                line: dict[str, Any] = {"stage": stage.name, "step": at.step, "of": stage.steps}
                line |= {"tokens": at.tokens, "seconds": round(at.seconds)}
                line |= {"loss": round(float(loss.detach()), 4), "rate": round(seen / (now - since))}
                if found:
                    line["right"] = found
                since, seen = time.monotonic(), 0
                log.write(json.dumps(line) + "\n")
                log.flush()
                say(" ".join(f"{k} {v}" for k, v in line.items()))
            if last:
                at.stage, at.step, come_to = at.stage + 1, 0, 0
                if at.stage < len(recipe.stages):
                    opts = optimizers(model, recipe.stages[at.stage])
            stopping = done == options.stop_after
            if rank == 0 and (last or stopping or now - saved_at > options.checkpoint_every):
                save_checkpoint(checkpoint, model, opts, at)
                saved_at = time.monotonic()
                if last:
                    save_model(folder / f"{stage.name}.pt", model)
            if stopping:
                break
