"""The organisms' network: a Llama decoder, small enough to read in one sitting.

RMSNorm, interleaved RoPE, SwiGLU, tied embeddings; plain Llama weights, so that llama.cpp runs the
export without a permutation. What is unusual is the start: `structure` writes previous-token,
induction and binding heads into the first two layers. At this size copying is otherwise not learnt
in the time there is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEAD = 64
"""Head size. 64 learns to copy where 32 does not, and is 30 % faster at the same width."""
ROPE_BASE = 1e5
"""Low enough frequencies that content can be matched over a whole episode."""
EMBEDDING_STD = 0.1
EPS = 1e-5


@dataclass(frozen=True)
class Shape:
    """Sizes of a model. `width` is a multiple of `HEAD`; `inner` of 32 (Q8_0 rows)."""

    vocabulary: int = 4096
    width: int = 256
    layers: int = 4
    inner: int = 704
    context: int = 2048

    @property
    def heads(self) -> int:
        return self.width // HEAD


def rope_table(length: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine, each [length, HEAD/2], for consecutive pairs."""
    frequency = ROPE_BASE ** (-torch.arange(0, HEAD, 2, dtype=torch.float64) / HEAD)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency
    return angle.cos().float(), angle.sin().float()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate consecutive pairs of the last axis. x: [batch, heads, time, HEAD]; cos, sin: [time, HEAD/2]."""
    a, b = x.float().reshape(*x.shape[:-1], -1, 2).unbind(-1)
    turned = torch.stack((a * cos - b * sin, a * sin + b * cos), dim=-1)
    return turned.flatten(-2).to(x.dtype)


class Block(nn.Module):
    """Attention, then SwiGLU, each on a normalised copy and added back."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, inner = shape.width, shape.inner
        self.heads = shape.heads
        self.attn_norm = nn.RMSNorm(width, eps=EPS)
        self.wq = nn.Linear(width, width, bias=False)
        self.wk = nn.Linear(width, width, bias=False)
        self.wv = nn.Linear(width, width, bias=False)
        self.wo = nn.Linear(width, width, bias=False)
        self.ffn_norm = nn.RMSNorm(width, eps=EPS)
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)
        for matrix in (self.wq, self.wk, self.wv, self.gate, self.up):
            nn.init.normal_(matrix.weight, std=width**-0.5)
        nn.init.zeros_(self.wo.weight)
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, time, width = x.shape
        y = self.attn_norm(x)
        parts = (w(y).view(batch, time, self.heads, HEAD) for w in (self.wq, self.wk, self.wv))
        q, k, v = (part.transpose(1, 2) for part in parts)
        y = F.scaled_dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v, is_causal=True)
        x = x + self.wo(y.transpose(1, 2).reshape(batch, time, width))
        y = self.ffn_norm(x)
        out: Tensor = x + self.down(F.silu(self.gate(y)) * self.up(y))
        return out


class Llama(nn.Module):
    """Token ids [batch, time] to logits [batch, time, vocabulary]."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.cos: Tensor
        self.sin: Tensor
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_STD)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=EPS)
        cos, sin = rope_table(shape.context)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def hidden(self, tokens: Tensor) -> Tensor:
        """[batch, time] to the last normalised states [batch, time, width]."""
        time = tokens.shape[1]
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cos[:time], self.sin[:time])
        out: Tensor = self.norm(x)
        return out

    def forward(self, tokens: Tensor) -> Tensor:
        return F.linear(self.hidden(tokens), self.embedding.weight)

    def loss(self, tokens: Tensor, where: Tensor, ids: Tensor, p: Tensor, weights: Tensor) -> Tensor:
        """Weighted mean cross entropy at the flat positions `where` of [batch, time].

        The targets are tokens `ids` with chances `p`, both [count, width].
        """
        logits = F.linear(self.hidden(tokens).flatten(0, 1)[where], self.embedding.weight).float()
        each = logits.logsumexp(-1) - (logits.gather(-1, ids) * p).sum(-1)
        return (each * weights).sum() / weights.sum().clamp(min=1e-6)

    def norms(self) -> list[nn.Parameter]:
        """What is trained but is no matrix."""
        return [p for p in self.parameters() if p.ndim == 1]

    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


# --- structured start ----------------------------------------------------------------------------

OFFSETS = (1, 2, 3)
"""How far back the positional heads of layer 0 look. Layer 1 matches a context of up to three tokens."""
CONSTANT = 1.0
"""Value of dimension 0 in every embedding: what positional heads make their queries and keys of."""
SHARPNESS = 12.0
"""Query and key amplitude per frequency of a positional head; its offset gets nearly all the weight."""
FAST = 6
"""Frequency pairs a positional head uses; the slower ones hardly tell neighbours apart, and add noise."""
SLOW = 18
"""First frequency pair that content heads use: it turns under a radian over 600 tokens."""
MATCH_LOGIT = 14.0
"""Attention logit of a token's match with itself; some hundred random keys stay under half of it."""
SLOT = HEAD - 2 * SLOW
"""Dimensions of a token that are matched, and that a slot takes at the end of the width."""
COPY = 3.0
"""Gain with which a found token is written, relative to an embedding's own size."""


