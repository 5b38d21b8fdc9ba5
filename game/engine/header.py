"""Reads a GGUF's header without loading it: is it whole, what is in it. A GGUF is untrusted input.

Every count and length in the file is checked against the file's size before it is used, so a
hostile header costs a bounded time and no memory to speak of.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from game.engine.errors import EngineError

_SCALAR = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_KEYS = 65_536
_MAX_TENSORS = 65_536
_MAX_ITEMS = 8_000_000
_MAX_TEXT = 4 * 1024 * 1024
_BLOCK = {
    # ggml type id: (elements in a block, bytes of a block); an unknown type is left to llama.cpp
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 30: (1, 2),
}  # fmt: skip

Value = str | int | float | bool


@dataclass(frozen=True)
class Header:
    """What a GGUF says about itself. `values`: its scalar metadata; `types`: ggml type ids of its tensors."""

    size: int
    values: dict[str, Value]
    types: frozenset[int]
    tensors: int

    @property
    def quantised(self) -> bool:
        """Whether any tensor is stored in a block format (not F32, F16, BF16, F64 or plain integers)."""
        return any(t not in (0, 1, 24, 25, 26, 27, 28, 30) for t in self.types)


class _Short(Exception):
    """The file ends, or claims something impossible, at `what`."""


class _Reader:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.size = file, size

    def take(self, n: int) -> bytes:
        got = self.file.read(n)
        if len(got) != n:
            raise _Short
        return got

    def skip(self, n: int) -> None:
        if n < 0 or self.file.tell() + n > self.size:
            raise _Short
        self.file.seek(n, 1)

    def number(self, fmt: str) -> int:
        return int(struct.unpack("<" + fmt, self.take(struct.calcsize("<" + fmt)))[0])

    def text(self) -> str:
        n = self.number("Q")
        if n > self.size - self.file.tell() or n > _MAX_TEXT:
            raise _Short
        return self.take(n).decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> Value | None:
        """One metadata value; arrays are skipped and give None."""
        if kind in _SCALAR:
            fmt = "<" + _SCALAR[kind]
            got: Value = struct.unpack(fmt, self.take(struct.calcsize(fmt)))[0]
            return got
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY or depth > 1:
            raise _Short
        inner, n = self.number("I"), self.number("Q")
        if n > _MAX_ITEMS:
            raise _Short
        if inner in _SCALAR:
            self.skip(n * struct.calcsize("<" + _SCALAR[inner]))
        elif inner == _STRING:
            for _ in range(n):
                self.skip(self.number("Q"))
        else:
            for _ in range(n):
                self.value(inner, depth + 1)
        return None


def read_header(path: str | Path) -> Header:
    """Read and check the header of the GGUF at `path`.

    Raises `EngineError` of kind `model` where the file is missing, is no GGUF, or is shorter
    than its own header says.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise EngineError("model", f"{path} is a folder, not a GGUF file")
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise EngineError("model", f"{path} is not a GGUF file")
            reader = _Reader(file, size)
            try:
                return _read(reader, size, path)
            except (_Short, struct.error):
                raise EngineError(
                    "model", f"{path} is truncated or damaged: it ends inside its own header ({size:,} bytes)"
                ) from None
    except FileNotFoundError:
        raise EngineError("model", f"there is no model file at {path}") from None
    except OSError as e:
        raise EngineError("model", f"{path} can't be read: {e.strerror or e}") from None


def _read(reader: _Reader, size: int, path: Path) -> Header:
    version = reader.number("I")
    if version not in (2, 3):
        raise EngineError("model", f"{path} is a GGUF of version {version}; this program reads versions 2 and 3")
    tensors, keys = reader.number("Q"), reader.number("Q")
    if tensors > _MAX_TENSORS or keys > _MAX_KEYS:
        raise _Short
    values: dict[str, Value] = {}
    for _ in range(keys):
        key = reader.text()
        value = reader.value(reader.number("I"))
        if value is not None:
            values[key] = value
    types: set[int] = set()
    end = 0
    for _ in range(tensors):
        reader.text()
        rank = reader.number("I")
        if rank > 8:
            raise _Short
        elements = 1
        for _ in range(rank):
            elements *= reader.number("Q")
        kind, offset = reader.number("I"), reader.number("Q")
        types.add(kind)
        per, width = _BLOCK.get(kind, (1, 0))
        end = max(end, offset + elements // per * width)
    align = values.get("general.alignment", 32)
    align = align if isinstance(align, int) and align > 0 else 32
    start = -(-reader.file.tell() // align) * align
    if start + end > size:
        raise EngineError("model", f"{path} is truncated: it has {size:,} bytes and its header wants {start + end:,}")
    return Header(size=size, values=values, types=frozenset(types), tensors=tensors)
