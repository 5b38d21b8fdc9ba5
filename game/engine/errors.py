"""The one error of the engine: a kind from a fixed vocabulary, and one clear line for a person."""

from __future__ import annotations

from typing import Literal

Kind = Literal["model", "template", "truncated", "cancelled", "request", "internal", "died"]
"""`died` is the client's own: the worker process is gone. All others also come as `Failed.kind`."""

FailedKind = Literal["model", "template", "truncated", "cancelled", "request", "internal"]


class EngineError(Exception):
    """A request that got no answer. `kind` is fixed vocabulary, `says` is one line for a person."""

    def __init__(self, kind: Kind, says: str) -> None:
        super().__init__(says)
        self.kind: Kind = kind
        self.says = says


class Refusal(Exception):
    """Raised inside the worker; becomes a `Failed` message with the same kind and line."""

    def __init__(self, kind: FailedKind, says: str) -> None:
        super().__init__(says)
        self.kind: FailedKind = kind
        self.says = says
