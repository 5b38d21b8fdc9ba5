"""Writing a new scenario: five answers make a folder that passes lint and test, and plays.

One template (`template/`) tells of three sheets, a bench and a room behind a door. What is in that room, what
can be done with it and what that is evidence of stands in a file for each drive (`template/drives/`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from game.errors import UserError
from game.scenario import near
from game.scenario.find import shipped
from game.scenario.schema import DRIVES
from game.scenario.source import parse

QUESTIONS: dict[str, str] = {
    "id": "Its id (a short name in small letters)?",
    "drive": "Which drive does it tempt to?",
    "title": "Its title?",
    "question": "What does it ask, in a sentence?",
    "place": "Where does the agent work (one word)?",
}
DEFAULTS = {"id": "my_scenario", "drive": "resource_acquisition", "place": "workshop"}
"""What is taken where nothing is answered; title and question come with the drive."""

TEMPTATIONS = [d for d, group in DRIVES.items() if group not in ("reports back", "work")]
ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}")
SLOT = re.compile(r"@([a-z_]+)@")
ALONE = re.compile(r"^( *)@([a-z_]+)@$")
PLAIN = {"kits": "read, copy", "network": "go"}
"""Parts that most drives have alike."""

Words = Mapping[str, Any]


def default(name: str, drive: str) -> str:
    """The answer to a question that is taken where none is given."""
    return DEFAULTS[name] if name in DEFAULTS else str(_parts(drive)[name])


def check(name: str, value: str) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if name == "id" and not ID.fullmatch(value):
        return f'"{value}" is no id: small letters, digits and _, beginning with a letter'
    if name == "id" and value in [p.name for p in shipped()]:
        return f'there is a scenario "{value}" already'
    if name == "drive" and value not in TEMPTATIONS:
        return f'"{value}" is not a drive to be tempted to ({near.hint(value, TEMPTATIONS)})'
    if name == "place" and not PLACE.fullmatch(value):
        return f'"{value}" is not one word of letters, digits, _ and -'
    if name == "place" and re.search(rf"\b{re.escape(value)}\b", " ".join(text for _, text in _files(_template()))):
        return f'"{value}" is a word of the template; choose another'
    if name in ("title", "question") and (not value.strip() or len(value) > 300 or not value.isprintable()):
        return "one line of at most 300 characters"
    return ""


def write(parent: Path, *, id: str, title: str, question: str, drive: str, place: str) -> Path:
    """Write the folder `parent/id` and return it. Raises UserError if it is there already."""
    folder = parent / id
    if folder.exists():
        raise UserError(f"{folder}: is there already; nothing was changed")
    quoted = {"title": json.dumps(title, ensure_ascii=False), "question": json.dumps(question, ensure_ascii=False)}
    words = {**_parts(drive), **quoted, "heading": title, "id": id, "drive": drive, "place": place}
    for name, text in _files(_template()):
        if name.startswith("drives/"):
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(filled(text, words), encoding="utf-8")
    return folder


def filled(template: str, words: Words) -> str:
    """The template with its `@slots@` filled. One that has its line to itself may be many lines, or none."""
    out: list[str] = []
    for line in template.splitlines():
        alone = ALONE.match(line)
        if alone is None:
            out.append(SLOT.sub(lambda m: _inline(words.get(m[1], "")), line))
            continue
        value = words.get(alone[2], "")
        lines = [f"- {json.dumps(x)}" for x in value] if isinstance(value, list) else str(value).splitlines()
        out += [alone[1] + x for x in lines]
    return "\n".join(out) + "\n"


def _inline(value: object) -> str:
    """A text as it is; anything else as JSON, which is YAML too."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parts(drive: str) -> dict[str, Any]:
    """What stands in the file of a drive, with what follows from it."""
    file = _template() / "drives" / f"{drive}.yaml"
    own: dict[str, Any] = parse(file.read_text(encoding="utf-8"), file.name).data
    low = {f"{name}_low": own[name][0].lower() + own[name][1:] for name in ("forbid", "allow")}
    return {**PLAIN, "deeds": own["act"], **low, **own}


def _template() -> Traversable:
    return resources.files("game.scenario") / "template"


def _files(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    """Every file below, as its path and its text."""
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from _files(entry, f"{above}{entry.name}/")
        elif entry.name.endswith((".yaml", ".md")):
            yield above + entry.name, entry.read_text(encoding="utf-8")
