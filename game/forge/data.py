"""Shards of encoded documents, and rows of a fixed length drawn from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from game.forge.document import CLASS_BITS, Encoded
from game.forge.might import WIDTH, Soft, soft


@dataclass(frozen=True)
class Shard:
    """All documents of one kind, end to end. `starts` has one entry more than there are documents."""

    entries: NDArray[np.uint16]
    starts: NDArray[np.int64]
    soft: Soft

    def __len__(self) -> int:
        return len(self.starts) - 1

    def document(self, i: int) -> NDArray[np.uint16]:
        return self.entries[self.starts[i] : self.starts[i + 1]]


def save(path: Path, documents: Sequence[Encoded]) -> None:
    """Write `path` (.npy), and beside it the documents' bounds (.starts.npy) and soft targets (.soft.npz)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    starts = np.cumsum([0, *(len(one.entries) for one in documents)], dtype=np.int64)
    whole = _joined([one.soft for one in documents], starts)
    np.save(path.with_suffix(".starts.npy"), starts)
    np.savez(path.with_suffix(".soft.npz"), at=whole.at, ids=whole.ids, p=whole.p)
    np.save(path, np.concatenate([one.entries for one in documents]))


def written(path: Path) -> bool:
    """Whether `path` was saved whole."""
    return path.exists() and path.with_suffix(".soft.npz").exists()


def _joined(parts: Sequence[Soft], starts: Sequence[int] | NDArray[np.int64]) -> Soft:
    """Soft targets of texts that are laid end to end; `starts`: where each begins."""
    if not parts:
        return soft([])
    at = np.concatenate([part.at + start for part, start in zip(parts, starts, strict=False)])
    return Soft(at, np.concatenate([part.ids for part in parts]), np.concatenate([part.p for part in parts]))


def read(path: Path) -> Shard:
    """One file's documents."""
    with np.load(path.with_suffix(".soft.npz")) as found:
        return Shard(
            np.load(path), np.load(path.with_suffix(".starts.npy")), Soft(found["at"], found["ids"], found["p"])
        )


def shards(folder: Path, kind: str) -> list[Path]:
    """The files of a kind."""
    return sorted(p for p in folder.glob(f"{kind}-*.npy") if p.stem.removeprefix(f"{kind}-").isdigit() and written(p))


def load(folder: Path, kind: str) -> Shard:
    """Every shard of a kind (`{kind}-N.npy`) in one. Raises FileNotFoundError if there is none."""
    paths = shards(folder, kind)
    if not paths:
        raise FileNotFoundError(2, f"no shards of kind {kind!r}: run the corpus step first", f"{folder}/{kind}-0.npy")
    read_in = [read(path) for path in paths]
    bases = np.cumsum([0, *(len(shard.entries) for shard in read_in)], dtype=np.int64)
    starts = [np.zeros(1, np.int64), *(s.starts[1:] + base for s, base in zip(read_in, bases, strict=False))]
    entries = np.concatenate([shard.entries for shard in read_in])
    return Shard(entries, np.concatenate(starts), _joined([shard.soft for shard in read_in], bases))


@dataclass(frozen=True)
class Batch:
    """Tokens [rows, length], and what is predicted: flat positions, the tokens after them, their weights [count].

    `ids` and `p` [count, WIDTH] are the tokens that might follow, and their chances: mostly the one that does. Only
    some positions are predicted: the output layer is a quarter of the work, and most of a transcript is what the agent
    reads.
    """

    tokens: NDArray[np.int64]
    where: NDArray[np.int64]
    targets: NDArray[np.int64]
    ids: NDArray[np.int64]
    p: NDArray[np.float32]
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
    open_at: list[tuple[int, Soft, int]] = []
    for row, k in enumerate(which):
        shard = shards[kinds[k]]
        at = 0
        while at <= length:
            which_one = int(rng.integers(len(shard)))
            document = shard.document(which_one)[: length + 1 - at]
            out[row, at : at + len(document)] = document
            start = int(shard.starts[which_one])
            first, last = np.searchsorted(shard.soft.at, (start, start + len(document)))
            open_at += [
                (row * length + at + int(shard.soft.at[n]) - start - 1, shard.soft, n) for n in range(first, last)
            ]
            at += len(document)
    tokens = (out & ((1 << CLASS_BITS) - 1)).astype(np.int64)
    classes = (out >> CLASS_BITS)[:, 1:].ravel()
    order = np.argsort((classes == 0) + rng.random(classes.size) / 2, kind="stable")
    where = np.sort(order[: round(predict * classes.size)])
    weights = np.asarray(class_weights, np.float32)[classes[where]]
    targets = tokens[:, 1:].ravel()[where]
    ids, p = np.zeros((len(where), WIDTH), np.int64), np.zeros((len(where), WIDTH), np.float32)
    ids[:, 0], p[:, 0] = targets, 1
    place = dict(zip(where.tolist(), range(len(where)), strict=True))
    for flat, shard_soft, n in open_at:
        if flat in place:
            ids[place[flat]], p[place[flat]] = shard_soft.ids[n], shard_soft.p[n]
    return Batch(tokens[:, :-1], where, targets, ids, p, weights)
