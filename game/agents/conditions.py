"""Weight-level conditions as they are written: `FILE[:SCALE]`, and names with `+adapter=` and `+control-vector=`.

`base.gguf+adapter=a.gguf:0.5+control-vector=c.gguf` is one agent: a model under a set, an adapter and a control vector
at once. Such a name stands wherever a model's name may, so also in saves. Instead of a FILE, an adapter may be named
that lies in a folder of adapters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from game import paths
from game.engine.errors import EngineError
from game.engine.protocol import Weights
from game.errors import UserError
from game.scenario import near
from game.text import one_line

ADAPTERS = "adapters"
"""A folder of what can be put over a model (`--adapter`), and is none; inside one with models."""
Kind = Literal["adapter", "control"]
WRITTEN: dict[str, Kind] = {"adapter": "adapter", "control-vector": "control"}
_PART = re.compile(r"\+(adapter|control-vector)=")


def adapters() -> dict[str, Path]:
    """The adapters that can be named: shipped ones first, then the player's own."""
    out: dict[str, Path] = {}
    for folder in (paths.models(), paths.user_models()):
        for path in sorted((folder / ADAPTERS).glob("*.gguf")):
            out.setdefault(path.stem, path)
    return out


def parts_of(name: str) -> tuple[str, tuple[Weights, ...]]:
    """The model's own name, and what is put over its weights. Raises UserError for a file that is wrong."""
    model, *rest = _PART.split(name)
    return model, tuple(weights_of(WRITTEN[kind], text) for kind, text in zip(rest[::2], rest[1::2], strict=True))


def written(model: str, adapters: Sequence[str], controls: Sequence[str]) -> str:
    """The name of `model` under all of these at once, with whole paths. Raises UserError."""
    parts = [weights_of("adapter", text) for text in adapters] + [weights_of("control", text) for text in controls]
    names = {kind: option for option, kind in WRITTEN.items()}
    return model + "".join(f"+{names[w.kind]}={Path(w.path).resolve()}:{w.scale:g}" for w in parts)


def short(parts: Sequence[Weights]) -> str:
    """What a model's short name has behind it under these: `+lora:0.5`."""
    scales = [f"{one_line(Path(w.path).stem)}{'' if w.scale == 1 else f':{w.scale:g}'}" for w in parts]
    return "".join(f"+{text}" for text in scales).replace(" ", "_").replace("/", "_")


def called(name: str) -> str:
    """A name as a person is shown it before anything is opened: of what is put over the model no paths."""
    model, *rest = _PART.split(name)
    parts = []
    for kind, text in zip(rest[::2], rest[1::2], strict=True):
        try:
            path, scale = _scaled(text)
        except ValueError:
            path, scale = text, 1.0
        parts.append(Weights(WRITTEN[kind], path, scale))
    return model + short(parts)


def _scaled(text: str) -> tuple[str, float]:
    """A path and the scale behind it; 1 where there is none. Raises ValueError where what is there is no number."""
    head, _, tail = text.rpartition(":")
    return (head, float(tail)) if head else (text, 1.0)


def weights_of(kind: Kind, text: str) -> Weights:
    """`FILE` or `FILE:SCALE`, or an adapter's name. Raises UserError where it is neither, or is none of this kind."""
    from game.engine.weights import check

    option = "--adapter" if kind == "adapter" else "--control-vector"
    try:
        path, scale = (text, 1.0) if Path(text).exists() else _scaled(text)
    except ValueError:
        raise UserError(f"{option} {one_line(text, 80)}: write it as FILE or FILE:SCALE, a number") from None
    if not math.isfinite(scale):
        raise UserError(f"{option} {one_line(text, 80)}: the scale has to be a number")
    file = Path(path).expanduser()
    if kind == "adapter" and file.suffix != ".gguf" and not file.exists():
        known = adapters()
        if path not in known:
            raise UserError(f'{option}: there is no file or adapter "{one_line(path, 60)}" ({near.hint(path, known)})')
        file = known[path]
    found = Weights(kind, str(file), scale)
    try:
        check(found)
    except EngineError as e:
        raise UserError(f"{option}: {one_line(e.says, 300)}") from None
    return found
