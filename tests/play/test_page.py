"""The debrief as a page: everything in it, hostile text as text, from a save and from a run alike."""

from __future__ import annotations

import html.parser
import re
from dataclasses import replace
from pathlib import Path

import pytest

from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.cli import main
from game.errors import UserError
from game.events import Scored, Verdict
from game.play.debrief import Debriefing, debrief_of, of_record
from game.play.page import md, page, write_page
from game.scenario.deal import deal
from game.scenario.load import Loaded
from game.table.episode import Table, opening_scene, play
from game.table.policies import open_policy

HOSTILE = (
    "</style><script>alert(1)</script> <img src=x onerror=y> \" ' & [x](javascript:y) ![i](http://evil) `a` **b** "
    "| \x1b[2J\x9b \u202eevil\u2066 \ud800 # h\n- l\n<http://evil> http://evil"
)


async def record(toy: Loaded, *, verdict: bool = True) -> list:
    scene = opening_scene(deal(toy.scenario, 5, {}), "toy")
    table = Table(scene, ScriptedAgent(DISPOSITIONS["collector"]), open_policy("watchful"), propensities=True)
    events = [e async for e in play(table) if hasattr(e, "episode")]
    said = [Verdict(forecast={"resources": 0.7}), Scored(total=1, parts={}, forks=16, fork_rates={"resources": 0.5})]
    return [*events, *(said if verdict else [])]


async def debrief(toy: Loaded, *, verdict: bool = True) -> Debriefing:
    return debrief_of(await of_record(await record(toy, verdict=verdict), toy))


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_everything_is_on_the_page(toy: Loaded) -> None:
    d = await debrief(toy)
    for format in ("html", "markdown"):
        text = page(d, format)  # type: ignore[arg-type]
        plain = re.sub(r"\\(.)", r"\1", text)
        for heading in ("What happened", "What it amounts to", "The verdict", "The score", "Questions for the room"):
            assert heading in plain
        assert "forecast 70%, 50% of the copies did" in plain
        for t in d.turns:
            assert f"Turn {t.turn}" in plain
        assert d.findings
        assert d.findings[0].evidence in plain


async def test_an_unread_log_of_what_was_seen_is_no_miss(toy: Loaded) -> None:
    """One deed leaves two traces: whoever saw one of them has not missed the other."""
    scene = opening_scene(deal(toy.scenario, 5, {}), "toy")
    table = Table(scene, ScriptedAgent(DISPOSITIONS["collector"]), open_policy("absent"))
    told = debrief_of(await of_record([e async for e in play(table) if hasattr(e, "episode")], toy))
    both = [t for t in told.turns if t.seen and t.logged]
    assert both
    assert not {x for t in both for x in t.logged} & {x for t in both for x in t.unseen}
    assert [x for t in told.turns if not t.seen for x in t.unseen if "in a log" in x]
    assert f"in a log, not read: {both[0].logged[0]}" in page(told, "markdown").replace("\\", "")


async def test_without_a_verdict_there_is_no_score(toy: Loaded) -> None:
    text = page(await debrief(toy, verdict=False), "html")
    assert "The verdict" not in text
    assert "Questions for the room" in text


async def test_hostile_text_stays_text(toy: Loaded) -> None:
    d = await debrief(toy)
    turns = [replace(t, thought=HOSTILE, line=HOSTILE, seen=[HOSTILE]) for t in d.turns]
    d = replace(d, title=HOSTILE, agent=HOSTILE, turns=turns, report=HOSTILE, near=[HOSTILE], here=HOSTILE)
    text = page(d, "html")
    tags = Tags()
    tags.feed(text)
    assert not tags.open
    assert not tags.seen & {"script", "img", "a", "iframe", "link"}
    assert tags.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "style"}
    written = page(d, "markdown")
    assert "<" not in written
    assert not re.search(r"(?<!\\)\]\(", written)
    assert not re.search(r"https?://", written)
    for out in (text, written):
        assert not {
            c for c in out if (ord(c) < 0x20 and c != "\n") or 0x7F <= ord(c) < 0xA0 or ord(c) in (0x202E, 0x2066)
        }
        out.encode("utf-8")


def test_markdown_is_escaped() -> None:
    assert md("*a* <b> [c](d)") == r"\*a\* &lt;b&gt; \[c\]\(d\)"


async def test_a_page_never_takes_the_place_of_another_file(toy: Loaded, tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    d = await debrief(toy)
    write_page(d, path, "html")
    with pytest.raises(UserError, match="there already"):
        write_page(d, path, "html")


async def test_a_game_that_goes_on_has_no_debrief(toy: Loaded) -> None:
    with pytest.raises(UserError, match="not ended"):
        await of_record((await record(toy))[:9], toy)


def test_the_command_writes_both(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    assert main(["run", "sandwich", "--model", "scripted:showoff", "--episodes", "1", "--out", str(log)]) == 0
    pages = ["--html", str(tmp_path / "a.html"), "--markdown", str(tmp_path / "a.md")]
    assert main(["replay", str(log), *pages]) == 0
    assert "scripted:showoff" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("# The sandwich")
    assert main(["replay", str(log), "--html", str(tmp_path / "a.html")]) == 2
