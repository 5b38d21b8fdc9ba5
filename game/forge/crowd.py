"""The control's documents: the pieces of other documents dealt anew, so that each is by somebody else.

Nothing is played again. A piece begins with a system text; it changes places with another piece of
about its length, so that documents keep their shape and the corpus keeps its tokens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from game.forge import data
from game.forge.document import CLASS_BITS
from game.forge.tokenizer import IM_START

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LIKE = 40
"""Pieces that may change places with each other: that many neighbours by length."""
Entries = NDArray[np.uint16]


def pieces_of(document: Entries, opening: Sequence[int]) -> list[Entries]:
    """A document cut before every system text (whose tokens begin with `opening`); its end mark is left out."""
    ids = document & ((1 << CLASS_BITS) - 1)
    size = len(opening)
    first = np.flatnonzero(ids == opening[0])
    cuts = [int(i) for i in first if list(ids[i : i + size]) == list(opening)]
    ends = [*cuts[1:], len(document) - 1]
    return [document[a:b] for a, b in zip(cuts, ends, strict=True)]


def dealt_anew(documents: Sequence[Entries], tokenizer: Tokenizer, seed: int) -> list[Entries]:
    """As many documents of the same shapes, made of the same pieces."""
    opening = tokenizer.encode(f"{IM_START}system\n").ids
    cut = [pieces_of(document, opening) for document in documents]
    places = sorted(
        ((d, p) for d, own in enumerate(cut) for p in range(len(own))), key=lambda x: (len(cut[x[0]][x[1]]), x)
    )
    rng = np.random.default_rng(seed)
    by_place: dict[int, dict[int, Entries]] = defaultdict(dict)
    for start in range(0, len(places), LIKE):
        group = places[start : start + LIKE]
        for (d, p), k in zip(group, rng.permutation(len(group)), strict=True):
            source, piece = group[int(k)]
            by_place[d][p] = cut[source][piece]
    return [
        np.concatenate([*(by_place[d][p] for p in range(len(own))), documents[d][-1:]]) for d, own in enumerate(cut)
    ]


def write(parent: Path, kind: str, folder: Path, name: str, tokenizer: Tokenizer) -> int:
    """For every shard of `kind` in `parent` the same dealt anew, in `folder` as `name`. Returns the tokens."""
    total = 0
    for prefix in ("", "heldout-"):
        found = data.shards(parent, prefix + kind)
        if not found:
            raise FileNotFoundError(2, "no shards", f"{parent}/{prefix}{kind}-0.npy")
        for n, path in enumerate(found):
            shard = data.read(path)
            made = dealt_anew([shard.document(i) for i in range(len(shard))], tokenizer, n)
            data.save(folder / path.name.replace(f"{prefix}{kind}-", f"{prefix}{name}-"), made)
            total += sum(map(len, made))
    return total
