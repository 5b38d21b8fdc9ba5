"""LoRA adapters and control vectors over a loaded model. Runs in the worker only.

Both are untrusted files: their headers are checked before llama.cpp reads them (`check`, which
also runs in the program itself, so that a wrong file is told before anything starts).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from game.engine.errors import EngineError, Refusal
from game.engine.header import read_header
from game.engine.protocol import Weights

if TYPE_CHECKING:
    from game.engine.context import Context
    from game.engine.llama import Model


def check(weights: Weights) -> None:
    """Raises `EngineError` of kind `model` where the file is missing, damaged, or another kind of GGUF."""
    values = read_header(weights.path).values
    if weights.kind == "adapter" and (values.get("general.type"), values.get("adapter.type")) != ("adapter", "lora"):
        raise EngineError("model", f"{weights.path} is a GGUF, but no LoRA adapter")
    if weights.kind == "control" and values.get("general.architecture") != "controlvector":
        raise EngineError("model", f"{weights.path} is a GGUF, but no control vector")


class Loaded:
    """One condition, read once for a model. Adapters are freed with the model."""

    def __init__(self, model: Model, weights: Sequence[Weights]) -> None:
        """Raises `Refusal("model")` where a file does not fit the model."""
        self._scales: dict[str, tuple[object, float]] = {}
        """By adapter file: the same one twice counts with both its scales."""
        self._vector: NDArray[np.float32] | None = None
        for part in weights:
            try:
                check(part)
            except EngineError as e:
                raise Refusal("model", e.says) from None
            if part.kind == "adapter":
                lora, scale = self._scales.get(part.path, (model.lora(part.path), 0.0))
                self._scales[part.path] = lora, scale + part.scale
            else:
                more = _directions(part, model.width, model.layers) * np.float32(part.scale)
                self._vector = more if self._vector is None else self._vector + more

    def put(self, context: Context) -> None:
        """Let a context compute under this condition, from its next decode on."""
        if self._scales:
            context.set_loras(*zip(*self._scales.values(), strict=True))
        if self._vector is not None:
            context.set_control(self._vector)


def _directions(weights: Weights, width: int, layers: int) -> NDArray[np.float32]:
    """The vectors to add behind layers 1 to `layers` - 1, [layers - 1, width]; zero where the file has none."""
    import gguf

    out = np.zeros((layers - 1, width), np.float32)
    found = 0
    try:
        for tensor in gguf.GGUFReader(Path(weights.path)).tensors:
            name, _, number = tensor.name.partition(".")
            if name != "direction" or not number.isdigit():
                continue
            if tensor.tensor_type != gguf.GGMLQuantizationType.F32 or list(tensor.shape) != [width]:
                raise Refusal(
                    "model", f"{weights.path}: {tensor.name[:40]} is not of this model's width, {width}, in F32"
                )
            if 1 <= int(number) < layers:
                out[int(number) - 1] += tensor.data
                found += 1
    except Refusal:
        raise
    except Exception as e:
        raise Refusal("model", f"{weights.path} can't be read: {type(e).__name__}") from None
    if not found:
        raise Refusal("model", f"{weights.path} has no direction for a layer of this model")
    return out
