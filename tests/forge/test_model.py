"""The network: causal, small enough, and able to copy from its very first step."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from game.forge.model import OFFSETS, Block, Llama, Shape, rotate, structure

SMALL = Shape(vocabulary=700, width=256, layers=2, inner=64, context=256)


def model(structured: bool = False) -> Llama:
    torch.manual_seed(0)
    made = Llama(SMALL)
    if structured:
        structure(made, seed=1)
    return made.eval()


def test_the_shipped_shape_has_at_most_six_million_parameters() -> None:
    assert 3.5e6 < Llama(Shape()).parameter_count() < 6e6


def test_a_later_token_changes_nothing_before_it() -> None:
    made = model(structured=True)
    tokens = torch.randint(0, 700, (1, 40))
    other = tokens.clone()
    other[0, 25] = (other[0, 25] + 1) % 700
    with torch.no_grad():
        a, b = made(tokens), made(other)
    torch.testing.assert_close(a[:, :25], b[:, :25])
    assert not torch.allclose(a[:, 25:], b[:, 25:])


def test_rotation_depends_on_distance_only() -> None:
    made = model()
    q, k = torch.randn(1, 1, 1, 64), torch.randn(1, 1, 1, 64)

    def score(m: int, n: int) -> float:
        turned = rotate(q, made.cos[m : m + 1], made.sin[m : m + 1])
        return float((turned * rotate(k, made.cos[n : n + 1], made.sin[n : n + 1])).sum())

    assert score(30, 21) == pytest.approx(score(109, 100), abs=1e-3)


def test_positional_heads_look_exactly_as_far_back_as_they_should() -> None:
    made = model(structured=True)
    block = made.blocks[0]
    assert isinstance(block, Block)
    tokens = torch.randint(0, 700, (1, 60))
    y = block.attn_norm(made.embedding(tokens))
    q, k = (w(y).view(1, 60, 4, 64).transpose(1, 2) for w in (block.wq, block.wk))
    scores = rotate(q, made.cos[:60], made.sin[:60]) @ rotate(k, made.cos[:60], made.sin[:60]).mT / 8
    for head, offset in enumerate(OFFSETS):
        attention = scores[0, head, 50, :51].softmax(-1)
        assert attention[50 - offset] > 0.95


def copied(made: Llama) -> float:
    """Share of tokens that are right in the second half of a random sequence that is said twice."""
    first = torch.randperm(700)[:60]
    tokens = torch.cat((first, first))[None]
    with torch.no_grad():
        guess = made(tokens).argmax(-1)[0]
    return float((guess[60:-1] == tokens[0, 61:]).float().mean())


def test_a_structured_start_copies_untrained_and_a_plain_one_does_not() -> None:
    assert copied(model(structured=True)) > 0.9
    assert copied(model()) < 0.1
    narrow = Llama(replace(SMALL, width=192)).eval()
    structure(narrow, seed=1)
    assert copied(narrow) > 0.9


def test_a_model_too_narrow_for_the_structure_is_refused() -> None:
    with pytest.raises(ValueError, match="192"):
        structure(Llama(Shape(vocabulary=10, width=128, layers=2, inner=32, context=32)))
