"""Where the engine's time goes, and how many tokens it evaluates: for `parkbench bench`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from game.engine.protocol import Spent


@dataclass
class Meter:
    """Sums since it was made. Times in seconds; a share of one is a share of `busy`."""

    busy: float = 0.0
    """In steps: all of what follows, and the rest of Python."""
    decode: float = 0.0
    """In `llama_decode`, for prompts and answers."""
    trees: float = 0.0
    """In evaluating options for propensities, `llama_decode` included."""
    masks: float = 0.0
    samples: float = 0.0
    steps: int = 0
    answers: int = 0
    prompt: int = 0
    """Tokens of prompts that were evaluated."""
    fed: int = 0
    """Tokens of answers that were evaluated (the last ones of an answer never are)."""
    written: int = 0
    """Tokens of answers."""
    options: int = 0
    """Nodes of option trees that were evaluated."""
    audited: bool = False
    prefixes: set[int] = field(default_factory=set)
    """Where `audited`: a hash of every prefix that an answer needed, so their number is the least there was to do."""

    def audit(self, tokens: list[int]) -> None:
        """Count what an answer held at its end."""
        key = 0
        for token in tokens if self.audited else ():
            key = hash((key, token))
            self.prefixes.add(key)

    def spent(self, id: int) -> Spent:
        """The sums as a message."""
        sums = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("prefixes", "audited")}
        return Spent(id, {**sums, "distinct": len(self.prefixes)})
