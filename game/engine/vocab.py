"""A model's vocabulary: text to tokens and back. Runs in the worker only."""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp as c


class Vocab:
    """Text to tokens and back. Token ids are ints in `range(size)`."""

    def __init__(self, pointer: Any) -> None:
        self.pointer = pointer
        self.size: int = c.llama_vocab_n_tokens(pointer)
        self.bos: int = c.llama_vocab_bos(pointer)
        self.eos: int = c.llama_vocab_eos(pointer)
        self.eot: int = c.llama_vocab_eot(pointer)
        self.adds_bos: bool = bool(c.llama_vocab_get_add_bos(pointer)) and self.bos >= 0
        self._pieces: dict[int, bytes] = {}
        self.ends: frozenset[int] = frozenset(t for t in range(self.size) if c.llama_vocab_is_eog(pointer, t))

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """The canonical tokens of `text`, nothing added. With `special`, markers become their tokens."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        out = (c.llama_token * room)()
        n = c.llama_tokenize(self.pointer, data, len(data), out, room, False, special)
        if n < 0:
            out = (c.llama_token * -n)()
            n = c.llama_tokenize(self.pointer, data, len(data), out, -n, False, special)
        return list(out[:n])

    def tokens_after(self, anchor: str, text: str, *, special: bool = False) -> list[int]:
        """The tokens of `text` as they are behind `anchor`, where no space is put in front by SPM."""
        whole, before = self.tokens(anchor + text, special=special), self.tokens(anchor, special=special)
        if whole[: len(before)] == before:
            return whole[len(before) :]
        return self.tokens(text, special=special)

    def piece(self, token: int) -> bytes:
        """The bytes that `token` writes; control tokens write nothing."""
        got = self._pieces.get(token)
        if got is None:
            got = self._pieces[token] = self._piece(token, special=False)
        return got

    def _piece(self, token: int, special: bool) -> bytes:
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            n = c.llama_token_to_piece(self.pointer, token, buffer, room, 0, special)
            if n >= 0:
                return buffer.raw[:n]
            room = -n

    def marker(self, token: int) -> str:
        """The text of a special token, as a template writes it ("" where there is none)."""
        return "" if token < 0 else self._piece(token, special=True).decode("utf-8", "replace")

    def markers(self, template: str) -> list[str]:
        """Texts that must not be made by untrusted text: control tokens, and what the template uses."""
        found: list[str] = []
        for token in range(self.size):
            attr = c.llama_vocab_get_attr(self.pointer, token)
            control = attr & (c.LLAMA_TOKEN_ATTR_CONTROL | c.LLAMA_TOKEN_ATTR_UNKNOWN)
            if not control and not attr & c.LLAMA_TOKEN_ATTR_USER_DEFINED and token not in self.ends:
                continue
            text = self.marker(token)
            if len(text) > 1 and (control or token in self.ends or (text.strip() and text in template)):
                found.append(text)
        return found
