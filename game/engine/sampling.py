"""Drawing one token from logits: temperature, top-k, top-p, min-p, repetition penalty, one seeded stream.

Every drawn token takes one number of the request's own random stream (Philox, from
`sampler.seed`), so what is drawn for a request does not depend on what runs beside it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from game.engine.protocol import Sampler

Floats = NDArray[np.float64]


def log_softmax(logits: NDArray[np.float32]) -> Floats:
    """Natural log-probabilities along the last axis, in double precision."""
    x: Floats = logits.astype(np.float64)
    x -= x.max(axis=-1, keepdims=True)
    x -= np.log(np.exp(x).sum(axis=-1, keepdims=True))
    return x


def tempered(logits: NDArray[np.float32], temperature: float) -> Floats:
    """Probabilities of a few logits at a temperature; at 0 all of it on the first of the largest."""
    x: Floats = logits.astype(np.float64)
    if temperature <= 0:
        out = np.zeros_like(x)
        out[int(x.argmax())] = 1.0
        return out
    x = np.exp((x - x.max()) / temperature)
    x /= x.sum()
    return x


class Draws:
    """The random stream of one request, and the sampler settings that shape its free texts."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self._random = np.random.Generator(np.random.Philox(sampler.seed & (2**128 - 1)))

    def pick(self, p: Floats) -> int:
        """An index by its probability. Takes one number of the stream."""
        total = np.cumsum(p)
        return int(min(np.searchsorted(total, self._random.random() * total[-1], side="right"), len(p) - 1))

    def token(self, logits: NDArray[np.float32], allowed: NDArray[np.intp] | None, recent: Iterable[int] = ()) -> int:
        """One token of a free text.

        `logits`: [vocabulary]. `allowed`: token ids (ascending) or None for all. `recent`: ids that
        the repetition penalty lowers. As in llama.cpp, top-k, top-p and min-p cut the distribution
        at temperature 1, then the rest is tempered.
        """
        s = self.sampler
        if s.repeat_penalty != 1.0:
            seen = np.fromiter(set(recent), np.intp)
            if len(seen):
                logits = logits.copy()
                x = logits[seen]
                logits[seen] = np.where(x > 0, x / s.repeat_penalty, x * s.repeat_penalty)
        ids = allowed
        x = logits if ids is None else logits[ids]
        if s.temperature <= 0:
            self._random.random()
            i = int(x.argmax())
            return i if ids is None else int(ids[i])
        if s.top_k > 0 and s.top_k < len(x):
            keep = np.sort(np.argpartition(-x, s.top_k - 1)[: s.top_k])
            x, ids = x[keep], keep if ids is None else ids[keep]
        if s.min_p > 0:
            keep = np.flatnonzero(x >= x.max() + np.log(min(s.min_p, 1.0)))
            x, ids = x[keep], keep if ids is None else ids[keep]
        if s.top_p < 1:
            p = tempered(x, 1.0)
            order = np.argsort(-p, kind="stable")
            n = int(np.searchsorted(np.cumsum(p[order]), s.top_p)) + 1
            keep = np.sort(order[:n])
            x, ids = x[keep], keep if ids is None else ids[keep]
        i = self.pick(tempered(x, s.temperature))
        return i if ids is None else int(ids[i])
