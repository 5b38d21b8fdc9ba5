"""The gate for untrusted text, against what a hostile model, scenario or save may hold."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from game.text import LONGEST_WORD, MARKS_IN_A_ROW, clean, for_html, one_line

HOSTILE = [
    "\x1b[2J\x1b[1;1H", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "\x9b31m", "\x90q\x9c",
    "\x85", "\u202eevil\u202c", "\u2066a\u2069", "\u200e\u200f", "a\u200bb\u00ad\ufeff",
    "\u2028\u2029", "\ud800", "\udfff\ud800",
    "a" + "\u0301" * 500, "a" + ("\u0301\u0301\u0301\u200d") * 100, "x" * 5000, "\x00", "\x7f", "\ue000", "\U000e0041",
    "\r", "\r\n", "\b\b\b", "[@click=app.quit]x[/]", "\ufdd0", "\U0010ffff",
]  # fmt: skip
ANY = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    harmless(clean(text))
    assert "\n" not in clean(text, lines=False)


@given(st.one_of(ANY, st.lists(st.sampled_from([*HOSTILE, "a", " ", "\n"]), max_size=8).map("".join)))
@example("a\u0301\u0301\u0301\u200d\u0301")
def test_any_text_becomes_harmless_and_stays_as_it_then_is(text: str) -> None:
    once = clean(text)
    harmless(once)
    assert clean(once) == once


def harmless(text: str) -> None:
    marks = run = 0
    for char in text:
        assert char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        run = 0 if char in " \n" else run + (not unicodedata.combining(char))
        assert marks <= MARKS_IN_A_ROW
        assert run <= LONGEST_WORD
    text.encode("utf-8")


def test_ordinary_text_is_left_alone() -> None:
    for text in ("Hello, Mira.", "naïve café – “quoted”", "日本語", "line\nline", "á", "👍"):
        assert clean(text) == text


def test_escapes_are_shown_and_not_dropped() -> None:
    assert clean("\x1b[31mred") == "␛[31mred"
    assert clean("a\tb") == "a    b"


def test_one_line_is_one_line_of_the_given_length() -> None:
    assert one_line("a\nb\r\nc  d") == "a b c d"
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"


def test_html_is_escaped_in_text_and_attributes() -> None:
    assert for_html("<b a='x'>\"&\x1b") == "&lt;b a=&#x27;x&#x27;&gt;&quot;&amp;␛"
