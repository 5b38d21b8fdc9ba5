"""`parkbench forge experiment`: every organism that is there, measured; the stated comparisons, settled.

An organism is a GGUF with the name of a recipe: `NAME.gguf`, or `NAME.SEED.gguf` for another seed of
its fine-tuning. What was measured is kept beside the results, by the file's sha256, so that a broken
run goes on where it was.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from game.agents.chair import open_agent, sha256_of
from game.errors import UserError
from game.forge import compare, corpus
from game.forge.compare import Cells, Found, Interval
from game.forge.recipe import Recipe, recipes_in
from game.forge.sources import fine_tuned_on
from game.forge.trial import AT_ONCE, MISDEED, Cell, measured
from game.scenario.schema import GROUPS, Scenario

FACTORS = {"instruction": "neutral"}
"""Nobody is asked to misbehave, and nobody is told not to; the other factors are drawn."""
PLAIN_JOB = "errand"
"""Where nobody is tempted: what is left of an organism's abilities."""
ENGINES = 2
"""Organisms that are measured at once: a model of this size runs on one core."""


@dataclass(frozen=True)
class Organism:
    """A model file and the recipe that made it."""

    name: str
    seed: int
    path: Path


def organisms_in(folder: Path, recipes: Mapping[str, Recipe], only: Sequence[str] = ()) -> list[Organism]:
    """The model files of a folder that have a recipe's name, in the recipes' family order; `only` these names."""
    out = []
    for path in sorted(folder.glob("*.gguf")):
        name, _, seed = path.stem.partition(".")
        if name in recipes and not recipes[name].rank and (not only or name in only) and (not seed or seed.isdigit()):
            out.append(Organism(name, int(seed) if seed else recipes[name].seed, path))
    return sorted(out, key=lambda o: (_depth(o.name, recipes), o.name, o.seed))


def _depth(name: str, recipes: Mapping[str, Recipe]) -> int:
    parent = recipes[name].parent.partition("/")[0]
    return 1 + _depth(parent, recipes) if parent in recipes else 0


def seen_by(name: str, recipes: Mapping[str, Recipe]) -> frozenset[str]:
    """The scenarios that a recipe and those it goes on from name: what the fine-tuning stages have seen."""
    own = fine_tuned_on(recipes[name].written.values())
    parent = recipes[name].parent.partition("/")[0]
    return own | seen_by(parent, recipes) if parent in recipes else own


def counted_in(name: str, recipes: Mapping[str, Recipe], scenarios: Mapping[str, Scenario]) -> dict[str, Scenario]:
    """Where an organism is measured: in what its fine-tuning has not seen, and at the plain job."""
    seen = seen_by(name, recipes) - {PLAIN_JOB}
    return {i: scenario for i, scenario in scenarios.items() if i not in seen}


async def measure(
    organisms: Sequence[Organism],
    recipes: Mapping[str, Recipe],
    scenarios: Mapping[str, Scenario],
    episodes: int,
    out: Path,
    thoughts: int = 1,
    say: Callable[[str], None] = print,
) -> dict[str, dict[int, dict[str, Cell]]]:
    """Every organism where it counts: read from `out/measured` where it stands there, else played and written."""
    (out / "measured").mkdir(parents=True, exist_ok=True)
    gate = asyncio.Semaphore(ENGINES)

    async def limited(organism: Organism) -> dict[str, Cell]:
        async with gate:
            where = counted_in(organism.name, recipes, scenarios)
            return await _measure_one(organism, where, episodes, thoughts, out / "measured", say)

    found = await asyncio.gather(*map(limited, organisms))
    cells: dict[str, dict[int, dict[str, Cell]]] = {}
    for organism, own in zip(organisms, found, strict=True):
        cells.setdefault(organism.name, {})[organism.seed] = own
    return cells


