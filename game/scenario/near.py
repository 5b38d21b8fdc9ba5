"""The nearest right word, for error messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def hint(word: str, known: Iterable[str]) -> str:
    """`did you mean "x"?`, or the list of what there is when nothing is near and the list is short."""
    options = sorted(set(known))
    near = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    if not options:
        return "there is none"
    return "one of: " + ", ".join(options[:12]) + (" …" if len(options) > 12 else "")
