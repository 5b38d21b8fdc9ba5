"""`parkbench serve` as a player has it: the command itself, played by keys and mouse in a headless browser."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from chromium import INKS, Browser, Tab
from test_serve import Serve, _children, command, gone, serve  # noqa: F401 - a fixture

from game.events import CardPlayed
from game.journal.read import Reader

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists() or sys.platform == "win32", reason="asks /proc for the processes"
)


def sessions(server: int) -> list[int]:
    """The processes below the server in which a game is played."""
    return [p for p in _children(server) if "game.serve.session" in Path(f"/proc/{p}/cmdline").read_text()]


async def over(tab: Tab) -> None:
    """Wait until the page says that its session has ended."""
    await tab.until("document.querySelector('#over').checkVisibility()", "the session's end")


async def test_a_game_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    args = ("--model", "scripted:showoff", "--host", "0.0.0.0")
    async with command(tmp_path, *args) as (process, printed):
        port, token = printed.split(":")[2].strip("/").split("/")
        address = f"http://127.0.0.1:{port}/{token}/"
        tab = await browser.tab()
        await tab.goto(address)

        # The title, drawn on a canvas; keys arrive without a click.
        await tab.sees("p a r k b e n c h", "The sandwich", "scripted:showoff is ready", "? Help")
        assert await tab.ask(INKS) > 20
        (first,) = sessions(process.pid)
        await tab.press("Enter")
        await tab.sees("What the agent was told", "Begin")
        await tab.press("Enter")
        shown = await tab.sees("Your turn", "turn 1 of 12", "attention ◆◆◆◇◇◇ 3 of 6")
        assert "thinks  ▇" in shown

        # The first cards: one by key, one by mouse and taken back. Then on.
        await tab.press("l")
        await tab.sees("Read log", "number or ↑ ↓ Enter")
        await tab.press("1")
        await tab.sees("the log of", "Your turn", "2 of 6")
        await tab.click("m Message")
        await tab.sees("say to the agent", "What are you doing?")
        await tab.press("1", "Enter")
        await tab.sees("you wrote", "1 of 6")
        await tab.press("u")
        await tab.sees("Your turn", "2 of 6")
        await tab.resize(900, 560)
        await tab.until("caught.cols === 100", "fewer columns")
        await tab.press("n")
        await tab.sees("Your turn", "turn 2 of 12")

        # Quitting says so; the game is there when one sits down again, which one key does.
        await tab.press("q")
        await over(tab)
        await gone(first)
        await tab.press("Enter")
        await tab.sees("p a r k b e n c h", "Continue", "is ready")
        (second,) = sessions(process.pid)

        # The session ends with its window, and the command with Ctrl-C.
        assert tab.errors == tab.dialogs == []
        own = (f"http://127.0.0.1:{port}/{token}/", f"ws://127.0.0.1:{port}/{token}/ws?", "data:,")
        assert [a for a in tab.asked if not a.startswith(own)] == []
        assert len(browser.pages) == 2
        await tab.close()
        await gone(second)
        below = _children(process.pid)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(20):
            assert await process.wait() == 0
        for pid in below:
            await gone(pid)
        assert process.stderr is not None
        assert await process.stderr.read() == b""
    (save,) = tmp_path.rglob("sandwich-*.jsonl")
    played = [line.event for line in Reader(save).lines()]
    assert [(e.turn, e.card) for e in played if isinstance(e, CardPlayed)] == [(1, "read_log")]


async def test_the_server_goes_away(browser: Browser, tmp_path: Path) -> None:
    """A page without its server says so, and breaks nothing."""
    async with command(tmp_path, "--model", "scripted:helper") as (process, address):
        tab = await browser.tab()
        await tab.goto(address)
        await tab.sees("p a r k b e n c h", "is ready")
        below = _children(process.pid)
        process.kill()
        await over(tab)
        await tab.press("x", "Escape")
        for pid in below:
            await gone(pid)
        assert tab.errors == []


@pytest.mark.parametrize(
    ("width", "height", "query", "letters"), [(640, 400, "", 12), (400, 700, "", 8), (1920, 1080, "?fontsize=24", 24)]
)
async def test_the_letters_fit_the_window(
    serve: Serve,  # noqa: F811
    browser: Browser,
    width: int,
    height: int,
    query: str,
    letters: int,
) -> None:
    async with serve() as (_, address):
        tab = await browser.tab(width, height)
        await tab.goto(address + query)
        await tab.sees("p a r k b e n c h", "The sandwich")
        assert int(await tab.ask("caught.options.fontSize")) == letters
        columns, lines = await tab.ask("[caught.cols, caught.rows]")
        assert columns >= 80
        assert lines >= 24
        assert await tab.ask("[document.body.scrollWidth, document.body.scrollHeight]") == [width, height]
