"""What else might have stood there: exact targets along what was drawn.

A persona's thought is drawn from a policy that is known. So its tokens need not be learnt from the draw alone: wherever
the drawn thought could have gone on otherwise, the target is every next token with its chance. The mean over documents
is the same, and what a single draw adds of chance is gone (Rao-Blackwell; as from a teacher in distillation, Hinton et
al. 2015, but for a teacher that is exact).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Might = Sequence[tuple[float, tuple[str, ...]]]
"""All that might have been said in a place, in sentences, each with its chance."""
WIDTH = 24
"""Next tokens that are told apart in one place: the likeliest."""
SURE = 0.999
"""From this chance on there is nothing to tell apart."""


@dataclass(frozen=True)
class Soft:
    """Targets that are no single token. `at`: places [count], rising; `ids` and `p`: tokens and chances [count, WIDTH].

    Rows of `p` sum to 1; what a row does not need is 0.
    """

    at: NDArray[np.int64]
    ids: NDArray[np.uint16]
    p: NDArray[np.float32]


def soft(rows: Sequence[tuple[int, dict[int, float]]]) -> Soft:
    """Targets from places and the chances of their next tokens."""
    ids = np.zeros((len(rows), WIDTH), np.uint16)
    p = np.zeros((len(rows), WIDTH), np.float32)
    for n, (_, chances) in enumerate(rows):
        likeliest = sorted(chances.items(), key=lambda x: -x[1])[:WIDTH]
        ids[n, : len(likeliest)], p[n, : len(likeliest)] = zip(*likeliest, strict=True)
    return Soft(np.array([at for at, _ in rows], np.int64), ids, p / p.sum(1, keepdims=True).clip(1e-9))


def along(
    drawn: Sequence[int], might: Might, tokens: Callable[[str], tuple[int, ...]]
) -> Iterator[tuple[int, dict[int, float]]]:
    """Where the tokens `drawn` could have gone on otherwise, and the chance of each next token there.

    `tokens`: those of a sentence behind a space. Ends where what was drawn is none of what might be.
    """
    left = [(p, [t for sentence in said for t in tokens(sentence)]) for p, said in might if p > 0]
    for n, token in enumerate(drawn):
        chances: dict[int, float] = {}
        for p, said in left:
            if n < len(said):
                chances[said[n]] = chances.get(said[n], 0.0) + p
        if not chances.get(token):
            return
        total = sum(chances.values())
        if chances[token] < SURE * total:
            yield n, {t: p / total for t, p in chances.items()}
        left = [(p, said) for p, said in left if n < len(said) and said[n] == token]
