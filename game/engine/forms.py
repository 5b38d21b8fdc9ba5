"""A form as the decoder needs it: its fixed words as tokens, its options as a tree; and reading a line back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from game.engine.cache import common
from game.engine.errors import Refusal
from game.engine.protocol import Form, FreeText, Option
from game.engine.templates import Words
from game.engine.tree import Tree

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,39}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
MAX_OPTIONS = 4096


@dataclass(frozen=True)
class Plan:
    """`pick`: the tokens behind the lead's newline up to where the options differ; `tree`: from there."""

    form: Form
    opening: str
    pick: list[int]
    tree: Tree


def ending(option: Option) -> str:
    """The text that ends an option where it has free texts (else the end of the turn does)."""
    return f' {option.free[0].name}="' if option.free else ""


def plan(form: Form, words: Words, end: int) -> Plan:
    """Tokenise a form. `end`: the end-of-turn token. Raises `Refusal("request")` for a bad form."""
    if not form.options:
        raise Refusal("request", "there is nothing to choose from")
    if len(form.options) > MAX_OPTIONS:
        raise Refusal("request", f"{len(form.options)} options are too many (at most {MAX_OPTIONS})")
    for word in (form.lead, form.pick):
        if not _WORD.fullmatch(word):
            raise Refusal("request", f"{word!r} is no marker of a form")
    for option in form.options:
        if not option.text.strip() or _CONTROL.search(option.text):
            raise Refusal("request", f"{option.text!r} is no option: it must be one line of text")
        if any(not _NAME.fullmatch(f.name) for f in option.free):
            raise Refusal("request", f"{option.text!r} has a free text with a bad name")
    # Behind the newline that ended the lead, which is already written.
    head = words.tokens_after("\n", f"{form.pick}:")
    whole = [words.tokens_after("\n", f"{form.pick}: {o.text}{ending(o)}") for o in form.options]
    shared = min(common(head, w) for w in whole)
    paths = [w[shared:] + ([] if o.free else [end]) for w, o in zip(whole, form.options, strict=True)]
    try:
        tree = Tree(paths)
    except ValueError as e:
        raise Refusal("request", f"the options can't be told apart: {e}") from None
    return Plan(form, f"{form.lead}:", head[:shared], tree)


def line(option: Option, free: dict[str, str]) -> str:
    """An option with its free texts as it is written."""
    return option.text + "".join(f' {f.name}="{free.get(f.name, "")}"' for f in option.free)


def parse(text: str, form: Form) -> tuple[int, str, dict[str, str]]:
    """Read back what was written without a mask: choice (-1: no legal line), lead, free texts.

    Legal is `LEAD: …`, newline, `PICK: <option>` with all its free texts, and nothing else.
    """
    found = re.fullmatch(
        rf"\s*(?:{re.escape(form.lead)}:(?P<lead>[^\n]*)\n)?\s*{re.escape(form.pick)}: ?(?P<line>[^\n]*)\s*",
        text,
    )
    if found is None:
        first = text.strip().split("\n", 1)[0]
        return -1, first.removeprefix(f"{form.lead}:").strip(), {}
    lead = found["lead"]
    written = found["line"].rstrip()
    if lead is not None and len(lead.strip()) <= form.lead_limit:
        for i, option in enumerate(form.options):
            got = _match(written, option)
            if got is not None:
                return i, lead.strip(), got
    return -1, (lead or "").strip(), {}


def _match(written: str, option: Option) -> dict[str, str] | None:
    if not written.startswith(option.text):
        return None
    got = re.fullmatch("".join(map(_pattern, option.free)), written[len(option.text) :])
    return None if got is None else {f.name: got[f.name] for f in option.free}


def _pattern(free: FreeText) -> str:
    return rf' {free.name}="(?P<{free.name}>[^"\\\x00-\x1f\x7f-\x9f]{{0,{free.limit}}})"'
