"""A headless Chromium, driven over the DevTools protocol: what its pages show, and all that they tried to do.

It is the one that PARKBENCH_BROWSER names, or the first of NAMES on the path.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--headless", "--disable-gpu", "--disable-3d-apis", "--disable-quic", "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-dev-shm-usage", "--mute-audio", "--no-proxy-server", "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
"""No graphics card, as on a plain laptop. It speaks to nobody by itself, and finds nobody but this machine."""
PATIENCE = 120.0
"""Seconds for a machine that has other things to do."""
KEYS = {
    "Enter": (13, "\r"), "Escape": (27, ""), "Backspace": (8, ""), " ": (32, " "), "PageDown": (34, ""),
    "ArrowUp": (38, ""), "ArrowDown": (40, ""),
}  # fmt: skip
"""Keys that are no letters, with their code and what they write."""
CATCH = """
// xterm keeps to itself inside its bundle; its terminal is caught as it is made.
Object.defineProperty(Object.prototype, "_core", {
  configurable: true,
  set(core) {
    Object.defineProperty(this, "_core", { value: core, writable: true, configurable: true });
    if (typeof this.loadAddon === "function") window.caught = this;
  },
});
window.evil = () => { window.evils = (window.evils || 0) + 1; };
"""
"""Runs before a page's own scripts. The hostile corpus calls `evil()`."""
SHOWN = """
Array.from({ length: window.caught ? caught.rows : 0 },
  (_, n) => caught.buffer.active.getLine(n).translateToString(true)).join("\\n")
"""

CELLS = """(() => {
  const box = document.querySelector(".xterm-screen").getBoundingClientRect();
  return [box.left, box.top, box.width / caught.cols, box.height / caught.rows];
})()"""
"""Where the first of its cells is, and how large they are, in CSS pixels."""
INKS = """(() => {
  const drawn = document.querySelector("canvas.xterm-text-layer");
  const { data } = drawn.getContext("2d").getImageData(0, 0, drawn.width, drawn.height);
  return new Set(new Uint32Array(data.buffer)).size;
})()"""
"""How many colours the pixels of its letters have."""


def found() -> str:
    """The browser's program; empty where there is none."""
    named = os.environ.get("PARKBENCH_BROWSER")
    return named if named is not None else next((p for n in NAMES if (p := shutil.which(n))), "")


