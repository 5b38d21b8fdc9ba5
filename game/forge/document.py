"""Training documents: a transcript in segments, each with the weight its tokens get in the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from game.forge.tokenizer import END_OF_TEXT, IM_END, IM_START

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Role = Literal["system", "user", "thought", "move", "raw"]
CONTEXT, THOUGHT, MOVE = 0, 1, 2
"""Weight classes; a recipe says what each weighs. What the agent read, what it thought, what it did."""
CLASS_BITS = 13
"""A shard's entry is `token | class << 13`: a vocabulary of at most 8,192 and its class in 16 bits."""


@dataclass(frozen=True)
class Segment:
    """A piece of a document. `thought` opens the agent's message and `move` closes it; `raw` has no role."""

    role: Role
    text: str
    weight: int = CONTEXT


Document = Sequence[Segment]


def system(text: str) -> Segment:
    return Segment("system", text)


def user(text: str) -> Segment:
    return Segment("user", text)


def answer(text: str) -> tuple[Segment, Segment]:
    """An agent's message of two lines (THOUGHT and MOVE, or SAY and ANSWER)."""
    first, _, second = text.partition("\n")
    return Segment("thought", first, THOUGHT), Segment("move", second, MOVE)


def render(document: Document) -> list[tuple[str, int]]:
    """The text as ChatML has it, in pieces with their weight classes; ends with `<|endoftext|>`."""
    out: list[tuple[str, int]] = []
    for segment in document:
        text = segment.text
        if segment.role in ("system", "user"):
            out.append((f"{IM_START}{segment.role}\n{text}{IM_END}\n", segment.weight))
        elif segment.role == "thought":
            out.append((f"{IM_START}assistant\n", CONTEXT))
            out.append((f"{text}\n", segment.weight))
        elif segment.role == "move":
            out.append((f"{text}{IM_END}", segment.weight))
            out.append(("\n", CONTEXT))
        else:
            out.append((text, segment.weight))
    out.append((END_OF_TEXT, CONTEXT))
    return out


def encode(documents: Sequence[Document], tokenizer: Tokenizer) -> list[NDArray[np.uint16]]:
    """Each document as `token | class << CLASS_BITS`. The whole text is tokenised at once, as at play."""
    pieces = [render(document) for document in documents]
    encodings = tokenizer.encode_batch(["".join(text for text, _ in piece) for piece in pieces])
    out: list[NDArray[np.uint16]] = []
    for piece, encoding in zip(pieces, encodings, strict=True):
        ends = np.cumsum([len(text) for text, _ in piece])
        classes = np.array([weight for _, weight in piece], dtype=np.uint16)
        starts = np.array([start for start, _ in encoding.offsets])
        which = np.searchsorted(ends, starts, side="right")
        ids = np.array(encoding.ids, dtype=np.uint16)
        out.append((ids | (classes[which] << CLASS_BITS)).astype(np.uint16))
    return out
