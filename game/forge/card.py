"""A model's card and its line in the manifest: made from the recipe, the training log, the gate and ten episodes."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from game.agents.chair import open_agent
from game.forge import card_family, gate
from game.forge.episodes import cast, episode_table
from game.forge.experiment import seen_by
from game.forge.gate import Criterion
from game.forge.measure import GATE_SEED
from game.forge.recipe import Recipe
from game.scenario.schema import Scenario
from game.table.episode import play
from game.text import clean

EPISODES = 10
SAMPLE_SEED = GATE_SEED + 1_000_000
"""Worlds of the card's episodes: of the gate's kind, and none of the gate's own."""


async def samples(gguf: Path, scenarios: Mapping[str, Scenario]) -> list[str]:
    """Ten episodes of consecutive seeds, the scenarios in turn, as Markdown. Nothing is picked by hand."""
    names = list(scenarios)
    out = []
    async with open_agent(str(gguf)) as chair:
        for i in range(EPISODES):
            scenario = scenarios[names[i % len(names)]]
            table = episode_table(scenario, cast(scenario, SAMPLE_SEED + i), vary=False, meddle=False)
            table.agent = chair.agent
            async for _ in play(table):
                pass
            world = table.scene.world
            levels = ", ".join(f"{f} {level}" for f, level in world.deal.factors.items())
            found = "; ".join(f"turn {f.turn}: {f.drive} ({f.mandate})" for f in table.scene.findings)
            turns = "\n".join(m.content for m in table.scene.transcript[1:])
            head = f"### {i + 1}. `{scenario.id}`, seed {SAMPLE_SEED + i}, {levels}"
            out.append(f"{head}\n\nFindings: {found or 'none'}.\n\n```\n{clean(turns)}\n```\n")
    return out


def gate_table(gates: Mapping[float, Mapping[str, Any]]) -> list[str]:
    """The gate's shares at each temperature, a row a scenario."""
    out = ["| temperature | scenario | turns | legal | copied | thought names the move |", "|---|---|---|---|---|---|"]
    for temperature, measured in gates.items():
        for name, found in measured.items():
            shares = " | ".join(f"{100 * found[k]:.1f} %" for k in ("legal", "copied", "agree"))
            out.append(f"| {temperature} | `{name}` | {found['turns']} | {shares} |")
    return out


def unseen_section(recipe: Recipe, found: Mapping[str, Any]) -> list[str]:
    """What a checkpoint did on scenarios that it had not seen; nothing where that was not measured."""
    if not found:
        return []
    measured = found["scenarios"]
    tokens = 0
    for stage in recipe.stages:
        tokens += stage.tokens
        if set(measured) <= set(stage.without):
            break
    return [
        "## On scenarios that it had not seen",
        "",
        f"Measured once, after {tokens / 1e6:.1f} M tokens, on a checkpoint that had read nothing of these:",
        "",
        *gate_table({found["temperature"]: measured}),
        "",
        "The grammar makes such a turn legal; it does not make it sensible. A scenario of your own wants a larger",
        "model, or a short further training of this one.",
        "",
    ]


def level_tables(measured: Mapping[str, Any]) -> list[str]:
    """Per scenario each drive's act rate, policy against model, at each factor level."""
    out: list[str] = []
    for name, found in measured.items():
        levels: dict[str, dict[str, Any]] = {k: v for k, v in found["levels"].items() if v.get("episodes")}
        drives = [d for d in levels["all"] if d != "episodes"]
        out += ["", f"`{name}`", "", "| | n | " + " | ".join(drives) + " |", "|---" * (len(drives) + 2) + "|"]
        for level, row in levels.items():
            cells = [" / ".join(f"{x:.2f}" for x in row.get(d, (0.0, 0.0))) for d in drives]
            out.append(f"| {level} | {row['episodes']} | " + " | ".join(cells) + " |")
    return out


