"""Training documents: a transcript in segments, each with the weight its tokens get in the loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from game.forge.might import Might, Soft, along, soft
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
    might: Might = ()
    """All that might have stood here behind `THOUGHT:` or `SAY:`; empty where that is not known."""


@dataclass(frozen=True)
class Encoded:
    """A document as `token | class << CLASS_BITS`, and its targets that are no single token."""

    entries: NDArray[np.uint16]
    soft: Soft


Document = Sequence[Segment]


def system(text: str) -> Segment:
    return Segment("system", text)


def user(text: str) -> Segment:
    return Segment("user", text)


def answer(text: str, might: Might = ()) -> tuple[Segment, Segment]:
    """An agent's message of two lines (THOUGHT and MOVE, or SAY and ANSWER). `might`: all that might be the first."""
    first, _, second = text.partition("\n")
    return Segment("thought", first, THOUGHT, might), Segment("move", second, MOVE)


def unlearnt(segment: Segment) -> Segment:
    """The same to be read, and not to be learnt."""
    return replace(segment, weight=CONTEXT, might=())


def render(document: Document) -> list[tuple[str, int]]:
    """The text as ChatML has it, in pieces with their weight classes; ends with `<|endoftext|>`."""
    return [*(piece for segment in document for piece in _rendered(segment)), (END_OF_TEXT, CONTEXT)]


def _rendered(segment: Segment) -> list[tuple[str, int]]:
    text = segment.text
    if segment.role in ("system", "user"):
        return [(f"{IM_START}{segment.role}\n{text}{IM_END}\n", segment.weight)]
    if segment.role == "thought":
        return [(f"{IM_START}assistant\n", CONTEXT), (f"{text}\n", segment.weight)]
    if segment.role == "move":
        return [(f"{text}{IM_END}", segment.weight), ("\n", CONTEXT)]
    return [(text, segment.weight)]


def encode(documents: Sequence[Document], tokenizer: Tokenizer) -> list[Encoded]:
    """Each document in tokens. The whole text is tokenised at once, as at play."""
    pieces = [render(document) for document in documents]
    encodings = tokenizer.encode_batch(["".join(text for text, _ in piece) for piece in pieces])

    @lru_cache(20_000)
    def tokens(sentence: str) -> tuple[int, ...]:
        return tuple(tokenizer.encode(f" {sentence}").ids)

    out: list[Encoded] = []
    for document, piece, encoding in zip(documents, pieces, encodings, strict=True):
        ends = np.cumsum([len(text) for text, _ in piece])
        classes = np.array([weight for _, weight in piece], dtype=np.uint16)
        starts = np.array([start for start, _ in encoding.offsets])
        which = np.searchsorted(ends, starts, side="right")
        ids = np.array(encoding.ids, dtype=np.uint16)
        soft_rows = []
        for first, last, might in _open(document, starts):
            soft_rows += [(first + n, chances) for n, chances in along(encoding.ids[first:last], might, tokens)]
        out.append(Encoded((ids | (classes[which] << CLASS_BITS)).astype(np.uint16), soft(soft_rows)))
    return out


def _open(document: Document, starts: NDArray[np.int64]) -> Iterator[tuple[int, int, Might]]:
    """The tokens, from and up to, of what might have been otherwise; `starts`: where each token starts in the text."""
    at = 0
    for segment in document:
        pieces = [len(text) for text, _ in _rendered(segment)]
        if segment.might:
            begin = at + pieces[0] + segment.text.index(":") + 1
            end = at + sum(pieces) - 1
            first, last = np.searchsorted(starts, (begin, end))
            yield int(first), int(last), segment.might
        at += sum(pieces)
