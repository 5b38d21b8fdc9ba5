"""What a command line gives: numbers with their limits, and files to write."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

MOST = 10**9


def whole(least: int, most: int = MOST) -> Callable[[str], int]:
    """An argument that is a whole number from `least` to `most`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            limits = f"at least {least:,}" if most == MOST else f"from {least:,} to {most:,}"
            raise argparse.ArgumentTypeError(f"has to be a whole number, {limits}, not {text[:20]!r}")
        return value

    return read


def seed(text: str) -> int:
    """An argument that is a seed: any whole number of 64 bits."""
    try:
        value = int(text)
    except ValueError:
        value = 2**63
    if not -(2**63) <= value < 2**63:
        raise argparse.ArgumentTypeError(f"has to be a whole number of at most 18 digits, not {text[:20]!r}")
    return value


def temperature(text: str) -> float:
    """An argument that is a temperature."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 10:
        raise argparse.ArgumentTypeError(f"has to be a number from 0 to 10, not {text[:20]!r}")
    return value


def share(text: str) -> float:
    """An argument that is a share: above 0, at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"has to be a number above 0, at most 1, not {text[:20]!r}")
    return value


def write(path: str | Path, text: str) -> None:
    """Write a file that the command line named. Raises UserError for a wrong place, Failure for a full disk."""
    from game.errors import Failure, UserError

    try:
        with Path(path).open("w", encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
            except OSError as e:
                raise Failure(f"{path}: {e.strerror or e}") from None
    except OSError as e:
        raise UserError(f"{path}: cannot be written: {e.strerror or e}; name another place") from None