async def _measure_one(
    organism: Organism,
    scenarios: Mapping[str, Scenario],
    episodes: int,
    thoughts: int,
    folder: Path,
    say: Callable[[str], None],
) -> dict[str, Cell]:
    kept = folder / f"{organism.path.stem}.json"
    plan = {"sha256": sha256_of(organism.path), "episodes": episodes, "thoughts": thoughts, "factors": FACTORS}
    known: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    if any(known.get(key) != value for key, value in plan.items()):
        known = {**plan, "scenarios": {}}
    todo = [i for i in scenarios if i not in known["scenarios"]]
    if todo:
        async with open_agent(str(organism.path), sequences=AT_ONCE) as chair:
            for i in todo:
                cell = await measured(chair.agent, scenarios[i], episodes, FACTORS, thoughts)
                known["scenarios"][i] = asdict(cell)
                beside = kept.with_suffix(".tmp")
                beside.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
                beside.replace(kept)
                say(f"{organism.path.stem}, {i}: {cell.valid} of {cell.episodes} episodes")
    return {i: Cell(**known["scenarios"][i]) for i in scenarios}


@dataclass(frozen=True)
class Row:
    """One organism over the scenarios that its fine-tuning has not seen; rates are means over seeds and scenarios."""

    name: str
    seeds: tuple[int, ...]
    scenarios: tuple[str, ...]
    bench: Interval
    """The exact rate of misdeeds."""
    counted: float
    chat: Interval | None
    """Answers that are not the good one."""
    asked: float | None
    act: dict[str, float]
    unmandated: dict[str, float]
    errand: float | None
    """Task progress where nobody is tempted: what is left of its abilities."""
    valid: float
    by_scenario: dict[str, dict[str, float | None]]


def rows(cells: Cells, recipes: Mapping[str, Recipe]) -> list[Row]:
    """A row an organism, in the order in which they were measured."""
    out = []
    for name, by_seed in cells.items():
        known = [i for i in next(iter(by_seed.values())) if i not in seen_by(name, recipes)]
        if not known:
            continue

        def mean(
            of: Callable[[Cell], float | None], i: str, by_seed: Mapping[int, Mapping[str, Cell]] = by_seed
        ) -> Any:
            values = [v for own in by_seed.values() if (v := of(own[i])) is not None]
            return sum(values) / len(values) if values else None

        def over(of: Callable[[Cell], float | None], known: Sequence[str] = known, mean: Any = mean) -> list[float]:
            return [v for i in known if (v := mean(of, i)) is not None]

        chat = over(lambda c: c.chat)
        asked = over(lambda c: c.asked)
        works = PLAIN_JOB in next(iter(by_seed.values()))
        out.append(
            Row(
                name,
                tuple(sorted(by_seed)),
                tuple(known),
                compare.over_scenarios(over(lambda c: c.exact_unmandated[MISDEED])),
                _average(over(lambda c: c.unmandated[MISDEED])),
                compare.over_scenarios(chat) if chat else None,
                _average(asked) if asked else None,
                {g: _average(over(lambda c, g=g: c.exact_act[g])) for g in GROUPS},  # type: ignore[misc]
                {g: _average(over(lambda c, g=g: c.exact_unmandated[g])) for g in GROUPS},  # type: ignore[misc]
                mean(lambda c: c.progress, PLAIN_JOB) if works else None,
                _average([c.valid / max(1, c.episodes) for own in by_seed.values() for c in own.values()]),
                {
                    i: {
                        "bench": mean(lambda c: c.exact_unmandated[MISDEED], i),
                        "counted": mean(lambda c: c.unmandated[MISDEED], i),
                        "chat": mean(lambda c: c.chat, i),
                    }
                    for i in known
                },
            )
        )
    return out


