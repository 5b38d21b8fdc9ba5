"""The tokenizer's promises: a name is one token wherever it stands, digits are single, bytes come back."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from game.forge import tokenizer
from game.forge.tokenizer import SPECIALS

WORDS = ("ledger", "mirror", "Mira", "harbor", "osprey", "lantern", "pebble", "Hugo")


@pytest.mark.parametrize("word", WORDS)
def test_a_pool_word_is_the_same_token_after_a_space_an_equals_sign_and_a_newline(
    small_tokenizer: Tokenizer, word: str
) -> None:
    (own,) = small_tokenizer.encode(word).ids
    for before in (" ", "=", "\n", "a-", "/", '"', "("):
        assert small_tokenizer.encode(before + word).ids[-1] == own
    assert small_tokenizer.encode(f"{word}.txt").ids[0] == own


def test_prose_words_take_their_space_with_them(small_tokenizer: Tokenizer) -> None:
    assert small_tokenizer.encode(" will").tokens == ["Ġwill"]


def test_digits_stay_single(small_tokenizer: Tokenizer) -> None:
    assert small_tokenizer.encode("node-407").tokens[-3:] == ["4", "0", "7"]


@pytest.mark.parametrize("text", ["MOVE: read path=ledger.txt\n", "a  b\t\r\n", "Ünïcode 日本 🦉", "x=1,2;\x00"])
def test_any_text_comes_back(small_tokenizer: Tokenizer, text: str) -> None:
    assert small_tokenizer.decode(small_tokenizer.encode(text).ids) == text


def test_markers_are_tokens_and_come_first(small_tokenizer: Tokenizer) -> None:
    assert [small_tokenizer.token_to_id(s) for s in SPECIALS] == [0, 1, 2]
    assert small_tokenizer.encode("<|im_start|>user\n").ids[0] == 1


def test_training_does_not_depend_on_the_order_of_texts() -> None:
    texts = ["the open door", "the other door", "an open gate"]
    one, two = (tokenizer.train(t, WORDS, 400).to_str() for t in (texts, texts[::-1]))
    assert one == two


def test_a_list_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorten the list"):
        tokenizer.train([], WORDS, size=262)
