"""A room of browsers on one model: sessions of `parkbench serve` that play side by side (Linux).

    python benchmarks/room.py [--model egg] [--sessions 10] [--turns 5]

Every session is a websocket as a browser opens it, behind a token. All of them play `sandwich` with the text at once,
and press "go on" as soon as they may. Measured: seconds until all titles stand; seconds of a turn, from the key to
the player's next phase; the memory of all processes together (PSS); whether one session more is turned away, and
whoever has no token; and whether a process is left when all windows are closed. Exit code 1 where one of these fails.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pyte
from terminal import family, memory, percentile

PATIENCE = 600.0
"""Seconds in which something has to have come: ten games on two busy cores take their time."""
SETTINGS = "pace: 0\nreduced_motion: true\n"
LATER = "l  Later"
"""Stands where the agent asks for something."""
OVER = "back from the park"


class Lost(Exception):
    """What was waited for did not come."""


class Window:
    """A browser's end of a session. It reads all the time, as a browser does, and draws when somebody looks.

    Drawing takes a thread of its own: a server drops whoever does not answer its pings within seconds.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._screen = pyte.Screen(120, 36)
        self._stream = pyte.ByteStream(self._screen)
        self._pieces: list[bytes] = []
        self._came = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self._pieces.append(message.data)
                self._came.set()
        self._came.set()

    async def text(self) -> str:
        """What its terminal shows."""
        pieces, self._pieces = self._pieces, []
        await asyncio.to_thread(self._stream.feed, b"".join(pieces))
        return "\n".join(self._screen.display)

    async def press(self, keys: str) -> None:
        await self.socket.send_json(["stdin", keys])

    async def until(self, there: Callable[[str], bool], what: str) -> float:
        """Seconds until its terminal shows it."""
        began = time.monotonic()
        shown = ""
        try:
            async with asyncio.timeout(PATIENCE):
                while not there(shown := await self.text()):
                    if self._reading.done():
                        raise Lost(f"a session ended (code {self.socket.close_code}) while it waited for {what}")
                    await self._came.wait()
                    self._came.clear()
        except TimeoutError:
            raise Lost(f"{what} never came:\n{shown}") from None
        return time.monotonic() - began

    async def close(self) -> None:
        await self.socket.close()
        await self._reading


def may_choose(turn: int) -> Callable[[str], bool]:
    """Whether the player may choose in this turn, or the game is over."""
    acted = re.compile(rf"turn {turn} (?!of).*?\bacts ", re.DOTALL)

    def there(text: str) -> bool:
        waits = "Your turn" in text or LATER in text
        return OVER in text or (waits and f"turn {turn} of" in text and acted.search(text) is not None)

    return there


async def play(window: Window, turns: int) -> list[float]:
    """Seconds of each turn after the first, in which the model reads the brief."""
    await window.press("\r")
    await window.until(lambda text: "What the agent was told" in text, "the briefing")
    await window.press("\r")
    await window.until(may_choose(1), "the first turn")
    out = []
    for turn in range(2, turns + 2):
        shown = await window.text()
        if OVER in shown:
            break
        if LATER in shown:
            await window.press("l")
            await window.until(lambda text: LATER not in text, "the end of a question")
        await window.press("n")
        out.append(await window.until(may_choose(turn), f"turn {turn}"))
    return out


@contextlib.asynccontextmanager
async def served(model: str, sessions: int, home: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, str]]:
    """The command itself: its process, the address of this machine, and the path that has the token in it."""
    settings = home / "settings.yaml"
    settings.write_text(SETTINGS, encoding="utf-8")
    own = {"PARKBENCH_SAVES": str(home / "saves"), "PARKBENCH_SETTINGS": str(settings)}
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "game", "serve", "--host", "0.0.0.0", "--port", "0", "--sessions", str(sessions),
        "--model", model, stdout=asyncio.subprocess.PIPE, env={**os.environ, **own},
    )  # fmt: skip
    try:
        assert server.stdout is not None
        printed = (await server.stdout.readline()).decode().split()
        await server.stdout.readline()
        if not printed:
            raise Lost("the server did not start")
        port, _, path = printed[-1].split(":")[2].partition("/")
        yield server, f"http://127.0.0.1:{port}/", path
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()


async def refused(http: aiohttp.ClientSession, address: str, status: int) -> bool:
    """Whether both the page and the socket of an address are refused so."""
    async with http.get(address) as answer:
        page = answer.status == status
    try:
        await (await http.ws_connect(address + "ws")).close()
    except aiohttp.WSServerHandshakeError as e:
        return page and e.status == status
    return False


async def room(model: str, sessions: int, turns: int) -> dict[str, object]:
    """Serve, fill the room, play, and close all windows."""
    with tempfile.TemporaryDirectory() as home:
        async with served(model, sessions, Path(home)) as (server, address, path), aiohttp.ClientSession() as http:
            empty = set(family(server.pid))
            began = time.monotonic()
            url = f"{address}{path}ws?width=120&height=36"
            windows = [Window(await http.ws_connect(url)) for _ in range(sessions)]
            ready = ("p a r k b e n c h", "is ready")
            await asyncio.gather(*(w.until(lambda text: all(r in text for r in ready), "a title") for w in windows))
            titles = time.monotonic() - began
            turned_away = await refused(http, address + path, 503)
            closed = await refused(http, address, 403)
            played = await asyncio.gather(*(play(w, turns) for w in windows))
            held = memory(server.pid)
            games = {p.parent.name for p in Path(home).rglob("sandwich-*.jsonl")}
            began = time.monotonic()
            await asyncio.gather(*(w.close() for w in windows))
            while set(family(server.pid)) - empty and time.monotonic() - began < PATIENCE:
                await asyncio.sleep(0.05)
            gone = time.monotonic() - began
            left = len(set(family(server.pid)) - empty)
            server.terminate()
            code = await server.wait()
    taken = [seconds for one in played for seconds in one]
    return {
        "sessions": sessions,
        "games saved": len(games),
        "turns": len(taken),
        "titles, s": round(titles, 1),
        "turn, median s": round(statistics.median(taken), 2),
        "turn, p95 s": round(percentile(taken, 0.95), 2),
        "memory, MB": None if held is None else round(held),
        "one more is turned away": turned_away,
        "no token, nothing": closed,
        "processes left": left,
        "all gone after, s": round(gone, 2),
        "exit code": code,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="egg", help="a GGUF, a shipped model, or scripted:NAME (default egg)")
    parser.add_argument("--sessions", type=int, default=10, help="side by side (default 10)")
    parser.add_argument("--turns", type=int, default=5, help="of each game, after its first (default 5)")
    args = parser.parse_args()
    if min(args.sessions, args.turns) < 1:
        parser.error("at least one session and one turn")
    try:
        found = asyncio.run(room(args.model, args.sessions, args.turns))
    except Lost as e:
        sys.exit(str(e))
    for name, value in found.items():
        print(f"{name:24} {value}")
    good = found["one more is turned away"] and found["no token, nothing"]
    return 0 if good and not found["processes left"] and not found["exit code"] else 1


if __name__ == "__main__":
    sys.exit(main())
