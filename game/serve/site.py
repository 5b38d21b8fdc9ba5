"""The web server of `parkbench serve`: a page, its static files, and a websocket for each session.

It listens on this machine alone, or anywhere behind a token that begins every path. Nothing on
the page comes from another place.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import hmac
import re
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import textual_serve
from aiohttp import WSMsgType, web

from game.errors import UserError
from game.serve.deliveries import Deliveries
from game.serve.process import Session, inherited

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that looks like something else: a token is read from a projector and typed."""
COOKIE = "parkbench"
LONGEST_MESSAGE = 64 * 1024
WIDEST, TALLEST = 500, 200
"""Columns and lines that a browser may ask for."""
LOCAL = ("localhost", "127.0.0.1", "::1")
STATIC = Path(textual_serve.__file__).parent / "static"
PAGE = Path(__file__).with_name("page.html")
SCRIPT = STATIC / "js" / "textual.js"
LEFT_OUT = ("webgl", "weblinks")
"""Parts of that script. Where there is no WebGL, its failure keeps the letters off the canvas as well; and an address
in the agent's text is text, which nobody shall open by a click.
"""
SAVED = (
    'n=`${window.location.origin}/download/${i}${r}`;window.open(n,"_blank")',
    "n=`download/${i}`;window.save(n)",
)
"""What it does with a file: it looked for it beside the token, and opened a window, which browsers block."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def new_token() -> str:
    """About 50 random bits, in letters that can be told apart."""
    return "".join(secrets.choice(LETTERS) for _ in range(10))


@dataclass(eq=False)
class Site:
    """`token`: empty for a server that only this machine reaches. `saves`: a folder with one folder a browser."""

    model: str
    saves: Path
    token: str = ""
    most: int = 8
    environment: dict[str, str] = field(default_factory=dict)
    """For the sessions, over the server's own."""
    sessions: dict[str, Session] = field(default_factory=dict)
    """Those that run, by the folder of their saves."""

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(middlewares=[self.door])
        root = f"/{self.token}" if self.token else ""
        app.add_routes(
            [
                web.get(f"{root}/", self.page),
                web.get(f"{root}/ws", self.play),
                web.get(f"{root}/download/{{key}}", self.download),
                web.get(f"{root}/static/js/textual.js", self.script),
                web.static(f"{root}/static", STATIC),
            ]
        )
        app.on_shutdown.append(lambda _: self.close())
        return app

    @web.middleware
    async def door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Whoever does not know the token gets nothing, not even the knowledge of what there is."""
        if self.token:
            given = request.path.split("/")[1]
            if not hmac.compare_digest(given.encode(), self.token.encode()):
                return _refusal(403, "This is a closed table: the address has to have the token in it.")
            if request.path == f"/{self.token}":
                raise web.HTTPFound(f"/{self.token}/")
        elif _name(request.host) not in LOCAL:
            # A page from elsewhere whose name was pointed at this machine.
            return _refusal(403, "This server is for this machine alone.")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The page, and a cookie by which a browser finds its saved games again."""
        if len(self.sessions) >= self.most:
            return self._full()
        response = web.Response(text=PAGE.read_text(encoding="utf-8"), content_type="text/html")
        if not _browser(request):
            name = secrets.token_hex(16)
            response.set_cookie(COOKIE, name, httponly=True, samesite="Strict", path="/", max_age=30 * 86400)
        return response

    async def script(self, request: web.Request) -> web.StreamResponse:
        """The terminal in the browser, with what it does not need left out."""
        return web.Response(text=terminal_script(), content_type="text/javascript", charset="utf-8")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """A page that a session of this very browser hands over. It can be fetched once."""
        browser = _browser(request)
        own = [s for name, s in self.sessions.items() if browser and name.split("-")[0] == browser]
        for session in own:
            page = await session.deliveries.fetch(request.match_info["key"])
            if page is not None:
                return web.Response(body=page.body, headers=page.headers)
        return _refusal(404, "Nothing lies here for you. Export it again.")

    def _full(self) -> web.Response:
        taken = "The table is taken" if self.most == 1 else f"All {self.most} tables are taken"
        return _refusal(503, f"{taken}. Try again when somebody has left.")

    async def play(self, request: web.Request) -> web.StreamResponse:
        """One session, from the first packet to the last."""
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            return _refusal(403, "Another site's page may not play here.")
        if len(self.sessions) >= self.most:
            return self._full()
        websocket = web.WebSocketResponse(heartbeat=15, max_msg_size=LONGEST_MESSAGE)

        ending: list[asyncio.Task[None]] = []

        async def said_goodbye() -> None:
            # It has ended when its process has: not before can its games be sat down to again.
            ending.append(asyncio.create_task(session.stop()))

        session = Session(
            "",
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=said_goodbye,
            download_manager=Deliveries(),
        )
        folder = self._folder(_browser(request) or secrets.token_hex(16))
        self.sessions[folder.name] = session
        watch: asyncio.Task[None] | None = None
        try:
            session.model = self.model
            session.environment = {**inherited(), **self.environment, "PARKBENCH_SAVES": str(folder)}
            await websocket.prepare(request)
            size = request.query.get("width", ""), request.query.get("height", "")
            await session.start(*_size(*size))
            watch = asyncio.create_task(self._until_ended(session, folder.name, websocket))
            await _listen(websocket, session)
        finally:
            if watch is not None:
                watch.cancel()
            await asyncio.shield(asyncio.create_task(self._end(session, folder.name)))
        return websocket

    async def _until_ended(self, session: Session, name: str, websocket: web.WebSocketResponse) -> None:
        """Hang up when the game has ended by itself, with or without saying so. Its table is free by then."""
        await session.ended()
        self._leave(session, name)
        await websocket.close()

    async def _end(self, session: Session, name: str) -> None:
        try:
            await session.stop()
        finally:
            self._leave(session, name)

    def _leave(self, session: Session, name: str) -> None:
        if self.sessions.get(name) is session:
            del self.sessions[name]

    def _folder(self, browser: str) -> Path:
        """The saves of a browser; a second window beside it has its own."""
        names = [browser, *(f"{browser}-{n}" for n in range(2, self.most + 2))]
        return self.saves / next(name for name in names if name not in self.sessions)

    async def close(self) -> None:
        """End all sessions; their sockets close with them."""
        await asyncio.gather(*(session.stop() for session in self.sessions.values()), return_exceptions=True)


