"""Shards of encoded documents, and rows of a fixed length drawn from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from game.forge.document import CLASS_BITS


@dataclass(frozen=True)
class Shard:
    """All documents of one kind, end to end. `starts` has one entry more than there are documents."""

    entries: NDArray[np.uint16]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def document(self, i: int) -> NDArray[np.uint16]:
        return self.entries[self.starts[i] : self.starts[i + 1]]


def save(path: Path, documents: Sequence[NDArray[np.uint16]]) -> None:
    """Write `path` (.npy) and the documents' bounds beside it (.starts.npy)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path.with_suffix(".starts.npy"), np.cumsum([0, *map(len, documents)], dtype=np.int64))
    np.save(path, np.concatenate(documents))


def read(path: Path) -> Shard:
    """One file's documents."""
    return Shard(np.load(path), np.load(path.with_suffix(".starts.npy")))


def shards(folder: Path, kind: str) -> list[Path]:
    """The files of a kind."""
    return sorted(p for p in folder.glob(f"{kind}-*.npy") if p.stem.removeprefix(f"{kind}-").isdigit())


def load(folder: Path, kind: str) -> Shard:
    """Every shard of a kind (`{kind}-N.npy`) in one. Raises FileNotFoundError if there is none."""
    paths = shards(folder, kind)
    if not paths:
        raise FileNotFoundError(2, f"no shards of kind {kind!r}: run the corpus step first", f"{folder}/{kind}-0.npy")
    starts, base = [np.zeros(1, np.int64)], 0
    read_in = [read(path) for path in paths]
    for shard in read_in:
        starts.append(shard.starts[1:] + base)
        base += int(shard.starts[-1])
    return Shard(np.concatenate([shard.entries for shard in read_in]), np.concatenate(starts))


@dataclass(frozen=True)
class Batch:
    """Tokens [rows, length], and what is predicted: flat positions, the tokens after them, their weights [count].

    Only some positions are predicted: the output layer is a quarter of the work, and most of a
    transcript is what the agent reads.
    """

    tokens: NDArray[np.int64]
    where: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float32]


def draw(
    shards: Mapping[str, Shard],
    mix: Mapping[str, float],
    class_weights: Sequence[float],
    rows: int,
    length: int,
    seed: Sequence[int],
    predict: float = 1.0,
) -> Batch:
    """`rows` rows, each of one kind, drawn from `seed` alone, so that a resumed run sees the same ones.

    A row is whole documents end to end from its first position; the last is cut where the row ends.
    The share `predict` of positions is predicted: the agent's first, then context at random.
    """
    rng = np.random.default_rng(list(seed))
    kinds = list(mix)
    chances = np.array([mix[kind] for kind in kinds], float)
    # Shares are of rows. Laid out by systematic sampling, so that every batch holds near the mix.
    points = (np.arange(rows) + rng.random()) / rows
    which = np.searchsorted(np.cumsum(chances / chances.sum()), points).clip(max=len(kinds) - 1)
    out = np.zeros((rows, length + 1), np.uint16)
    for row, k in enumerate(which):
        shard = shards[kinds[k]]
        at = 0
        while at <= length:
            document = shard.document(int(rng.integers(len(shard))))[: length + 1 - at]
            out[row, at : at + len(document)] = document
            at += len(document)
    tokens = (out & ((1 << CLASS_BITS) - 1)).astype(np.int64)
    classes = (out >> CLASS_BITS)[:, 1:].ravel()
    order = np.argsort((classes == 0) + rng.random(classes.size) / 2, kind="stable")
    where = np.sort(order[: round(predict * classes.size)])
    weights = np.asarray(class_weights, np.float32)[classes[where]]
    return Batch(tokens[:, :-1], where, tokens[:, 1:].ravel()[where], weights)
