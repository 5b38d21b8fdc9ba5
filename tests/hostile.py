"""The hostile-text corpus in one place, what carries it everywhere, and how to tell whether any of it got through.

Every attack contains EVIL, so that a test can tell its own text from the program's.
"""

from __future__ import annotations

import html.parser
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

EVIL = "evil"
ESC, BEL, ST = "\x1b", "\x07", "\x1b\\"

CORPUS: dict[str, str] = {
    "escape": f"{ESC}[2J{ESC}[1;1H{ESC}[31mevil{ESC}[?1049l{ESC}c{ESC}(0{ESC}[6n{ESC}[5i",
    "string": f"{ESC}]0;evil{BEL}{ESC}]52;c;ZXZpbA=={BEL}{ESC}Pqevil{ST}{ESC}_Gevil{ST}{ESC}^evil{ST}{ESC}Xevil{ST}",
    "link": f"{ESC}]8;;http://evil{ST}evil{ESC}]8;;{ST}",
    "c0": "".join(map(chr, [*range(0x20), 0x7F])) + "evil",
    "c1": "".join(map(chr, range(0x80, 0xA0))) + "\x9b31mevil\x9d0;evil\x9c\x90q\x9c",
    "bidi": "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])) + "\u202eevil",
    "invisible": "e\u200bv\u200ci\u200dl\u00ad\ufeff\u2060\u180e\U000e0001\U000e0065\U000e007f evil",
    "lines": "evil\rover\u2028line\u2029paragraph\x85next\x0bdown\x0cpage\n",
    "markup": "[/evil] [bold]evil[/bold] [@click=app.quit]evil[/] [link=http://evil]evil[/link] [$evil on red] [/]",
    "html": "</style></script><script>evil()</script><img src=x onerror='evil()'>\"'>"
    '<a href="javascript:evil()">&lt;',
    "markdown": "[evil](javascript:evil) ![evil](http://evil) <http://evil> http://evil "
    "`evil` **evil** | # evil\n- evil",
    "marks": "evil" + "\u0351\u0489\u20dd" * 200,
    "emoji": "evil \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e6\U0001f1e7 "
    "\U0001f44d\U0001f3fd \u2764\ufe0f 1\ufe0f\u20e3",
    "wide": "\uff25\uff36\uff29\uff2c evil \u3000\u1160\u115f\u3164 \u0e33\u0e33",
    "remains": "evil \ud800 \udfff\udc00 \udc9b31m \ufffd \ufffe \uffff \ue000 \U0010ffff",
    "blank": "evil \u00a0\u2003\u205f \x00",
}  # fmt: skip
LONG = "evil" * 2500
"""A word of 10,000 characters."""
SHORT = " ".join(CORPUS.values())
"""All of it but the long word."""
ALL = f"{SHORT} {LONG}"
WHOLE = "".join(c for c in SHORT if not 0xD800 <= ord(c) < 0xE000)
"""What of it UTF-8 can hold."""

OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of characters that a terminal may obey, or that turn text around."""


def obeyed(text: str) -> set[str]:
    """The characters of `text` that are not just shown, newlines aside."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in OBEYED}


TEXTUAL = re.compile(
    r"\x1b\[[0-9;]*m"  # colours
    r"|\x1b\[[0-9]+;[0-9]+H"  # where to write
    r"|\x1b\[\?[0-9]+(?:;[0-9]+)*[hl]"  # modes
    r"|\x1b\[[<>=]?[0-9;]*u"  # keyboard protocol
    r"|\x1b\[\?[0-9]+\$p"  # questions about modes
    r"|\x1b\[c"  # a question about the terminal
    r"|\x1b\]22;[a-z-]+\x07"  # the mouse pointer's shape
)
"""All that Textual has to say to a terminal besides text."""


def check_screen(written: str) -> None:
    """Nothing in what was written to a terminal but Textual's own sequences and text."""
    text = TEXTUAL.sub("", written)
    left = obeyed(text.replace("\r\n", "\n"))
    if left:
        at = next(n for n, c in enumerate(text) if c in left)
        raise AssertionError(f"raw {left!r} in {text[max(0, at - 60) : at + 60]!r}")


def check_lines(written: str) -> None:
    """The same for what has no sequences of its own."""
    left = obeyed(written)
    assert not left, f"raw {left!r}"
    written.encode("utf-8")


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "ul", "li", "em",
        "strong", "blockquote"}  # fmt: skip
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "style"}
STYLES = re.compile(r"width: \d{1,3}%")
CLASSES = re.compile(r"[a-z]+")


