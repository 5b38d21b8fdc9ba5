"""How a model's memory is laid out: its contexts, who has which sequence, how much fits. Runs in the worker only."""

from __future__ import annotations

from dataclasses import dataclass

from game.engine.batch import SHORT
from game.engine.choices import TINY
from game.engine.context import MAX_SEQUENCES, Context
from game.engine.llama import Model

LANES = 64
BRIDGE = 2
"""Of sequences with caches of their own, llama.cpp computes neighbours in one piece, and a piece takes about as long as
three tokens more, except in a tiny model: so a gap of two is worth filling."""
MOST_CONTEXT = 8192
CACHE_BYTES = 3 * 2**29
"""Memory for the cache, about; more only where one conversation needs it."""
STREAM = 256
"""What llama.cpp rounds a sequence's own cache up to, in tokens."""
ENOUGH = 4096
"""Tokens of context that an episode is left with where that gives each conversation a cache of its own."""


@dataclass(frozen=True)
class Layout:
    """The contexts of one model under one condition. `lay_out` makes it, `close` frees it."""

    conversations: Context
    options: Context
    """Where options are evaluated; the same where all share one cache."""
    slots: int
    """Conversations that are held at once: in sequences from 0 on."""
    lanes: range
    """The sequences in which options are evaluated."""
    nodes: int
    """Tokens of options that are evaluated at once."""
    cells: int
    """Tokens that the running requests may come to hold together."""
    chunk: int
    """Prompt tokens a step."""
    bridge: int = 0
    """Idle sequences that are computed along where they lie between two busy ones."""

    @property
    def split(self) -> bool:
        """Whether every conversation has a cache of its own."""
        return self.options is not self.conversations

    @property
    def contexts(self) -> tuple[Context, ...]:
        return (self.conversations, self.options) if self.split else (self.conversations,)

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def chunk_size(parameters: int) -> int:
    """Prompt tokens a step: fewer for larger models, by a fixed rule (so that batches repeat)."""
    return int(min(256, max(32, 4e10 // max(parameters, 1))))


def slots_of(sequences: int) -> int:
    """Conversations that are held where each has a cache of its own: those that run, and some to begin from."""
    return sequences + max(4, sequences // 2)


def default_context(model: Model, sequences: int) -> int:
    """The tokens that one conversation may use, if nobody says otherwise: without a cache of gigabytes."""
    room = CACHE_BYTES // model.cell_bytes
    most = min(model.trained_context or MOST_CONTEXT, MOST_CONTEXT, max(2048, room))
    share = room // slots_of(sequences) // STREAM * STREAM
    return min(most, share) if share >= min(most, ENOUGH) else most


def lay_out(model: Model, *, sequences: int, context: int, threads: int, cells: int = 0) -> Layout:
    """`sequences` requests side by side, each of at most `context` tokens.

    `cells`: tokens that the cache holds; 0: as many as the sequences can use, within `CACHE_BYTES`.
    """
    chunk = chunk_size(model.parameters)
    lanes = 8 if model.recurrent else LANES
    # Logits of a large vocabulary take memory: 64 rows of 152,000 are 40 MB.
    nodes = chunk if model.vocab.size <= 16_384 else min(chunk, 64)
    # Running requests are admitted by what they may need at most, so that all of them fit.
    batch, step = max(1024, chunk + SHORT * sequences), chunk + 2 * sequences
    spread = slots_of(sequences)
    stream = -(-context // STREAM) * STREAM
    most = CACHE_BYTES // model.cell_bytes
    if not (cells or model.recurrent or model.window) and spread * stream <= most:
        # Every conversation has a cache of its own: faster, and exact. Options are evaluated beside them.
        conversations = Context(
            model,
            cells=spread * stream,
            sequences=spread,
            batch=batch,
            step=step,
            outputs=sequences,
            threads=threads,
            unified=False,
        )
        wave = max(nodes, 1 + lanes)
        options = Context(
            model,
            cells=stream + 256,
            sequences=1 + lanes,
            batch=wave,
            step=wave,
            outputs=nodes,
            threads=threads,
        )
        bridge = BRIDGE if model.parameters >= TINY else 0
        return Layout(conversations, options, spread, range(1, 1 + lanes), nodes, sequences * context, chunk, bridge)
    cells = max(context, cells or min(sequences * context, most))
    # A recurrent state takes memory whatever its length; half of them are saved ends.
    slots = 2 * sequences + 2 if model.recurrent else min(MAX_SEQUENCES - lanes, max(16, 3 * sequences))
    shared = Context(
        model,
        cells=cells + 2 * chunk,
        sequences=slots + lanes,
        batch=batch,
        step=step,
        outputs=nodes + sequences,
        threads=threads,
    )
    return Layout(shared, shared, slots, range(slots, slots + lanes), nodes, cells, chunk)
