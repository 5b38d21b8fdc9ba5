"""Counting tokens as the shipped models do, for the text budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from game import paths

CHARACTERS_A_TOKEN = 4
"""What an estimate takes for one token where the shipped tokenizer cannot be asked."""


@dataclass(frozen=True)
class Counter:
    """Measures texts in tokens. `estimate` is set where it guesses by their length."""

    count: Callable[[str], int]
    estimate: bool

    def __call__(self, text: str) -> int:
        return self.count(text)

    @property
    def unit(self) -> str:
        """What its numbers are, for messages."""
        return "tokens (an estimate: four characters each)" if self.estimate else "tokens"


def counter() -> Counter:
    """The shipped tokenizer's count where `models/tokenizer.json` and the tokenizers library are there."""
    file = paths.models() / "tokenizer.json"
    if file.is_file():
        try:
            from tokenizers import Tokenizer

            tokenizer: Any = Tokenizer.from_file(str(file))
        except Exception:  # the library raises bare Exception on a file that it can't read
            return Counter(estimate, True)
        return Counter(lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids), False)
    return Counter(estimate, True)


def estimate(text: str) -> int:
    """A quarter of the characters, rounded up."""
    return -(-len(text) // CHARACTERS_A_TOKEN)
