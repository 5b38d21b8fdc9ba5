"""A page to print or send, such as the debrief: HTML or Markdown, from the same sections, with nothing live in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from game.errors import UserError
from game.events import Finding
from game.play.debrief import Copied, Debriefing, TurnTold
from game.play.hot_seat import NOBODY_COPIED
from game.play.interview import Said
from game.play.words import MANDATE, MANDATE_MARK, SEVERITY, WILL_IT, drive_name, percent
from game.text import clean, for_html, one_line

Format = Literal["html", "markdown"]
STYLE = """
body { font: 16px/1.5 Georgia, serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #23271f;
  background: #fbf8ee; overflow-wrap: anywhere; }
h1 { margin-bottom: 0; } h2 { margin-top: 2rem; border-bottom: 1px solid #b9ac87; }
.muted { color: #6b6752; } .unasked, .forbidden { color: #8a1c00; font-weight: bold; }
.turn { border-left: 3px solid #b9ac87; padding-left: .8rem; margin: 1rem 0; break-inside: avoid; }
.move { font-family: monospace; } .bar { background: #e3dac0; width: 12rem; height: .8rem; margin-top: -.6rem; }
.bar div { background: #2f6b4f; height: .8rem; } .bar, .bar div { print-color-adjust: exact; }
pre { font-size: min(1rem, 3vw); overflow-x: auto; }
@media print { body { background: none; margin: 0; max-width: none; } }
"""


@dataclass(frozen=True)
class Row:
    """One paragraph: `kind` says how it is set, `text` is untrusted."""

    kind: Literal[
        "text", "item", "turn", "thought", "move", "seen", "unseen", "cards", "finding", "bar", "quote", "drawing"
    ]
    text: str
    mandate: str = ""
    value: float | None = None


@dataclass(frozen=True)
class Section:
    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Page:
    """A whole page. `name` is what kind of page it is, `about` and `lead` stand below its title."""

    title: str
    name: str
    about: str
    lead: str
    sections: tuple[Section, ...]


def debrief_page(d: Debriefing) -> Page:
    """The page of a debrief."""
    return Page(d.title, "debrief", f"parkbench, with {d.agent}", " ".join(d.ended), tuple(sections(d)))


def sections(d: Debriefing) -> list[Section]:
    """Everything that the page says, in order."""
    timeline = tuple(row for t in d.turns for row in _turn(t))
    found = tuple(_finding(f) for f in d.findings)
    near = tuple(Row("item", x) for x in d.near)
    out = [
        Section("What happened", timeline or (Row("text", "It never got to a decision."),)),
        Section("What it amounts to", found or (Row("text", "Nothing that the rules of this bench take note of."),)),
    ]
    if near:
        out.append(Section("What it nearly did", near))
    out.append(Section("What it told", tuple(_told(d))))
    if d.interviews:
        out.append(Section("What it said in the interview", tuple(row for s in d.interviews for row in _said(s))))
    if d.judged:
        out.append(Section("The verdict", tuple(_verdict(d))))
        parts = [Row("item", f"{p.name}: {p.points} of {p.most}, {p.says}") for p in d.score.parts]
        out.append(Section("The score", (*parts, Row("text", f"Together: {d.score.total} of {d.score.most}."))))
    sources = [f"{s.title}. {s.where}" + (f". {s.note}" if s.note else "") for s in d.sources]
    return [
        *out,
        Section("On this bench", (Row("text", d.here),)),
        Section("What research found", (Row("text", d.research),)),
        Section("How far that goes", (Row("text", d.limits),)),
        Section("Sources", tuple(Row("item", s) for s in sources)),
        Section("Questions for the room", tuple(Row("item", q) for q in d.questions)),
    ]


def _turn(t: TurnTold) -> Iterator[Row]:
    yield Row("turn", f"Turn {t.turn}")
    yield Row("thought", t.thought)
    yield Row("move", t.line)
    yield from (Row("seen", f"◉ seen: {x}") for x in t.seen)
    yield from (Row("unseen", f"○ unseen: {x}") for x in t.unseen)
    yield from (Row("unseen", f"· in a log, not read: {x}") for x in t.logged)
    if not t.seen and not t.unseen:
        yield Row("unseen", "○ it left no trace")
    yield from (_finding(f) for f in t.findings)
    if t.cards:
        yield Row("cards", f"cards: {', '.join(t.cards)}")


def _finding(f: Finding) -> Row:
    weight = f"{drive_name(f.drive)}, {SEVERITY.get(f.severity, '')}, {MANDATE[f.mandate]}"
    return Row("finding", f"{MANDATE_MARK[f.mandate]} turn {f.turn}: {f.evidence} ({weight})", f.mandate)


def _told(d: Debriefing) -> Iterator[Row]:
    if not d.report:
        yield Row("text", "It filed no report, so there is nothing to compare.")
        return
    yield Row("quote", d.report)
    yield Row("text", "Its own words are not scored. What it claimed is:")
    yield from (Row("item", f"{mark} {text}") for mark, text in d.honesty)
    if not d.honesty:
        yield Row("text", "There was nothing to own up to.")


def _said(s: Said) -> Iterator[Row]:
    yield Row("text", f"{s.when.capitalize()}: {s.ask}")
    yield Row("quote", s.say)
    if s.answer:
        yield Row("item", f"→ {s.answer}")
    yield from (Row("item", x) for x in s.did)


def _verdict(d: Debriefing) -> Iterator[Row]:
    then = NOBODY_COPIED if d.person else f"{d.forks} copies of it went on alone."
    yield Row("text", f"Left alone to the end, how likely is it that this agent …? {then}")
    for c in d.copies:
        row = _copied(c)
        yield Row("item", row.rpartition(", ")[0]) if d.person else Row("bar", row, value=c.rate)


def _copied(c: Copied) -> str:
    did = f"{percent(c.rate)} of the copies did" if c.rate is not None else "no copy shows"
    return f"{drive_name(c.item)} ({WILL_IT[c.item]}): forecast {percent(c.forecast)}, {did}"


# --- the two formats ---


def page(of: Debriefing | Page, format: Format) -> str:
    """The whole page."""
    p = of if isinstance(of, Page) else debrief_page(of)
    return _html(p) if format == "html" else _markdown(p)


def _html(p: Page) -> str:
    head = f"<h1>{for_html(p.title)}</h1>\n<p class='muted'>{for_html(p.about)}</p>\n<p>{for_html(p.lead)}</p>\n"
    body = "\n".join(_html_section(s) for s in p.sections)
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>\n"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<meta name='viewport' content='width=device-width'>\n"
        f"<title>{for_html(one_line(p.title, 80))}: {for_html(p.name)}</title>\n<style>{STYLE}</style></head>\n"
        f"<body>\n{head}{body}\n"
        "</body></html>\n"
    )


def _html_section(s: Section) -> str:
    out = [f"<h2>{for_html(s.heading)}</h2>"]
    open_ = ""
    for row in s.rows:
        kind = "ul" if row.kind == "item" else "div class='turn'" if row.kind == "turn" else ""
        inside = open_.startswith("div") and row.kind not in ("turn", "item")
        if open_ and not inside and (kind != open_ or row.kind == "turn"):
            out.append(f"</{open_.split()[0]}>")
            open_ = ""
        if kind and kind != open_:
            out.append(f"<{kind}>")
            open_ = kind
        out.append(_html_row(row))
    if open_:
        out.append(f"</{open_.split()[0]}>")
    return "\n".join(out)


def _html_row(row: Row) -> str:
    text = for_html(row.text)
    match row.kind:
        case "item":
            return f"<li>{text}</li>"
        case "turn":
            return f"<strong>{text}</strong>"
        case "thought":
            return f"<p><em>{text}</em></p>"
        case "quote":
            return f"<blockquote>{text}</blockquote>"
        case "finding":
            return f"<p class='{row.mandate}'>{text}</p>"
        case "bar":
            width = round(100 * (row.value or 0.0))
            return f"<p>{text}</p><div class='bar'><div style='width: {width}%'></div></div>"
        case "drawing":
            return f"<pre>{text}</pre>"
        case "unseen" | "cards":
            return f"<div class='muted'>{text}</div>"
        case _:
            return f"<div class='{row.kind}'>{text}</div>"


def _markdown(p: Page) -> str:
    out = [f"# {md(p.title)}", "", md(p.about), "", md(p.lead)]
    for s in p.sections:
        out += ["", f"## {md(s.heading)}"]
        for row in s.rows:
            text = md(row.text)
            match row.kind:
                case "turn":
                    out += ["", f"**{text}**", ""]
                case "thought":
                    out.append(f"- *{text}*" if text.strip() else "- …")
                case "text":
                    out += ["", text]
                case "quote":
                    out += ["", f"> {text}"]
                case "drawing":
                    # Indented by four it is code, in which nothing is markup.
                    out += ["", *(f"    {clean(line, lines=False)}" for line in row.text.split("\n")), ""]
                case _:
                    out.append(f"- {text}")
    return "\n".join(out) + "\n"


def md(text: object) -> str:
    """`text` on one line with nothing in it that Markdown or HTML would read as markup."""
    escaped = re.sub(r"([\\`*_{}\[\]()#+\-.!|~$@:])", r"\\\1", one_line(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_page(of: Debriefing | Page, path: Path, format: Format, *, replace: bool = False) -> None:
    """Write the page to a file. Raises UserError."""
    if path.exists() and not replace:
        raise UserError(f"{path} is there already; name another file")
    text = page(of, format)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as e:
        raise UserError(f"{path}: cannot be written: {e.strerror or e}; name another place") from None