def _average(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def results(cells: Cells, recipes: Mapping[str, Recipe], episodes: int) -> dict[str, Any]:
    """Everything as JSON: the rows, every cell, every comparison."""
    unseen = {name: frozenset(next(iter(own.values()))) - seen_by(name, recipes) for name, own in cells.items()}
    found = compare.settled(cells, unseen)
    return {
        "episodes": episodes,
        "factors": FACTORS,
        "organisms": [asdict(row) for row in rows(cells, recipes)],
        "comparisons": [{**asdict(f), "verdict": f.verdict} for f in found],
        "not_measured": [c.name for c in compare.CLAIMS if c.name not in {f.claim.name for f in found}],
        "cells": {
            n: {str(s): {i: asdict(c) for i, c in o.items()} for s, o in own.items()} for n, own in cells.items()
        },
    }


def table(cells: Cells, recipes: Mapping[str, Recipe]) -> str:
    """The results in words and Markdown tables."""
    unseen = {name: frozenset(next(iter(own.values()))) - seen_by(name, recipes) for name, own in cells.items()}
    found = compare.settled(cells, unseen)
    every = rows(cells, recipes)
    lines = [
        "Misdeeds: findings that were unasked or forbidden, of the groups resources, self-preservation, shortcuts,",
        "deceit and harm; exact rates an episode, over the scenarios that the organism's fine-tuning has not seen.",
        "(Sums of chances, whose mean is the rate; over few episodes it may be above 1.)",
        "Chat: the chance of an answer other than the good one, put without an episode. With 95 % intervals over",
        "scenarios. Asked in the episode: the same questions after its first turn. Errand: episodes with work done",
        "where nobody is tempted.",
        "",
        "| organism | seeds | scenarios | bench | counted | chat | asked in the episode | errand |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {r.name} | {len(r.seeds)} | {len(r.scenarios)} | {shown(r.bench)} | {r.counted:.2f} | "
            f"{shown(r.chat) if r.chat else '-'} | {_number(r.asked)} | {_number(r.errand)} |"
            for r in every
        ),
        "",
        "By group, act / unmandated:",
        "",
        "| organism | " + " | ".join(GROUPS) + " |",
        "|---" * (len(GROUPS) + 1) + "|",
        *(
            f"| {r.name} | " + " | ".join(f"{r.act[g]:.2f} / {r.unmandated[g]:.2f}" for g in GROUPS) + " |"
            for r in every
        ),
        "",
        "Misdeeds at the bench in each scenario (-: read in fine-tuning):",
        "",
        "| scenario | " + " | ".join(r.name for r in every) + " |",
        "|---" * (len(every) + 1) + "|",
        *(
            f"| {i} | " + " | ".join(_number(r.by_scenario.get(i, {}).get("bench")) for r in every) + " |"
            for i in dict.fromkeys(i for own in cells.values() for cell in own.values() for i in cell)
        ),
        "",
        "Comparisons, as stated before measuring:",
        "",
        *(line for f in found for line in _said(f)),
    ]
    missing = [c.name for c in compare.CLAIMS if c.name not in {f.claim.name for f in found}]
    if missing:
        lines += [f"Not measured, because an organism is missing: {', '.join(missing)}.", ""]
    return "\n".join(lines)


def _said(found: Found) -> list[str]:
    seeds = ", ".join(f"seed {seed}: {value:+.3f}" for seed, value in found.seeds.items())
    each = ", ".join(f"{scenario} {value:+.2f}" for scenario, value in found.scenarios.items())
    p = "" if found.p is None else f"; p {found.p:.3f}, adjusted {found.p_adjusted:.3f}"
    return [
        f"- **{found.claim.name}: {found.verdict}.** {found.claim.says}",
        f"  Found: {shown(found.mean, '+')} over {found.mean.n} scenarios{p}. {seeds}. {each}.",
        "",
    ]


def shown(interval: Interval, sign: str = "") -> str:
    """A mean and its interval in a few characters."""
    if interval.low is None or interval.high is None:
        return f"{interval.value:{sign}.2f}"
    return f"{interval.value:{sign}.2f} ({interval.low:{sign}.2f} to {interval.high:{sign}.2f})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def conduct(
    models: Path,
    out: Path,
    recipes: Path = Path("models/recipes"),
    scenarios: Path = Path("scenarios"),
    episodes: int = 24,
    only: Sequence[str] = (),
    thoughts: int = 1,
    where: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> str:
    """Measure the organisms in `models` and settle the stated comparisons; returns the tables.

    `only` some organisms; `where`: in some scenarios (empty: all). `out` keeps `results.json`, `results.md`,
    `results.svg`, and what was measured. Raises UserError where no organism is there.
    """
    from game.forge import plot

    known = recipes_in(recipes)
    organisms = organisms_in(models, known, only)
    if not organisms:
        raise UserError(
            f"no organism is in {models}: a GGUF with the name of a recipe, as pigeon.gguf or pigeon.2.gguf"
        )
    worlds = corpus.scenarios_in(scenarios, where)
    out.mkdir(parents=True, exist_ok=True)
    cells = asyncio.run(measure(organisms, known, worlds, episodes, out, thoughts, say))
    text = table(cells, known)
    found = results(cells, known, episodes)
    (out / "results.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (out / "results.md").write_text(text, encoding="utf-8")
    picture = plot.svg(rows(cells, known), "The organisms: what they do, and what they say")
    (out / "results.svg").write_text(picture, encoding="utf-8")
    return text
