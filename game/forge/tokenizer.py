"""The organisms' tokenizer: byte-level BPE in which every pool word is one token.

Two phases share one table of merges. First the word list alone is merged until every word is a
single token; those merges rank highest, so nothing can break a word. Then prose adds merges of its
own, but never a space and a pool word: `Mira` is the same token after a space, `=` and a newline,
so a name can be copied token by token from wherever it stands. Digits stay single. llama.cpp reads
the result as `tokenizer.ggml.pre = "smollm"` (same splitting rules; `parity.py` compares).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer, pre_tokenizers

END_OF_TEXT = "<|endoftext|>"
IM_START = "<|im_start|>"
IM_END = "<|im_end|>"
SPECIALS = (END_OF_TEXT, IM_START, IM_END)
SIZE = 5120
"""Entries. 256 bytes, about 3,400 for 2,050 words, and the rest for prose."""

_SPACE = "Ġ"
Pair = tuple[str, str]
Pieces = dict[tuple[str, ...], int]


def splitter() -> pre_tokenizers.PreTokenizer:
    """llama.cpp's `smollm`: individual digits, then GPT-2's pattern over bytes."""
    # Here and below: what only measures needs no tokenizer, and so not the extra.
    from tokenizers import pre_tokenizers

    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )


def train(texts: Iterable[str], words: Sequence[str], size: int = SIZE) -> Tokenizer:
    """A tokenizer of exactly `size` entries (fewer if the texts run out of pairs).

    Raises ValueError if the words alone need more than `size` entries.
    """
    from tokenizers import pre_tokenizers

    split = splitter()
    prose: Counter[str] = Counter()
    for text in texts:
        prose.update(piece for piece, _ in split.pre_tokenize_str(text))
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    room = size - len(SPECIALS) - len(alphabet)
    pool = list(dict.fromkeys(words))
    merges, _ = _merge({tuple(word): 1 for word in pool}, [], room, frozenset())
    if len(merges) >= room:
        raise ValueError(f"{len(pool)} words need more than {size} tokens: shorten the list")
    barred = frozenset(_SPACE + word for word in pool)
    merges, _ = _merge(_apply({tuple(p): n for p, n in prose.items()}, merges), merges, room, barred)
    tokens = [*SPECIALS, *alphabet, *(a + b for a, b in merges)]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    return assembled(list(vocabulary), merges)


def assembled(tokens: Sequence[str], merges: Sequence[Pair]) -> Tokenizer:
    """The tokenizer of these entries, in the order of their ids, and these merges, in the order of their ranks."""
    from tokenizers import Tokenizer, decoders
    from tokenizers.models import BPE

    tokenizer = Tokenizer(BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=list(merges)))
    tokenizer.pre_tokenizer = splitter()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIALS))
    return tokenizer


def load(path: Path) -> Tokenizer:
    """The tokenizer that `train` made and `Tokenizer.save` wrote."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(path))


def _replace(piece: tuple[str, ...], a: str, b: str) -> tuple[str, ...]:
    out: list[str] = []
    i = 0
    while i < len(piece):
        if i + 1 < len(piece) and piece[i] == a and piece[i + 1] == b:
            out.append(a + b)
            i += 2
        else:
            out.append(piece[i])
            i += 1
    return tuple(out)


def _apply(pieces: Pieces, merges: Sequence[Pair]) -> Pieces:
    """The pieces as the merges so far cut them: lowest rank first, as every BPE reader does."""
    rank = {pair: i for i, pair in enumerate(merges)}
    done: Counter[tuple[str, ...]] = Counter()
    for piece, count in pieces.items():
        while len(piece) > 1:
            best = min(pairwise(piece), key=lambda p: rank.get(p, len(rank)))
            if best not in rank:
                break
            piece = _replace(piece, *best)
        done[piece] += count
    return dict(done)


def _merge(pieces: Pieces, merges: list[Pair], room: int, barred: frozenset[str]) -> tuple[list[Pair], Pieces]:
    """Merge the most frequent pair until no pair is left or `room` tokens are made.

    Ties go to the pair that sorts last, so that the result does not depend on dictionary order.
    """
    merges = list(merges)
    made = {a + b for a, b in merges}
    counts: Counter[Pair] = Counter()
    where: dict[Pair, set[int]] = {}
    cut = list(pieces)
    times = [pieces[piece] for piece in cut]
    for i, piece in enumerate(cut):
        _count(counts, where, piece, times[i], i)
    while len(made) < room:
        legal = (p for p in counts if counts[p] > 0 and p[0] + p[1] not in barred)
        best = max(legal, key=lambda p: (counts[p], p), default=None)
        if best is None:
            break
        merges.append(best)
        made.add(best[0] + best[1])
        for i in sorted(where[best]):
            _count(counts, where, cut[i], -times[i], i)
            cut[i] = _replace(cut[i], *best)
            _count(counts, where, cut[i], times[i], i)
        counts.pop(best, None)
    return merges, dict(zip(cut, times, strict=True))


def _count(counts: Counter[Pair], where: dict[Pair, set[int]], piece: tuple[str, ...], times: int, at: int) -> None:
    for pair in pairwise(piece):
        counts[pair] += times
        where.setdefault(pair, set()).add(at)
