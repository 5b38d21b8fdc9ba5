"""The file beside a save that holds what the engine has evaluated of a conversation: its tokens and their state.

llama.cpp trusts what it is handed back, and may end the process over bytes that are not its own. So a file is read only
where its code proves that this user's parkbench wrote it, whole, and its key that it belongs to this model under these
weights, this build and these settings. Anything else is as good as no file: the conversation is evaluated again.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MOST_BYTES = 2 * 2**30
"""Larger states are neither written nor read."""
WORTH = 2.0
"""Seconds of evaluating again that a write has to save: nobody minds less."""
DISK = 2e8
"""Bytes a second that a disk reads at the least, about."""
_HEAD = struct.Struct("<16s32sQQ")
_MAGIC = b"parkbench st 1\n\0"
_CODE = 32


@dataclass(frozen=True)
class State:
    """Tokens, and the bytes that `Context.state` gave for them."""

    tokens: list[int]
    data: NDArray[np.uint8]


def worth(new: float, all_of_it: float, size: int) -> bool:
    """Whether to write `size` bytes that would save `all_of_it` seconds, `new` of them since the last write."""
    return new >= WORTH and size <= MOST_BYTES and 2 * size / DISK <= all_of_it


def write(path: Path, key: str, secret: bytes, state: State) -> bool:
    """Put a state into a file, whole or not at all. False: it could not be written."""
    tokens = np.asarray(state.tokens, "<i4")
    head = _HEAD.pack(_MAGIC, _named(key, secret), len(tokens), len(state.data))
    parts = (head, tokens.tobytes(), state.data.data)
    beside = path.with_name(f".{path.name}.part")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor
            for part in parts:
                file.write(part)
            file.write(_code(secret, *parts))
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        return False
    return True


def read(path: Path, key: str, secret: bytes) -> State | None:
    """What a file holds; None where it is not there, damaged, somebody else's, or another model's."""
    try:
        size = path.stat().st_size
        if not _HEAD.size + _CODE <= size <= MOST_BYTES + 2**24:
            return None
        raw = np.fromfile(path, np.uint8)
    except OSError:
        return None
    body, code = raw[:-_CODE].data, raw[-_CODE:].tobytes()
    if len(raw) < _HEAD.size + _CODE or not hmac.compare_digest(_code(secret, body), code):
        return None
    magic, named, count, length = _HEAD.unpack(body[: _HEAD.size])
    if magic != _MAGIC or named != _named(key, secret) or _HEAD.size + 4 * count + length != len(body):
        return None
    at = _HEAD.size + 4 * count
    tokens = raw[_HEAD.size : at].view("<i4").tolist()
    return State(tokens, raw[at:-_CODE].copy())


def secret(folder: Path) -> bytes:
    """This user's own 32 bytes, made where there are none. Raises OSError."""
    path = folder / "state.key"
    with contextlib.suppress(FileNotFoundError):
        found = path.read_bytes()
        if len(found) == _CODE:
            return found
        path.unlink()
    made = secrets.token_bytes(_CODE)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(made)
    try:
        # Two that begin at once agree on the first.
        os.link(beside, path)
    except OSError:
        if not path.exists():
            beside.replace(path)
            return made
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    return path.read_bytes()


def _named(key: str, secret: bytes) -> bytes:
    """The key as the file has it: it tells nobody which model plays."""
    return hashlib.blake2b(key.encode(), key=secret, digest_size=32).digest()


def _code(secret: bytes, *parts: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(key=secret, digest_size=_CODE)
    for part in parts:
        digest.update(part)
    return digest.digest()
