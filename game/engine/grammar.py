"""Masks for the free texts, by `llguidance`. Runs in the worker only.

A free text is one line without control characters; behind an option it also has no `"` and no
backslash, so that a line reads back without escapes. Grammars are compiled once for a model and
copied for each use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llguidance
import llguidance.llamacpp
import numpy as np
from numpy.typing import NDArray

from game.engine.errors import Refusal
from game.engine.protocol import FreeText

_NOT = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
MAX_LIMIT = 4_000
_SEEN = 512


class Grammars:
    """Compiled grammars of one model. `vocab`: the model's `Vocab`."""

    def __init__(self, vocab: Any) -> None:
        self._size = vocab.size
        self._tokenizer = llguidance.llamacpp.lltokenizer_from_vocab(
            vocab.pointer, eos_token=sorted(vocab.ends) or None
        )
        self._seen: dict[str, Any] = {}

    def lead(self, limit: int) -> Matcher:
        """A space, at most `limit` characters on one line, and the newline."""
        return self._matcher(rf"start: / [^{_NOT} ][^{_NOT}]{{0,{_bounded(limit) - 1}}}\n/")

    def free(self, texts: Sequence[FreeText]) -> Matcher:
        """What comes behind ` name="` of the first text: all of them, each with its closing quote."""
        parts: list[str] = []
        for i, text in enumerate(texts):
            if i:
                parts.append(f'"\\" {text.name}=\\""')
            parts.append(f"T{i}")
        rules = [rf'T{i}: /[^{_NOT}"\\ ][^{_NOT}"\\]{{0,{_bounded(t.limit) - 1}}}/' for i, t in enumerate(texts)]
        return self._matcher("start: " + " ".join(parts) + ' "\\""\n' + "\n".join(rules))

    def _matcher(self, lark: str) -> Matcher:
        compiled = self._seen.get(lark)
        if compiled is None:
            compiled = llguidance.LLMatcher(self._tokenizer, llguidance.LLMatcher.grammar_from_lark(lark), log_level=0)
            if compiled.is_error():
                raise Refusal("internal", f"a grammar does not compile: {compiled.get_error()[:200]}")
            if len(self._seen) >= _SEEN:
                self._seen.clear()
            self._seen[lark] = compiled
        return Matcher(compiled.deep_copy(), self._size)


def _bounded(limit: int) -> int:
    return max(1, min(limit, MAX_LIMIT))


class Matcher:
    """One free text in the making."""

    def __init__(self, matcher: Any, vocabulary: int) -> None:
        self._matcher = matcher
        self._vocabulary = vocabulary
        self._ready: NDArray[np.intp] | None = None

    @property
    def done(self) -> bool:
        """Whether the text is whole and nothing can follow."""
        return bool(self._matcher.is_stopped())

    def prepare(self) -> None:
        """Find out what may come next before it is asked for; on another thread, while the model computes."""
        if not self.done:
            self._ready = self.allowed()

    def allowed(self) -> NDArray[np.intp]:
        """The ids of the tokens that may come next, ascending."""
        if self._ready is not None:
            return self._ready
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        # As booleans: NumPy looks for them four times as fast as for bytes.
        return np.flatnonzero(np.unpackbits(bits, bitorder="little")[: self._vocabulary].view(np.bool_))

    def forced(self) -> list[int]:
        """Tokens that must come next, all of them, or none."""
        return list(self._matcher.compute_ff_tokens())

    def take(self, tokens: Sequence[int]) -> None:
        """Go on by `tokens`. Raises `Refusal("internal")` where the grammar does not allow them."""
        self._ready = None
        if not self._matcher.consume_tokens(list(tokens)):
            raise Refusal("internal", f"the grammar refused a token: {self._matcher.get_error()[:200]}")
