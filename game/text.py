"""The one gate for untrusted text.

What a model, a scenario, a GGUF or a save says is hostile until it has passed here:
control characters, bidirectional overrides, invisible formatting and towers of combining
marks never reach a terminal or an HTML page. Markup is not interpreted anywhere: widgets
turn it off, and `for_html` escapes.
"""

from __future__ import annotations

import html
import unicodedata
from functools import lru_cache

MARKS_IN_A_ROW = 3
"""Combining marks kept on one character; more only smear over the neighbours."""

LONGEST_WORD = 200
"""Characters of one unbroken word that a screen is asked to lay out."""


def _shown(char: str) -> str:
    """What stands for one character on a screen: itself, a visible stand-in, or nothing."""
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    category = unicodedata.category(char)
    if category in ("Cc", "Cs", "Co", "Cn"):
        return "\ufffd"
    if category in ("Cf", "Zl", "Zp"):
        return ""
    return char


def _mark(char: str) -> bool:
    """Whether a character stands on the one before."""
    return bool(unicodedata.combining(char)) or unicodedata.category(char) in ("Mn", "Me")


@lru_cache(maxsize=1 << 14)
def _plain(char: str) -> bool:
    """Whether a character is shown as it is, wherever it stands."""
    return char == "\n" or (_shown(char) == char and not _mark(char))


def clean(text: object, *, lines: bool = True) -> str:
    """`text` with nothing in it that a terminal would obey.

    Newlines stay if `lines` is set and become spaces otherwise; tabs become spaces; other
    control characters become their visible pictures, bidirectional and other format
    characters vanish, unpaired surrogates and unassigned code points become U+FFFD.
    """
    raw = str(text).replace("\r\n", "\n").replace("\t", "    ")
    if not lines:
        raw = raw.replace("\n", " ")
    # Nearly every text is as it should be: that is seen from the few characters that it is made of.
    if all(map(_plain, set(raw))) and max(map(len, raw.replace("\n", " ").split(" "))) <= LONGEST_WORD:
        return raw
    out: list[str] = []
    marks = 0
    run = 0
    for char in raw:
        if char == "\n":
            out.append("\n")
            marks = run = 0
            continue
        if _mark(char):
            marks += 1
            if marks <= MARKS_IN_A_ROW:
                out.append(char)
            continue
        shown = _shown(char)
        if not shown:  # it vanishes, and what stands around it meets
            continue
        marks = 0
        run = 0 if char == " " else run + 1
        if run > LONGEST_WORD:
            out.append(" ")
            run = 1
        out.append(shown)
    return "".join(out)


def one_line(text: object, limit: int = 0) -> str:
    """`text` on one line, cut to `limit` characters with an ellipsis (0: uncut)."""
    line = " ".join(clean(text, lines=False).split())
    return line if not limit or len(line) <= limit else line[: max(limit - 1, 0)] + "\u2026"


def for_html(text: object) -> str:
    """`text` cleaned and escaped for an HTML page, attributes included."""
    return html.escape(clean(text), quote=True)
