"""The corpus: documents of every kind, written by several processes, encoded, cached as shards.

`make_tokenizer` comes first (it reads a sample of every kind), then `make_corpus`. Both write
below one folder, which git ignores: `tokenizer.json`, `corpus/{kind}-{part}.npy`, and the same
again as `heldout-{kind}` from seeds that training never sees.
"""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from game.forge import data, rows, tokenizer
from game.forge.document import Document, encode, render
from game.forge.episodes import episode
from game.forge.sources import Source
from game.forge.words import NAMES, VERBS, WORDS
from game.scenario.load import load
from game.scenario.schema import Scenario

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PART = 500
"""Documents a shard: small enough that two processes end together."""
HELD_OUT = 200
"""Held-out documents of each kind."""
HELD_OUT_SEED = 900_000_000
"""Held-out worlds are dealt from seeds above this, training worlds from seeds below."""
SAMPLE = 250
"""Documents of each kind that the tokenizer's prose is counted in."""


def scenarios_in(folder: Path, only: Sequence[str] = ()) -> dict[str, Scenario]:
    """The scenarios of a folder by id: all, or `only` those."""
    found = [load(path.parent).scenario for path in sorted(folder.glob("*/scenario.yaml"))]
    return {scenario.id: scenario for scenario in found if not only or scenario.id in only}


def pool_words(scenarios: Mapping[str, Scenario]) -> list[str]:
    """All words that may be a name: the broad list, and what the scenarios' own pools are made of."""
    own = {option for s in scenarios.values() for pool in s.noise.values() for option in pool}
    words = {word for option in own for word in re.findall("[A-Za-z]+", option) if word == option or word[0].isupper()}
    return list(dict.fromkeys([*WORDS, *NAMES, *VERBS, *sorted(words)]))


def document(kind: str, seed: int, scenarios: Mapping[str, Scenario], source: Source | None = None) -> Document:
    """The document of a kind that a seed gives: by the recipe's `source`, a maker of `rows`, or a scenario's id."""
    if source is not None:
        return source.write(scenarios, seed)
    if kind in rows.MAKERS:
        return rows.MAKERS[kind](Random(f"{seed}/{kind}"))
    return episode(scenarios[kind], seed)


def text_of(doc: Document) -> str:
    """A document as the model reads it, markers and all."""
    return "".join(text for text, _ in render(doc))


def _prose(doc: Document) -> list[str]:
    """The document's texts between the markers, which are tokens of their own."""
    return re.split("|".join(map(re.escape, tokenizer.SPECIALS)), text_of(doc))


def make_tokenizer(scenario_folder: Path, folder: Path, only: Sequence[str] = ()) -> Tokenizer:
    """Train the tokenizer on a sample of every kind and save it as `tokenizer.json`."""
    scenarios = scenarios_in(scenario_folder, only)
    kinds = [*rows.MAKERS, *scenarios]
    texts = [text for kind in kinds for seed in range(SAMPLE) for text in _prose(document(kind, seed, scenarios))]
    made = tokenizer.train(texts, pool_words(scenarios))
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"))
    return made


@dataclass(frozen=True)
class Job:
    """A shard to write: `count` documents of a kind from consecutive seeds, in worlds of `only` these scenarios."""

    name: str
    kind: str
    first: int
    count: int
    only: tuple[str, ...] = ()
    source: Source | None = None


def _part(task: tuple[Job, Path, Path]) -> tuple[str, int]:
    """Write one shard. Returns its name and tokens."""
    job, scenario_folder, folder = task
    made = tokenizer.load(folder / "tokenizer.json")
    scenarios = {} if job.kind in rows.MAKERS else scenarios_in(scenario_folder, job.only)
    encoded = encode([document(job.kind, job.first + i, scenarios, job.source) for i in range(job.count)], made)
    data.save(folder / "corpus" / f"{job.name}.npy", encoded)
    return job.name, sum(len(one.entries) for one in encoded)


def jobs(
    counts: Mapping[str, int],
    scenario_folder: Path,
    only: Sequence[str] = (),
    written: Mapping[str, Source] = {},
    held_out: int = 0,
) -> list[Job]:
    """The shards to write. `episodes` in `counts` stands for as many of every scenario; `written`: the recipe's own."""
    kinds = {kind: counts[kind] for kind in counts if kind != "episodes"}
    if "episodes" in counts:
        kinds |= dict.fromkeys(scenarios_in(scenario_folder, only), counts["episodes"])
    out = []
    for kind, count in kinds.items():
        source = written.get(kind)
        seen = tuple(source.scenarios or only) if source else (kind,)
        out.append(Job(f"heldout-{kind}-0", kind, HELD_OUT_SEED, held_out or HELD_OUT, seen, source))
        for part, first in enumerate(range(0, count, PART)):
            out.append(Job(f"{kind}-{part}", kind, first, min(PART, count - first), seen, source))
    return out


def make_corpus(
    counts: Mapping[str, int],
    scenario_folder: Path,
    folder: Path,
    *,
    only: Sequence[str] = (),
    written: Mapping[str, Source] = {},
    processes: int = 2,
    fresh: bool = False,
    held_out: int = 0,
    say: Callable[[str], None] = print,
) -> int:
    """Write every shard that is not there yet; `fresh`: also every scenario's, whose texts may have changed.

    `held_out`: documents of each kind for the probes (0: `HELD_OUT`). Returns the number of tokens written.
    """
    planned = jobs(counts, scenario_folder, only, written, held_out)
    todo = [job for job in planned if not _written(folder, job.name) or (fresh and job.kind not in rows.MAKERS)]
    tasks = [(job, scenario_folder, folder) for job in todo]
    total = 0
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for done, (name, tokens) in enumerate(pool.imap_unordered(_part, tasks), 1):
            total += tokens
            say(f"{done}/{len(todo)} {name}: {tokens} tokens")
    return total


def _written(folder: Path, name: str) -> bool:
    return data.written(folder / "corpus" / f"{name}.npy")


def kinds_of(mix: Mapping[str, float], scenario_ids: Sequence[str]) -> dict[str, float]:
    """A recipe's mix with `episodes` shared out evenly among the scenarios; one that is named has its share on top."""
    out = {kind: share for kind, share in mix.items() if kind != "episodes"}
    for i in scenario_ids if "episodes" in mix else ():
        out[i] = out.get(i, 0.0) + mix["episodes"] / len(scenario_ids)
    return out
