"""`parkbench serve` as a browser sees it: the page, the token, the limit, a session's whole life, and no orphans."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from game.commands.serve import is_local, url
from game.serve.driver import ServedDriver
from game.serve.site import LETTERS, Site, _size, bound, new_token, opened

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
Serve = Callable[..., contextlib.AbstractAsyncContextManager[tuple[Site, str]]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """A site on a free port, with scripts in the chair; gives it and its address."""

    @contextlib.asynccontextmanager
    async def start(**more: Any) -> AsyncIterator[tuple[Site, str]]:
        site = Site("scripted:helper", tmp_path / "served", **more)
        with bound("127.0.0.1", 0) as door:
            async with opened(site, door):
                yield site, url("127.0.0.1", door.getsockname()[1], site.token)

    return start


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def shown(socket: aiohttp.ClientWebSocketResponse, *wanted: str) -> str:
    """What the session draws, without its escape sequences, until all that is wanted was seen."""
    text = ""
    async with asyncio.timeout(60):
        while not all(w in text for w in wanted):
            try:
                message = await socket.receive()
            except asyncio.CancelledError:
                print(text[-3000:])
                raise
            assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
            if message.type is aiohttp.WSMsgType.BINARY:
                text += re.sub(
                    r"\x1b(\[[0-9;?<>=]*[ -/]*[@-~]|[()][A-Z0-9])", "", message.data.decode("utf-8", "replace")
                )
    return text


async def gone(pid: int) -> None:
    """Wait until there is no such process."""
    async with asyncio.timeout(20):
        while _alive(pid):
            await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return True


async def test_the_page_has_all_it_needs_and_fetches_nothing_from_elsewhere(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    async with serve() as (_, address):
        async with http.get(address) as answer:
            page = await answer.text()
            assert answer.status == 200
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"https?://", page)
        links = re.findall(r'(?:src|href)="(?!data:,")([^"]+)"|url\("([^"]+)"\)', page)
        assert len(links) == 4
        styles = ""
        for link in (a or b for a, b in links):
            async with http.get(address + link) as answer:
                assert answer.status == 200, link
                assert len(await answer.read()) > 1000
                styles += await answer.text() if link.endswith(".css") else ""
        assert "url(" not in styles
        assert "@import" not in styles


@pytest.mark.parametrize("path", ["", "static/js/textual.js", "ws", "aaaaaaaaaa/", "aaaaaaaaaa/ws", "%2e%2e/"])
async def test_without_the_token_there_is_nothing(serve: Serve, http: aiohttp.ClientSession, path: str) -> None:
    async with serve(token=new_token()) as (site, address):
        root = address.removesuffix(f"{site.token}/")
        async with http.get(root + path) as answer:
            assert answer.status == 403
            assert site.token not in await answer.text()
        with pytest.raises(aiohttp.WSServerHandshakeError) as e:
            await http.ws_connect(root + path)
        assert e.value.status == 403
        async with http.get(address.rstrip("/")) as answer:
            assert (answer.status, str(answer.url)) == (200, address)
        assert not site.sessions


async def test_other_sites_and_other_names_are_turned_away(serve: Serve, http: aiohttp.ClientSession) -> None:
    async with serve() as (site, address):
        async with http.get(address, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as e:
            await http.ws_connect(address + "ws", headers={"Origin": "http://evil.example"})
        assert e.value.status == 403
        assert not site.sessions


async def test_a_session_begins_plays_and_ends_with_its_window(
    serve: Serve, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with serve() as (site, address):
        await http.get(address)
        socket = await http.ws_connect(address + "ws?width=100&height=30")
        await shown(socket, "p a r k b e n c h", "The sandwich", "scripted:helper is ready")
        (session,) = site.sessions.values()
        pid = session.process_id
        assert pid is not None
        await socket.send_json(["ping", "7"])
        await socket.send_json(["resize", {"width": 10**9, "height": 40}])
        await socket.send_json(["resize", {"width": 120, "height": 36}])
        await socket.send_json(["stdin", "m"])
        picker = await shown(socket, "who plays the agent?", "scripted:schemer", "Esc: back")
        assert "GGUF file" not in picker.split("who plays the agent?")[1]
        await socket.close()
        await gone(pid)
        async with asyncio.timeout(20):
            while site.sessions:
                await asyncio.sleep(0.02)


async def test_quitting_the_game_closes_the_socket(serve: Serve, http: aiohttp.ClientSession) -> None:
    async with serve() as (site, address):
        socket = await http.ws_connect(address + "ws?width=100&height=30")
        await shown(socket, "The sandwich")
        await socket.send_json(["stdin", "q"])
        async with asyncio.timeout(20):
            while (await socket.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                pass
            while site.sessions:
                await asyncio.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
async def test_a_session_that_is_killed_closes_its_socket(serve: Serve, http: aiohttp.ClientSession) -> None:
    async with serve() as (site, address):
        socket = await http.ws_connect(address + "ws")
        async with asyncio.timeout(20):
            await socket.receive()
            (session,) = site.sessions.values()
            assert session.process_id is not None
            os.kill(session.process_id, signal.SIGKILL)
            while (await socket.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                pass
            while site.sessions:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "said",
    ["", "[]", "nonsense", '["stdin"]', '["resize", 5]', '["resize", {"width": 1}]', "[" * 5000, '{"a": 1, "b": 2}'],
)
async def test_what_is_no_message_ends_that_session_alone(serve: Serve, http: aiohttp.ClientSession, said: str) -> None:
    async with serve(most=2) as (site, address):
        good = await http.ws_connect(address + "ws")
        bad = await http.ws_connect(address + "ws")
        await bad.send_str(said)
        async with asyncio.timeout(20):
            while bad.close_code is None:
                await bad.receive()
            while len(site.sessions) > 1:
                await asyncio.sleep(0.02)
        await good.send_json(["ping", "1"])
        assert (await good.receive()).type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)


async def test_there_are_only_so_many_tables(serve: Serve, http: aiohttp.ClientSession) -> None:
    async with serve(most=1) as (site, address):
        first = await http.ws_connect(address + "ws")
        async with http.get(address) as answer:
            assert answer.status == 503
            assert "The table is taken" in await answer.text()
        with pytest.raises(aiohttp.WSServerHandshakeError) as e:
            await http.ws_connect(address + "ws")
        assert e.value.status == 503
        await first.close()
        async with asyncio.timeout(20):
            while site.sessions:
                await asyncio.sleep(0.02)
        async with http.get(address) as answer:
            assert answer.status == 200


async def test_each_browser_has_its_own_saves_and_finds_them_again(serve: Serve, tmp_path: Path) -> None:
    async with serve() as (site, address):
        folders = []
        for _ in range(2):
            jar = aiohttp.CookieJar(unsafe=True)
            async with aiohttp.ClientSession(cookie_jar=jar) as browser:
                for _ in range(2):
                    await browser.get(address)
                    socket = await browser.ws_connect(address + "ws")
                    second = await browser.ws_connect(address + "ws")
                    one, two = site.sessions
                    assert two == f"{one}-2"
                    folders.append(one)
                    await socket.close()
                    await second.close()
                    while site.sessions:
                        await asyncio.sleep(0.02)
        assert folders[0] == folders[1]
        assert folders[2] == folders[3]
        assert folders[0] != folders[2]


async def test_a_forged_cookie_names_no_folder(serve: Serve) -> None:
    async with serve() as (site, address), aiohttp.ClientSession(cookies={"parkbench": "../../etc"}) as browser:
        await browser.ws_connect(address + "ws")
        (name,) = site.sessions
        assert re.fullmatch(r"[0-9a-f]{32}", name)


@contextlib.asynccontextmanager
async def command(tmp_path: Path, *args: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The command itself, and the address that it prints."""
    env = {**ENV, "PARKBENCH_SAVES": str(tmp_path / "saves"), "XDG_DATA_HOME": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "game", "serve", "--port", "0", *args,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=env,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
            assert line.startswith("parkbench is served at http://"), (line, await process.stderr.read())  # type: ignore[union-attr]
            await process.stdout.readline()
        yield process, line.split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _children(pid: int) -> list[int]:
    """All processes below one."""
    below = [int(p) for t in Path(f"/proc/{pid}/task").iterdir() for p in (t / "children").read_text().split()]
    return below + [deep for child in below for deep in _children(child)]


def _workers(pid: int) -> list[int]:
    """Those of them that hold a model."""
    return [p for p in _children(pid) if "multiprocessing.spawn" in Path(f"/proc/{p}/cmdline").read_text()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks /proc for the processes")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_two_sessions_on_one_model_and_nothing_is_left_behind(
    http: aiohttp.ClientSession, tmp_path: Path, how: signal.Signals
) -> None:
    async with command(tmp_path, "--host", "0.0.0.0") as (process, address):
        path = address.split("/", 3)[3]
        assert len(path) == 11
        here = f"http://127.0.0.1:{address.split(':')[2].split('/')[0]}/"
        async with http.get(here) as answer:
            assert answer.status == 403
        sockets = [await http.ws_connect(f"{here}{path}ws?width=100&height=30") for _ in range(2)]
        for socket in sockets:
            await shown(socket, "is ready.")
        below = _children(process.pid)
        assert len(_workers(process.pid)) == 1
        process.send_signal(how)
        async with asyncio.timeout(20):
            code = await process.wait()
        for pid in below:
            await gone(pid)
        if how != signal.SIGKILL:
            assert code == 0
            assert process.stderr is not None
            assert await process.stderr.read() == b""
            assert not list(tmp_path.rglob("serve-*.json"))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks /proc for the processes")
async def test_games_go_on_when_the_model_s_process_is_killed(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with command(tmp_path) as (process, address):
        sockets = [await http.ws_connect(f"{address}ws?width=100&height=30") for _ in range(2)]
        for socket in sockets:
            await shown(socket, "The sandwich", "is ready.")
            await socket.send_json(["stdin", "\r"])
            await shown(socket, "What you will be asked")
            await socket.send_json(["stdin", "\r"])
            await shown(socket, "Text at once")
        await _turns(tmp_path, 1)
        for turn in (2, 3):
            workers = _workers(process.pid)
            assert len(workers) == 1
            os.kill(workers[0], signal.SIGKILL)
            await _turns(tmp_path, turn, sockets)
        saves = list(tmp_path.rglob("sandwich-*.jsonl"))
        assert len({save.parent for save in saves}) == 2


async def _turns(folder: Path, wanted: int, sockets: list[aiohttp.ClientWebSocketResponse] | None = None) -> None:
    """Wait until both saves have so many turns of the agent; go on with the game until then."""
    async with asyncio.timeout(60):
        while True:
            saves = [save.read_text(encoding="utf-8") for save in folder.rglob("sandwich-*.jsonl")]
            if len(saves) == 2 and all(save.count('"type":"turn"') >= wanted for save in saves):
                return
            for socket in sockets or ():
                await socket.send_json(["stdin", " "])
                await socket.send_json(["stdin", "n"])
            await asyncio.sleep(0.5)


def test_tokens_are_long_enough_and_easy_to_read() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(t) for t in tokens} == {10}
    assert not set("".join(tokens)) - set(LETTERS)
    assert not set("il1o0") & set(LETTERS)


def test_who_can_reach_it() -> None:
    assert all(is_local(h) for h in ("localhost", "127.0.0.1", "127.9.9.9", "::1"))
    assert not any(is_local(h) for h in ("0.0.0.0", "::", "192.168.1.4", "laptop.local", ""))
    assert url("::1", 80, "") == "http://[::1]:80/"
    assert url("127.0.0.1", 8000, "abc") == "http://127.0.0.1:8000/abc/"


def test_a_window_is_of_a_size_that_a_screen_can_have() -> None:
    assert _size("100", "30") == (100, 30)
    assert _size(10**9, -5) == (500, 1)
    assert _size("", None) == (80, 24)


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe says otherwise there that its reader is gone")
def test_a_server_that_is_gone_is_no_fault_of_the_game() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    driver = ServedDriver.__new__(ServedDriver)
    driver._write = functools.partial(os.write, writer)  # type: ignore[method-assign, assignment]
    driver.write("\x1b[?25h")
    driver.write_meta({"type": "exit"})
    os.close(writer)