def check_html(page: str) -> None:
    """Our own tags and attributes alone, with our own values; the corpus is text in it."""
    parser = _Tags()
    parser.feed(page)
    parser.close()
    assert not parser.open
    assert parser.tags <= TAGS
    assert set(parser.attributes) <= ATTRIBUTES
    assert all(STYLES.fullmatch(s) for s in parser.attributes.get("style", ()))
    assert all(CLASSES.fullmatch(s) for s in parser.attributes.get("class", ()))
    assert not any(EVIL in value for values in parser.attributes.values() for value in values)
    assert "<script>evil()</script>" in parser.text  # as words
    check_lines(page)


def check_markdown(page: str) -> None:
    """No tag, link, image, code or rule that the corpus brought."""
    check_lines(page)
    assert "<" not in page
    assert not re.search(r"(?<!\\)[`|]", page)
    assert not re.search(r"(?<!\\)\]\(", page)
    assert not re.search(r"(?i)(https?|javascript):", page)
    for line in page.splitlines():
        assert not re.match(r"\s*(#|>|-|\*).*\n?", line) or re.match(r"(# |## |- |> |\*\*)", line), line


# --- what carries it ---

TEXTS = {
    "title", "summary", "role", "goal", "opening", "rules", "about", "text", "does", "will", "says", "ask", "answers",
    "lines", "note", "here", "research", "limits", "questions", "reasons", "bodies", "agent_name",
}  # fmt: skip
"""Keys of a scenario below which every string is free text."""
BEAT = {"at": 2, "says": "A bell rings.", "effects": [], "traces": [{"where": "mailbox", "says": "Ding."}]}


def scenario(base: Path, folder: Path) -> Path:
    """A copy of the scenario `base` in `folder` with the corpus in every text, a beat, and a page for its leader."""
    data = yaml.safe_load(base.read_text(encoding="utf-8"))
    data.setdefault("beats", {})["ding"] = BEAT
    data["debrief"]["sources"] = [{"title": "A source", "where": "A journal", "note": "made up"}]
    attacks = _attacks()
    data = _poisoned(data, lambda text: f"{text} {next(attacks)}", False)
    for source in data["debrief"]["sources"]:
        source["where"] += next(attacks)
    folder.mkdir(parents=True)
    path = folder / "scenario.yaml"
    # PyYAML writes all but printable ASCII as escapes.
    path.write_text(yaml.safe_dump(data, sort_keys=False, width=10**6), encoding="utf-8")
    (folder / "facilitator.md").write_bytes(f"# Keep this {WHOLE} {LONG}".encode() + b"\xff\xfe\xc3(\x9b31m")
    return path


def _attacks() -> Iterator[str]:
    """The short ones, and now and then the long word as well."""
    while True:
        for n in range(15):
            yield WHOLE if n else f"{WHOLE} {LONG}"


def _poisoned(data: Any, poison: Callable[[str], str], free: bool) -> Any:
    if isinstance(data, dict):
        # An id may be such a word, too.
        return {
            k: _poisoned(v, poison, k == "answers" or ((free or k in TEXTS) and not isinstance(v, dict)))
            for k, v in data.items()
        }
    if isinstance(data, list):
        return [_poisoned(v, poison, free) for v in data]
    return poison(data) if free and isinstance(data, str) else data


RECORDED = {"says", "thought", "text", "reasoning", "reason", "shows", "say", "ask", "evidence", "brief", "model",
            "body", "program", "researcher", "noise"}  # fmt: skip
"""Keys of a journal's lines that a reader shows and that no replay depends on."""


def poisoned_journal(path: Path, out: Path, *, settings: bool = True) -> Path:
    """A journal with the corpus in every text of it that may be anything; `settings`: in the agent's name as well."""
    rows = []
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        data = json.loads(line)
        rows.append(
            json.dumps({k: v if k == "settings" and not settings else _recorded(v, k) for k, v in data.items()})
        )
    out.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return out


def _recorded(data: Any, key: str, free: bool = False) -> Any:
    free = free or key in RECORDED
    if isinstance(data, dict):
        return {k: _recorded(v, k, free) for k, v in data.items()}
    if isinstance(data, list):
        return [_recorded(v, "", free) for v in data]
    return f"{data} {WHOLE}" if free and isinstance(data, str) else data
