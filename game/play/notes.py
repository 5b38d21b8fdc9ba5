"""A scenario's page for its facilitator: read, cleaned, and as Markdown from which nothing live can come."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.token import Token

from game.scenario.load import Loaded
from game.text import clean

NOTES = "facilitator.md"
LIVE = ("link", "image", "autolink", "html_inline", "html_block", "reference", "entity")
"""Rules that are off: what would link, embed, or bring back a character that was cleaned away (`&#27;`) is text."""


def notes(loaded: Loaded) -> str:
    """The page as Markdown."""
    try:
        return clean((loaded.folder / NOTES).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return f"{loaded.scenario.id} has no {NOTES}."


def parser() -> MarkdownIt:
    """Headings, lists, tables, emphasis, code."""
    return MarkdownIt("commonmark").enable("table").disable(LIVE)


def note_lines(text: str) -> list[str]:
    """A page of Markdown as lines to be read aloud: a row of a table is a line, its cells parted by semicolons."""
    out: list[str] = []
    cells: list[str] | None = None
    mark = ""
    for token in parser().parse(clean(text)):
        match token.type:
            case "heading_open" | "table_open":
                out.append("")
            case "list_item_open":
                mark = f"{token.info}. " if token.info else "- "
            case "tr_open":
                cells = []
            case "tr_close":
                out.append("; ".join(cells or []))
                cells = None
            case "fence" | "code_block":
                out += [f"  {line}" for line in token.content.splitlines()]
            case "inline" if cells is not None:
                cells.append(_words(token))
            case "inline":
                out.append(mark + _words(token))
                mark = ""
    return out[1:] if out and not out[0] else out


def _words(inline: Token) -> str:
    """The text of a paragraph, a heading or a cell, without its emphasis."""
    return "".join(" " if t.type in ("softbreak", "hardbreak") else t.content for t in inline.children or [])
