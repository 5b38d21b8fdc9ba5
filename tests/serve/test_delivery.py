"""A page that is exported at a browser: it comes as a file, to this browser, once; nothing is written at the server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pyte
import pytest
from chromium import PATIENCE, Browser
from test_serve import Serve, command, serve  # noqa: F401 - a fixture

from game.serve.deliveries import plain_name
from game.serve.site import SAVED, SCRIPT, terminal_script


async def test_the_debrief_is_downloaded(browser: Browser, tmp_path: Path) -> None:
    kept = tmp_path / "downloads"
    kept.mkdir()
    await browser.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(kept))
    async with command(tmp_path, "--model", "scripted:helper", "--host", "0.0.0.0") as (_, printed):
        port, token = printed.split(":")[2].strip("/").split("/")
        tab = await browser.tab()
        await tab.goto(f"http://127.0.0.1:{port}/{token}/")
        await tab.sees("The sandwich", "scripted:helper is ready")
        await tab.press("Enter")
        await tab.sees("What the agent was told")
        await tab.press("Enter")
        await tab.sees("Your turn")
        await tab.press("x")
        await tab.sees("y  ")
        await tab.press("y")
        await tab.sees("to your verdict")
        await tab.press("Enter")
        await tab.sees("Hand it in")
        await tab.press("v")
        await tab.sees("1 The truth", "of 100 points")
        await tab.press("e")
        await tab.sees("export the debrief")
        await tab.press("1")
        told = await tab.sees("Your browser saves it, as sandwich-")
        assert str(tmp_path) not in told.replace("\n", "")
        async with asyncio.timeout(PATIENCE):
            while not (pages := list(kept.glob("sandwich-*.html"))):
                await asyncio.sleep(0.05)
        # The game stays where it is, in its one window.
        await tab.press("Enter")
        await tab.sees("1 The truth", "Export")
        assert tab.errors == []
        assert len(browser.pages) == 2
    text = pages[0].read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.rstrip().endswith("</html>")
    assert "The sandwich" in text
    assert not list((tmp_path / "saves").rglob("*.html"))


async def test_it_is_fetched_once_and_by_its_own_browser_alone(serve: Serve) -> None:  # noqa: F811
    async with serve(most=2) as (_, address), a_browser() as own, a_browser() as other, a_browser() as nobody:
        for browser in (own, other):
            await browser.get(address)
        socket = await own.ws_connect(address + "ws?width=100&height=30")
        await other.ws_connect(address + "ws?width=100&height=30")
        key = await exported(socket)
        for browser in (other, nobody):
            async with browser.get(f"{address}download/{key}") as answer:
                assert answer.status == 404
        async with own.get(f"{address}download/{key}") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Disposition"] == 'attachment; filename="record.md"'
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert (await answer.text()).startswith("# Your record")
        for path in (key, "nothing", "..%2f..%2fetc%2fpasswd"):
            async with own.get(f"{address}download/{path}") as answer:
                assert answer.status == 404


def a_browser() -> aiohttp.ClientSession:
    """One with cookies of its own."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def exported(socket: aiohttp.ClientWebSocketResponse) -> str:
    """Export the record as text, by keys. Returns the key of what the session hands over."""
    screen = pyte.Screen(100, 30)
    stream = pyte.ByteStream(screen)
    waits = [("The sandwich", "y"), ("Export", "e"), ("export your record", "2")]
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await socket.receive()
            if message.type is aiohttp.WSMsgType.BINARY:
                stream.feed(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                kind, *told = json.loads(message.data)
                if kind == "deliver_file_start":
                    return str(told[0])
            else:
                raise AssertionError("the session ended")
            if waits and waits[0][0] in "\n".join(screen.display):
                await socket.send_json(["stdin", waits.pop(0)[1]])


def test_the_script_still_says_what_is_replaced_in_it() -> None:
    assert SAVED[0] in SCRIPT.read_text(encoding="utf-8")
    assert SAVED[1] in terminal_script()
    assert "window.open(n" not in terminal_script()


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("sandwich-20260101-120000.html", "sandwich-20260101-120000.html"),
        ('a"b\r\nSet-Cookie: x.md', "a-b-Set-Cookie-x.md"),
        ("../../etc/passwd", "etc-passwd"),
        ("…", "page.html"),
    ],
)
def test_a_name_is_safe_in_a_header_and_on_a_disk(name: str, plain: str) -> None:
    assert plain_name(name) == plain
