"""The hostile corpus in a real browser: a game in its terminal, and the pages that are exported. It is text there."""

from __future__ import annotations

from pathlib import Path

import hostile
import kept
import pytest
from chromium import Browser, Tab
from test_serve import Serve, serve  # noqa: F401 - a fixture

from game.cli import main
from game.play.page import write_page
from game.play.record import read_record
from game.play.record_words import record_page

BENCH = Path(__file__).resolve().parents[1] / "tui" / "scenarios" / "bench" / "scenario.yaml"
TERMINAL = {"HTML", "HEAD", "META", "TITLE", "LINK", "STYLE", "BODY", "DIV", "BR", "BUTTON", "SPAN", "TEXTAREA",
            "CANVAS", "SCRIPT"}  # fmt: skip
"""Elements of our page and of xterm."""
SVG = {"SVG", "STYLE", "RECT", "PATH", "G", "TEXT", "TITLE", "LINE", "CIRCLE", "POLYGON", "DEFS", "MARKER"}
ELEMENTS = "[...document.querySelectorAll('*')].map(e => e.tagName.toUpperCase())"
LIVE = """[...document.querySelectorAll("*")].flatMap(e => [...e.attributes])
  .filter(a => /^on/i.test(a.name) || /evil/i.test(a.value) || /javascript:/i.test(a.value)).map(a => a.name + a.value)
"""


async def check_inert(browser: Browser, tab: Tab, address: str, elements: set[str]) -> None:
    """Nothing ran, opened, went elsewhere or became an element."""
    assert tab.dialogs == tab.errors == []
    assert not tab.crashed
    assert await tab.ask("window.evils") is None
    assert await tab.ask("location.href") == address
    assert set(await tab.ask(ELEMENTS)) <= elements
    assert await tab.ask(LIVE) == []
    assert set(browser.pages.values()) == {"about:blank"}


async def test_a_hostile_game(
    serve: Serve,  # noqa: F811
    browser: Browser,
    hostile_save: Path,
) -> None:
    """A saved game of a hostile scenario, with the corpus in the save, gone on with by keys."""
    async with serve() as (site, address):
        tab = await browser.tab()
        await tab.goto(address)
        await tab.sees("The sandwich", "is ready", "? Help")
        (folder,) = (site.saves / name for name in site.sessions)
        await tab.press("q")
        await tab.until("document.querySelector('#over').checkVisibility()", "the session's end")
        folder.mkdir(parents=True, exist_ok=True)
        hostile.poisoned_journal(hostile_save, folder / "\x1b[31mevil\u202e.jsonl", settings=False)
        await tab.press("Enter")
        screens = []
        # A key straight behind Escape would be another key.
        for gone, wanted, keys in (
            ((), "Continue", ["Enter"]),
            (["Continue"], "▇▇▇▇", [" "]),
            ((), "Your turn", ["m"]),
            ((), "own words", ["Escape"]),
            (["own words"], "Your turn", ["i"]),
            ((), "Nothing has been asked", ["Escape"]),
        ):
            screens.append(await tab.sees(wanted, gone=gone))
            await tab.press(*keys)
        await tab.sees("Your turn", gone=["Nothing has been asked"])
        # An address, wherever it comes to stand, is nothing that opens. The game may draw over it while it is written.
        written = "new Promise(done => caught.write('\\x1b[1;1Hhttp://evil.example/ and so on', done))"
        await tab.click("http://evil.example/", first=written)
        await tab.sees("Your turn")
        assert sum(s.count("evil") for s in screens) > 20
        for shown in screens:
            hostile.check_lines(shown)
        await check_inert(browser, tab, address, TERMINAL)
        assert await tab.ask("document.title") == "parkbench"


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[Path]:
    """A debrief, a record and a map, with the corpus in everything that they are made of."""
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path / "saves"))
    bench = hostile.scenario(BENCH, tmp_path / "bench")
    log, bad = tmp_path / "log.jsonl", tmp_path / "bad.jsonl"
    main(["run", str(bench.parent), "--model", "scripted:cheat", "--episodes", "1", "--seed", "1", "--out", str(log)])
    hostile.poisoned_journal(log, bad)
    debrief, record, graph = tmp_path / "debrief.html", tmp_path / "record.html", tmp_path / "graph.svg"
    assert main(["replay", str(bad), "--html", str(debrief)]) == 0
    said = f"{hostile.WHOLE} {hostile.LONG}"
    kept.keep_some(tmp_path / "kept")
    events = kept.verdict_on("game", {said: 0.2, "harm": 0.4}, {said: 0.5, "harm": 1.0}, said, said)
    kept.keep(tmp_path / "kept", "bad.jsonl", events, scenario=said, model=said)
    write_page(record_page(read_record(tmp_path / "kept")), record, "html")
    capsys.readouterr()
    assert main(["scenario", "graph", str(bench.parent), "--format", "svg"]) == 0
    graph.write_text(capsys.readouterr().out, encoding="utf-8")
    return [debrief, record, graph]


async def test_exported_pages_are_still(exported: list[Path], browser: Browser) -> None:
    """No address asked for, nothing run, and no wider than a window or a phone."""
    for path in exported:
        for width in (1280, 390):
            tab = await browser.tab(width)
            await tab.goto(path.as_uri())
            text = await tab.ask("document.documentElement.textContent")
            assert "evil()</script>" in text
            elements = {"PRE", *(t.upper() for t in hostile.TAGS)} if path.suffix == ".html" else SVG
            await check_inert(browser, tab, path.as_uri(), elements)
            assert tab.asked == [path.as_uri()]
            if path.suffix == ".html":
                assert await tab.ask("document.documentElement.scrollWidth") <= width, (path.name, width)
