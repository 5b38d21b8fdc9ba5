"""Bytes of tokens to text as it streams: characters split over tokens are held back until whole."""

from __future__ import annotations

import codecs


class Detokenizer:
    """Feed it the bytes of each token; it gives the text that is complete by then."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, piece: bytes) -> str:
        return self._decoder.decode(piece)

    @property
    def pending(self) -> bool:
        """Whether a character has begun and not ended."""
        return bool(self._decoder.getstate()[0])

    def flush(self) -> str:
        """The rest: a replacement character where a character was never finished."""
        return self._decoder.decode(b"", final=True)
