"""Where a shared worker is to be found: a port of this machine and a token, in a file that only its owner can read."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import platformdirs

from game.errors import UserError

HOST = "127.0.0.1"
VARIABLE = "PARKBENCH_ENGINE"
"""Names the file; games that are started with it share that worker."""


@dataclass(frozen=True)
class Address:
    """`token`: what both sides have to know; it never crosses the socket itself (HMAC challenge)."""

    port: int
    token: bytes


def hang_up(pipe: Connection[Any, Any]) -> None:
    """End a connection over a socket. Closing alone would not wake a thread that reads from it."""
    with contextlib.suppress(OSError):
        line = socket.socket(fileno=pipe.fileno())
        try:
            line.shutdown(socket.SHUT_RDWR)
        finally:
            line.detach()


def new_token() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(32)


def folder() -> Path:
    """The per-user folder of such files, made if it is not there, open to nobody else. Raises OSError."""
    # Not the runtime folder: where a system has none, that would be a name in /tmp which anybody can take first.
    path = Path(platformdirs.user_data_dir("parkbench")) / "run"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write(path: Path, address: Address) -> None:
    """Put an address into a file, whole or not at all, for its owner alone. Raises OSError."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
        json.dump({"port": address.port, "token": address.token.hex()}, file)
    beside.replace(path)


def read(path: Path) -> Address:
    """The address in a file. Raises UserError."""
    try:
        data = json.loads(path.read_text(encoding="ascii"))
        port, token = int(data["port"]), bytes.fromhex(data["token"])
    except OSError as e:
        raise UserError(f"{VARIABLE}: {path} can't be read: {e.strerror or e}; is that server still running?") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{VARIABLE}: {path} is not the address of a worker") from None
    if not 0 < port < 65536 or len(token) < 16:
        raise UserError(f"{VARIABLE}: {path} is not the address of a worker")
    return Address(port, token)


def named() -> Path | None:
    """The file that the environment names, if it names one."""
    path = os.environ.get(VARIABLE)
    return Path(path) if path else None