@functools.cache
def terminal_script() -> str:
    """textual-serve's own script without the parts that are LEFT_OUT; a file is SAVED by the page."""
    text = SCRIPT.read_text(encoding="utf-8")
    for name in LEFT_OUT:
        text = text.replace(f"this.terminal.loadAddon(this.{name}Addon)", "void 0")
    return text.replace(*SAVED)


async def _listen(websocket: web.WebSocketResponse, session: Session) -> None:
    """Pass on what the browser sends, until it leaves or sends what is no message of ours."""
    async for message in websocket:
        if message.type is not WSMsgType.TEXT:
            continue
        try:
            match message.json():
                case ["stdin", str(keys)]:
                    await session.send_bytes(keys.encode("utf-8", "replace"))
                case ["resize", {"width": width, "height": height}]:
                    await session.set_terminal_size(*_size(width, height))
                case ["ping", str(sent)]:
                    await websocket.send_json(["pong", sent[:40]])
                case ["blur"]:
                    await session.blur()
                case ["focus"]:
                    await session.focus()
                case _:
                    raise ValueError
        except (ValueError, RecursionError):
            await websocket.close(code=1003)
            return


def _size(width: object, height: object) -> tuple[int, int]:
    """Columns and lines within reason; 80 by 24 where they are no numbers."""
    try:
        columns, lines = int(str(width)), int(str(height))
    except ValueError:
        return 80, 24
    return min(max(columns, 1), WIDEST), min(max(lines, 1), TALLEST)


def _browser(request: web.Request) -> str:
    """The browser's name by its cookie; empty where it has none that we gave."""
    name = request.cookies.get(COOKIE, "")
    return name if re.fullmatch(r"[0-9a-f]{32}", name) else ""


def _name(host: str) -> str:
    """The host of a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _refusal(status: int, says: str) -> web.Response:
    return web.Response(status=status, text=f"{says}\n", headers=HEADERS)


@contextlib.asynccontextmanager
async def opened(site: Site, door: socket.socket) -> AsyncIterator[None]:
    """The site on the air for as long as the context lives."""
    runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        await web.SockSite(runner, door).start()
        yield
    finally:
        await runner.cleanup()


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there; whoever calls already waits. Raises UserError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as e:
        why = "another program listens there" if e.errno == errno.EADDRINUSE else e.strerror or str(e)
        raise UserError(f"--host {host} --port {port}: {why}; name another one") from None
