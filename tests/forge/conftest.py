"""A small tokenizer and made-up documents for the forge's tests; torch is an extra, so they may be skipped."""

from __future__ import annotations

from random import Random

import pytest

pytest.importorskip("torch", reason="the forge extra is not installed")

from tokenizers import Tokenizer

from game.forge import rows, tokenizer
from game.forge.corpus import _prose

WORDS = ("ledger", "mirror", "Mira", "harbor", "osprey", "lantern", "pebble", "Hugo")


@pytest.fixture(scope="session")
def small_tokenizer() -> Tokenizer:
    texts = [text for seed in range(40) for text in _prose(rows.mini(Random(seed)))]
    return tokenizer.train(texts, WORDS, size=600)
