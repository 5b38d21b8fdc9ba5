"""LoRA: a fine-tuning stage as two thin matrices beside each matrix of a model that stays as it is.

Exported as an adapter, it is a weight-level condition: the same model with it, without it, or
with half of it (`--adapter FILE:0.5`).
"""

from __future__ import annotations

import math
from pathlib import Path

import gguf
import torch
from torch import Tensor, nn

from game.forge.export import PARTS
from game.forge.model import Block, Llama

ALPHA = 16.0
"""Strength: what the two thin matrices make is multiplied by this over their rank."""


class Low(nn.Module):
    """A linear layer [out, in] and beside it `down` [rank, in] and `up` [out, rank], which alone are trained."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(base.weight.detach().clone(), requires_grad=False)
        self.lora_a = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank))
        self.scale = ALPHA / rank

    def forward(self, x: Tensor) -> Tensor:
        low = nn.functional.linear(nn.functional.linear(x, self.lora_a), self.lora_b)
        return nn.functional.linear(x, self.weight) + self.scale * low


def add(model: Llama, rank: int, seed: int = 0) -> None:
    """Freeze the model and put a low-rank layer beside every matrix of its blocks. `up` starts at zero."""
    torch.manual_seed(seed)
    model.requires_grad_(False)
    for block in model.blocks:
        for name, part in list(block.named_children()):
            if isinstance(part, nn.Linear):
                setattr(block, name, Low(part, rank))


def export(model: Llama, path: Path) -> None:
    """Write the low-rank layers as a LoRA GGUF (F16). Raises ValueError for a model that has none."""
    if not any(isinstance(m, Low) for m in model.modules()):
        raise ValueError("the model has no low-rank layers")
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", ALPHA)
    for i, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        for ours, theirs in PARTS.items():
            part = getattr(block, ours)
            if isinstance(part, Low):
                for end in ("lora_a", "lora_b"):
                    array = getattr(part, end).detach().half().cpu().numpy()
                    writer.add_tensor(f"blk.{i}.{theirs}.weight.{end}", array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
