"""A GGUF of ours back as a PyTorch model and its tokenizer: the shipped file is all that further training needs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf.quants import dequantize
from tokenizers import Tokenizer

from game.forge.export import PARTS
from game.forge.model import EPS, HEAD, ROPE_BASE, Llama, Shape
from game.forge.tokenizer import SPECIALS, assembled

LARGEST = 1 << 15
"""Of any size that a header states: a file that says more is not ours, and would not fit in memory."""


def from_gguf(path: Path) -> tuple[Llama, Tokenizer]:
    """The model that `export` wrote to `path`, as exact as its quantisation, and the tokenizer it reads with.

    Raises ValueError for a file that is no GGUF, or a model of another make.
    """
    try:
        reader = gguf.GGUFReader(path)
        value: dict[str, Any] = {name: field.contents() for name, field in reader.fields.items()}
        model = Llama(_shape(value))
        model.load_state_dict(_weights(reader, model))
        made = assembled(value["tokenizer.ggml.tokens"], [pair(m) for m in value["tokenizer.ggml.merges"]])
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError, OverflowError, AssertionError) as e:
        raise ValueError(f"it is not a model that parkbench forge made ({e})") from None
    return model.eval(), made


def pair(merge: str) -> tuple[str, str]:
    """A merge as GGUF writes it, in its two parts."""
    a, b = merge.split(" ")
    return a, b


def _shape(value: dict[str, Any]) -> Shape:
    """The sizes that the header states. Raises ValueError where `Llama` computes something else."""
    fixed = {
        "general.architecture": "llama",
        "llama.rope.dimension_count": HEAD,
        "llama.attention.head_count_kv": value["llama.attention.head_count"],
        "tokenizer.ggml.pre": "smollm",
    }
    for key, wanted in fixed.items():
        if value[key] != wanted:
            raise ValueError(f"{key} is not {wanted}")
    for key, number in (("llama.rope.freq_base", ROPE_BASE), ("llama.attention.layer_norm_rms_epsilon", EPS)):
        if not math.isclose(value[key], number, rel_tol=1e-4):
            raise ValueError(f"{key} is not {number:g}")
    tokens = value["tokenizer.ggml.tokens"]
    if any(special not in tokens for special in SPECIALS):
        raise ValueError("its tokenizer is another")
    names = ("embedding_length", "block_count", "feed_forward_length", "context_length")
    sizes = [len(tokens), *(value[f"llama.{name}"] for name in names)]
    if not all(0 < size <= LARGEST for size in sizes):
        raise ValueError("it is of another size")
    return Shape(*sizes)


def _weights(reader: gguf.GGUFReader, model: Llama) -> dict[str, torch.Tensor]:
    """Every tensor by our name, as float32."""
    found = {
        t.name: torch.from_numpy(np.array(dequantize(t.data, t.tensor_type), dtype=np.float32)) for t in reader.tensors
    }
    out = {"embedding.weight": found["token_embd.weight"], "norm.weight": found["output_norm.weight"]}
    for i in range(len(model.blocks)):
        for ours, theirs in PARTS.items():
            out[f"blocks.{i}.{ours}.weight"] = found[f"blk.{i}.{theirs}.weight"]
    if len(found) != len(out):
        raise ValueError("it has further tensors")
    return out