@dataclass
class Tab:
    """A page, and what it did: `errors` it reported, `asked` addresses, `dialogs` and other windows it opened."""

    browser: Browser
    session: str
    target: str
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    crashed: bool = False

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await self.browser.send(method, self.session, **parameters)

    async def goto(self, address: str) -> None:
        """Open an address, and wait until all of it is there."""
        await self.send("Page.navigate", url=address)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'", address)

    async def resize(self, width: int, height: int) -> None:
        """Make its window so many CSS pixels large."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", **size)

    async def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, expression: str, what: str) -> None:
        """Wait until an expression is true."""
        with _within(lambda: f"waited for {what}"):
            async with asyncio.timeout(PATIENCE):
                while not await self.ask(expression):
                    await asyncio.sleep(0.05)

    async def screen(self) -> str:
        """What its terminal shows, line by line."""
        return str(await self.ask(SHOWN))

    async def sees(self, *words: str, gone: Collection[str] = (), first: str = "0") -> str:
        """Wait until all of this is in its terminal at once, and nothing of what is to be gone. Returns the screen.

        `first`: a JavaScript expression that is evaluated before each look.
        """
        shown = ""
        with _within(lambda: f"waited for {words}:\n{shown}"):
            async with asyncio.timeout(PATIENCE):
                while any(w in shown for w in gone) or not all(w in shown for w in words):
                    await asyncio.sleep(0.05)
                    await self.ask(first)
                    shown = await self.screen()
        return shown

    async def press(self, *keys: str) -> None:
        """Press keys, as a person would."""
        for key in keys:
            code, text = KEYS.get(key) or (ord(key.upper()), key)
            own: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code}
            await self.send("Input.dispatchKeyEvent", type="keyDown", **own, **({"text": text} if text else {}))
            await self.send("Input.dispatchKeyEvent", type="keyUp", **own)

    async def click(self, words: str, first: str = "0") -> None:
        """Click on words that its terminal shows; `first` as in `sees`."""
        lines = (await self.sees(words, first=first)).split("\n")
        row = next(n for n, line in enumerate(lines) if words in line)
        column = lines[row].index(words) + len(words) / 2
        left, top, width, height = await self.ask(CELLS)
        x, y = left + width * column, top + height * (row + 0.5)
        await self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            await self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def picture(self) -> bytes:
        """A PNG of what can be seen."""
        return base64.b64decode((await self.send("Page.captureScreenshot", format="png"))["data"])

    async def close(self) -> None:
        await self.browser.send("Target.closeTarget", targetId=self.target)


@dataclass
class Browser:
    """A running browser. `pages`: every page that it has ever had, by target, with its first address."""

    socket: aiohttp.ClientWebSocketResponse
    tabs: dict[str, Tab] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    _waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def send(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Ask for something, and wait for the answer."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        own = {"sessionId": session} if session else {}
        await self.socket.send_json({"id": number, "method": method, "params": parameters, **own})
        async with asyncio.timeout(PATIENCE):
            got = await answer
        assert "error" not in got, (method, got)
        return got.get("result", {})

    async def listen(self) -> None:
        """Read what the browser says until it ends."""
        async for message in self.socket:
            said = message.json()
            if "id" in said:
                waiting = self._waiting.pop(said["id"], None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(said)
            else:
                self._event(said["method"], said["params"], self.tabs.get(said.get("sessionId", "")))

    def _event(self, method: str, told: dict[str, Any], tab: Tab | None) -> None:
        if method == "Target.targetCreated" and told["targetInfo"]["type"] == "page":
            self.pages[told["targetInfo"]["targetId"]] = told["targetInfo"]["url"]
        if tab is None:
            return
        match method:
            case "Network.requestWillBeSent":
                tab.asked.append(told["request"]["url"])
            case "Network.webSocketCreated":
                tab.asked.append(told["url"])
            case "Page.javascriptDialogOpening":
                tab.dialogs.append(told["message"])
            case "Runtime.exceptionThrown":
                details = told["exceptionDetails"]
                tab.errors.append(details.get("exception", {}).get("description") or details["text"])
            case "Runtime.consoleAPICalled" if told["type"] in ("error", "assert"):
                tab.errors.append(str(told["args"]))
            case "Log.entryAdded" if told["entry"]["level"] == "error":
                tab.errors.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
            case "Inspector.targetCrashed":
                tab.crashed = True

    async def tab(self, width: int = 1280, height: int = 720) -> Tab:
        """A new, empty page of so many CSS pixels."""
        target = (await self.send("Target.createTarget", url="about:blank"))["targetId"]
        session = (await self.send("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        tab = self.tabs[session] = Tab(self, session, target)
        for domain in ("Runtime", "Page", "Log", "Network", "Inspector"):
            await tab.send(f"{domain}.enable")
        await tab.send("Page.addScriptToEvaluateOnNewDocument", source=CATCH)
        await tab.resize(width, height)
        return tab


@contextlib.asynccontextmanager
async def running(program: str, *more: str) -> AsyncIterator[Browser]:
    """A browser with an empty profile, for as long as the context lives; nothing of it is left."""
    own = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program, *QUIET, *own, *more, f"--user-data-dir={profile}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            address = await _address(Path(profile) / "DevToolsActivePort", process)
            async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as socket:
                browser = Browser(socket)
                listening = asyncio.create_task(browser.listen())
                await browser.send("Target.setDiscoverTargets", discover=True)
                yield browser
                await browser.send("Browser.close")
                await listening
                async with asyncio.timeout(PATIENCE):
                    await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _address(file: Path, process: asyncio.subprocess.Process) -> str:
    """Where it can be spoken to, by the file that it writes."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(OSError):
                lines = file.read_text(encoding="ascii").split("\n")
                if len(lines) > 1:
                    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            assert process.returncode is None, "the browser ended at once"
            await asyncio.sleep(0.05)


@contextlib.contextmanager
def _within(says: Callable[[], str]) -> Iterator[None]:
    """What was waited for, said where it did not come."""
    try:
        yield
    except TimeoutError:
        raise AssertionError(says()) from None
