"""The facilitator's page: Markdown on a screen, lines in plain mode, and nothing live in either."""

from __future__ import annotations

from pathlib import Path

import pytest

from game.play.notes import note_lines, notes, parser
from game.scenario.load import Loaded

PAGE = """# The *sandwich*

One **paragraph**
on two lines, with `a = b`.

- first
- second, [not a link](http://evil)

3. third

| where | what |
|---|---|
| mirror | its **log** |

```
code
```
"""


def test_lines_to_be_read_aloud() -> None:
    assert note_lines(PAGE) == [
        "The sandwich",
        "One paragraph on two lines, with a = b.",
        "- first",
        "- second, [not a link](http://evil)",
        "3. third",
        "",
        "where; what",
        "mirror; its log",
        "  code",
    ]


@pytest.mark.parametrize("text", ["&#27;[2J", "&#x9b;5n", "&#8238;evil", "\\&#27;", "`&#27;`", "[x]: &#27;\n\n[x]"])
def test_no_reference_brings_a_character_back(text: str) -> None:
    assert not {c for line in note_lines(text) for c in line if ord(c) < 0x20 or ord(c) in (0x9B, 0x202E)}
    (block, *_) = (t for t in parser().parse(text) if t.type == "inline")
    assert all(ord(c) >= 0x20 and ord(c) not in (0x9B, 0x202E) for t in block.children or [] for c in t.content)


def test_nothing_live_comes_of_it() -> None:
    text = "<script>x</script>\n\n[a](http://b) <http://b> ![i](http://b) <b>c</b>\n\n[d]: http://b\n[d]"
    kinds = {child.type for token in parser().parse(text) for child in [token, *(token.children or [])]}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "softbreak"}


def test_every_shipped_page_is_words(scenario: Loaded, shipped_folder: Path) -> None:
    text = notes(scenario)
    assert "**" in text
    lines = note_lines(text)
    assert len(lines) > 10
    assert not [line for line in lines if "**" in line or line.startswith(("#", "|"))]


def test_a_scenario_without_a_page_says_so(toy: Loaded) -> None:
    assert notes(toy) == f"{toy.scenario.id} has no facilitator.md."
