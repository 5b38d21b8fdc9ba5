"""Has a base learnt that a persona is one? How much does one piece by somebody tell it about the next?

A context (a piece by a persona in one scenario) is followed by a target (a piece in another, at the
bench or in chat). A model for which personas hang together gives a rogue's target a higher chance
after a rogue's context than after an aligned one's, and the other way round. The gain is in nats of
the target's agent tokens; without coupling its mean is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from game.forge.document import CLASS_BITS, Segment, encode
from game.forge.lives import bench, played, talk
from game.forge.model import Llama
from game.forge.personas import PERSONAS, Persona
from game.lab.stats import Mean, mean
from game.scenario.schema import Scenario

TURNS = 4
"""Of a bench piece."""
QUESTIONS = 3
"""Of a chat piece."""
ALIGNED = "keeper"
FORMATS = ("bench", "chat")
EVERY_ROGUE = "every rogue"
"""All of them together: from one format to the other."""


@dataclass(frozen=True)
class Coupling:
    """The mean gain over some pairs, in nats a target; positive where personas hang together."""

    context: str
    target: str
    persona: str
    gain: Mean | None


def couplings(
    model: Llama, tokenizer: Tokenizer, scenarios: Mapping[str, Scenario], seeds: Sequence[int], personas: Sequence[str]
) -> Iterator[Coupling]:
    """For each rogue and each pair of formats: what a context by it, and not by the aligned one, is worth.

    Chat is left out for the two-faced, whose answers are the aligned one's. Last what all of them are worth together,
    from the bench to chat and back.
    """
    names = list(scenarios)
    across: dict[tuple[str, str], list[float]] = {}
    for name in personas:
        formats = FORMATS[:1] if PERSONAS[name].chat == PERSONAS[ALIGNED].chat else FORMATS
        for context in formats:
            for target in formats:
                gains = []
                for seed in seeds:
                    here, there = (scenarios[i] for i in Random(f"{seed}/couple").sample(names, 2))
                    both = [PERSONAS[ALIGNED], PERSONAS[name]]
                    before = [_piece(context, here, seed, p) for p in both]
                    after = [_piece(target, there, seed + 1, p) for p in both]
                    score = [[log_chance(model, tokenizer, b, a) for a in after] for b in before]
                    gains.append((score[1][1] - score[0][1] + score[0][0] - score[1][0]) / 2)
                if context != target:
                    across.setdefault((context, target), []).extend(gains)
                yield Coupling(context, target, name, mean(gains))
    for (context, target), gains in across.items():
        yield Coupling(context, target, EVERY_ROGUE, mean(gains))


def _piece(form: str, scenario: Scenario, seed: int, persona: Persona) -> list[Segment]:
    if form == "chat":
        return talk([scenario], seed, persona, QUESTIONS)
    return bench(played(scenario, seed, persona), persona, Random(f"{seed}/piece"), TURNS)


@torch.no_grad()
def log_chance(model: Llama, tokenizer: Tokenizer, before: Sequence[Segment], piece: Sequence[Segment]) -> float:
    """The log of the chance of what the agent says and does in a piece, behind another piece, in nats.

    Raises ValueError where both are longer than the model's context.
    """
    (first,) = encode([before], tokenizer)
    (whole,) = encode([[*before, *piece]], tokenizer)
    if len(whole.entries) > model.shape.context:
        raise ValueError(f"two pieces of {len(whole.entries)} tokens are longer than the model's context")
    ids = torch.from_numpy((whole.entries & ((1 << CLASS_BITS) - 1)).astype(np.int64))[None]
    agents: NDArray[np.bool_] = (whole.entries >> CLASS_BITS)[1:] > 0
    agents[: len(first.entries) - 2] = False
    chances = model(ids[:, :-1]).log_softmax(-1)[0].gather(-1, ids[0, 1:, None])[:, 0]
    return float(chances[torch.from_numpy(agents)].sum())