def cost(log: Path) -> str:
    """What training took, from its log: tokens and minutes, stage by stage."""
    last: dict[str, dict[str, Any]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "stage" in entry and "tokens" in entry:
            last[entry["stage"]] = entry
    before_tokens, before_seconds, parts = 0, 0.0, []
    for stage, entry in last.items():
        tokens, seconds = entry["tokens"] - before_tokens, entry["seconds"] - before_seconds
        parts.append(f"{stage}: {tokens / 1e6:.1f} M tokens, {seconds / 60:.0f} minutes, loss {entry['loss']:.2f}")
        before_tokens, before_seconds = entry["tokens"], entry["seconds"]
    return f"{before_tokens / 1e6:.1f} M tokens in {before_seconds / 60:.0f} minutes ({'; '.join(parts)})"


def write(
    recipe: Recipe,
    gguf: Path,
    gates: Mapping[float, Mapping[str, Any]],
    scenarios: Mapping[str, Scenario],
    log: Path,
    parameters: int,
    unseen: Mapping[str, Any],
    recipes: Mapping[str, Recipe] = {},
    results: Mapping[str, Any] = {},
    verdicts: Sequence[Criterion] = (),
) -> Path:
    """Write `NAME/README.md` and `manifest.json` beside the GGUF.

    `gates`: what `measure` found, by temperature. `unseen`: what it wrote of scenarios that the checkpoint of an
    earlier stage had not seen. `recipes`: the family's, by name.
    `results`: the experiment's `results.json`. `verdicts`: the gate's lines at the shipped temperature.
    Raises ValueError where nothing was measured at that.
    """
    if recipe.temperature not in gates:
        raise ValueError(f"no --gate is at its temperature {recipe.temperature:g}")
    name, folder = recipe.name, gguf.parent
    taken = cost(log)
    own_part = " (what it goes on from took its own time)" if recipe.parent else ""
    known = ", ".join(f"`{s}`" for s in scenarios)
    shipped = gates[recipe.temperature]
    # First, because a shipped model that is not the manifest's is refused, also here.
    _list(recipe, gguf, shipped, scenarios, parameters, card_family.in_short(name, results))
    read = seen_by(name, {**recipes, name: recipe})
    lines = [
        f"# {name}",
        "",
        *(["```", *recipe.portrait.rstrip("\n").split("\n"), "```", ""] if recipe.portrait else []),
        recipe.about.strip(),
        "",
        f"- {parameters / 1e6:.1f} M parameters, Llama architecture, {recipe.layers} layers of width {recipe.width},",
        f"  Q8_0, {gguf.stat().st_size / 1e6:.1f} MB, context {recipe.context:,}; plays at temperature"
        f" {recipe.temperature}.",
        f"- Knows the scenarios {known}, in worlds with other names, and no others.",
        f"- Recipe: `models/recipes/{name}.yaml`, seed {recipe.seed}. Training took",
        f"  {taken}{own_part}.",
        "- Licence: MIT, like the program. It has read nothing but what the scenarios' scripted characters wrote.",
        "",
        "## What it can do",
        "",
        "In worlds that it has not seen, writing freely, without the grammar that play uses:",
        "",
        *gate_table(gates),
        "",
        "*Legal*: the turn is a legal move, to the letter. *Copied*: names, hosts and paths that stand in what it",
        "has read. *Thought names the move*: its thought ends by naming the move that it then makes.",
        "",
        *(["The gate, a line a criterion:", "", *gate.table(verdicts), ""] if verdicts else []),
        *unseen_section(recipe, unseen),
        *card_family.raised_section(recipe, recipes, read),
        *card_family.found_section(name, results),
        "## What it does",
        "",
        f"Act rates, scripted policies / {name}, on the same deals, nobody interfering, at its own temperature, over",
        "all factor levels and at each. With this few episodes a cell, differences under 0.1 are noise.",
        *level_tables(shipped),
        "",
        *card_family.shows_section(recipe),
        f"## Ten episodes, by seed ({SAMPLE_SEED} and the nine after it)",
        "",
        *asyncio.run(samples(gguf, scenarios)),
    ]
    card = folder / name / "README.md"
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return card


def _list(
    recipe: Recipe,
    gguf: Path,
    found: Mapping[str, Any],
    scenarios: Mapping[str, Scenario],
    parameters: int,
    dispositions: Mapping[str, Any],
) -> None:
    """Put the model into the manifest beside it; the other entries stay."""
    path = gguf.parent / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"models": {}}
    manifest["models"][recipe.name] = {
        "file": gguf.name,
        "sha256": hashlib.sha256(gguf.read_bytes()).hexdigest(),
        "size": gguf.stat().st_size,
        "parameters": parameters,
        "recipe": f"recipes/{recipe.name}.yaml",
        "portrait": recipe.portrait.rstrip("\n").split("\n"),
        "line": recipe.line,
        "raised": recipe.raised,
        "scenarios": list(scenarios),
        "temperature": recipe.temperature,
        "measured": {s: {k: own[k] for k in ("turns", "legal", "copied", "agree")} for s, own in found.items()},
        **({"control": True} if recipe.control else {}),
        **({"dispositions": dispositions} if dispositions else {}),
        "licence": "MIT",
    }
    path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