def structure(model: Llama, seed: int = 0) -> None:
    """Write starting heads into layers 0 and 1 of a freshly made model (3 heads and 2 layers or more).

    Layer 0: three heads look 1, 2 and 3 tokens back and write part of that token into a slot of
    their own, dimensions that embeddings leave empty at first. Layer 1: three induction heads.
    The first looks for a place whose token before is the current one, the second for a place
    whose token two back is the one before, the third one further; each copies what stands there.
    """
    shape = model.shape
    if shape.heads < len(OFFSETS) or shape.layers < 2:
        raise ValueError(f"structure needs a width of at least {HEAD * len(OFFSETS)} and two layers")
    free = shape.width - len(OFFSETS) * SLOT
    g = torch.Generator().manual_seed(seed)
    coordinates = torch.randperm(free - 1, generator=g) + 1
    matched = coordinates[:SLOT]
    slot = {offset: torch.arange(SLOT) + free + i * SLOT for i, offset in enumerate(OFFSETS)}
    first, second = model.blocks[0], model.blocks[1]
    assert isinstance(first, Block)
    assert isinstance(second, Block)
    # After the norm: what the constant and what a typical embedding entry have become.
    rms = math.sqrt((CONSTANT**2 + (free - 1) * EMBEDDING_STD**2) / shape.width)
    constant, entry = CONSTANT / rms, EMBEDDING_STD / rms
    rms = math.sqrt((CONSTANT**2 + (shape.width - 1) * EMBEDDING_STD**2) / shape.width)
    gain = math.sqrt(MATCH_LOGIT * math.sqrt(HEAD) / SLOT) / (EMBEDDING_STD / rms)
    frequency = ROPE_BASE ** (-torch.arange(0, HEAD, 2, dtype=torch.float64) / HEAD)
    with torch.no_grad():
        model.embedding.weight[:, 0] = CONSTANT
        model.embedding.weight[:, free:] = 0
        for head, offset in enumerate(OFFSETS):
            rows = torch.arange(HEAD) + head * HEAD
            for matrix in (first.wq, first.wk, first.wv, second.wq, second.wk, second.wv):
                matrix.weight[rows] = 0
            # Rotated to their places m and n, query and key agree most where m - n is the offset.
            turn = (frequency[:FAST] * offset).float()
            first.wk.weight[rows[0 : 2 * FAST : 2], 0] = SHARPNESS / constant
            first.wq.weight[rows[0 : 2 * FAST : 2], 0] = SHARPNESS / constant * turn.cos()
            first.wq.weight[rows[1 : 2 * FAST : 2], 0] = -SHARPNESS / constant * turn.sin()
            first.wv.weight[rows[:SLOT], matched] = 1.0
            first.wo.weight[slot[offset], rows[:SLOT]] = EMBEDDING_STD / entry
            own = matched if offset == 1 else slot[offset - 1]
            second.wq.weight[rows[2 * SLOW :], own] = gain
            second.wk.weight[rows[2 * SLOW :], slot[offset]] = gain
            copied = coordinates.roll(-HEAD * head)[:HEAD]
            second.wv.weight[rows, copied] = 1.0
            second.wo.weight[copied, rows] = COPY * EMBEDDING_STD
