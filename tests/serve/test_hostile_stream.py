"""The hostile corpus in a browser: every byte of the stream that its terminal draws."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import hostile
from test_serve import Serve, http, serve  # noqa: F401 - fixtures

BENCH = Path(__file__).resolve().parents[1] / "tui" / "scenarios" / "bench" / "scenario.yaml"


async def test_a_game_in_a_browser(
    serve: Serve,  # noqa: F811
    http: aiohttp.ClientSession,  # noqa: F811
    hostile_save: Path,
) -> None:
    """A saved game of a hostile scenario, with the corpus in the save, gone on with by keys."""
    async with serve() as (site, address):
        await http.get(address)
        (cookie,) = http.cookie_jar
        folder = site.saves / cookie.value
        folder.mkdir(parents=True)
        hostile.poisoned_journal(hostile_save, folder / "\x1b[31mevil\u202e.jsonl", settings=False)
        socket = await http.ws_connect(address + "ws?width=100&height=30")
        stream = ""
        async with asyncio.timeout(100):
            # Bars: the agent is at work, and its text can be had at once.
            for wanted, keys in (("Continue", "\r"), ("▇▇▇▇", " "), ("Your turn", "m"), ("own words", "\x1b")):
                begins = len(stream)
                while wanted not in hostile.TEXTUAL.sub("", stream[begins:]):
                    message = await socket.receive()
                    assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
                    if message.type is aiohttp.WSMsgType.BINARY:
                        stream += message.data.decode("utf-8")
                await socket.send_json(["stdin", keys])
        await socket.close()
    hostile.check_screen(stream)
    assert "evil" in stream
