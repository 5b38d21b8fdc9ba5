"""`parkbench serve`: the game in a browser, for a room."""

from __future__ import annotations

import argparse
import ipaddress

from game.commands import values

EXAMPLE = "example: parkbench serve --host 0.0.0.0 --sessions 12"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "serve",
        help="the game in a browser, for a room",
        description=(
            "Serve the game to browsers: every window is a session with saves of its own, and all play against one "
            "loaded model. Only this machine can reach it, unless --host says otherwise; then the address that is "
            "printed has a token in it, and nothing is served without. Ctrl-C ends everything."
        ),
        epilog=EXAMPLE,
    )
    p.add_argument("--host", default="127.0.0.1", metavar="H", help="0.0.0.0 for the whole network (default: here)")
    p.add_argument("--port", type=values.whole(0, 65535), default=8000, metavar="N", help="default 8000; 0: a free one")
    p.add_argument(
        "--sessions", type=values.whole(1, 64), default=8, metavar="N", help="at most so many at once (default 8)"
    )
    p.add_argument("--model", default="", metavar="M", help="a GGUF, a shipped model, random, or scripted:NAME")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    import asyncio

    from game.agents.chair import check_shipped, find_model
    from game.errors import UserError
    from game.play.seat import default_model

    ref = find_model(args.model or default_model())
    if ref.weights:
        raise UserError("serve shares one loaded model as it is: leave out +adapter= and +control-vector=")
    if ref.path is not None:
        check_shipped(ref)
    return asyncio.run(_serve(args.host, args.port, args.sessions, args.model or ref.name))


async def _serve(host: str, port: int, sessions: int, model: str) -> int:
    import asyncio
    import contextlib
    import signal

    from game import paths
    from game.agents.chair import find_model, load_settings
    from game.engine import address
    from game.engine.errors import EngineError
    from game.engine.host import share
    from game.errors import Failure, UserError
    from game.serve.site import Site, bound, new_token, opened
    from game.settings import read_settings
    from game.text import one_line

    stopped = asyncio.Event()
    with contextlib.suppress(NotImplementedError):
        # Windows has no such handlers; there Ctrl-C interrupts the loop itself.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    site = Site(model, paths.saves() / "served", "" if is_local(host) else new_token(), sessions)
    ref = find_model(model)
    async with contextlib.AsyncExitStack() as stack:
        # The port first: a taken one is told before a model is loaded.
        door = stack.enter_context(bound(host, port))
        port = door.getsockname()[1]
        if ref.path is not None:
            file = address.folder() / f"serve-{port}.json"
            engine = read_settings(paths.settings()).engine
            settings = load_settings(ref, engine, min(32, max(8, 2 * sessions)))
            try:
                await stack.enter_async_context(share(settings, file))
            except EngineError as e:
                kind = Failure if e.kind in ("died", "internal") else UserError
                raise kind(one_line(e.says, 400)) from None
            site.environment[address.VARIABLE] = str(file)
        await stack.enter_async_context(opened(site, door))
        print(f"parkbench is served at {url(host, port, site.token)}", flush=True)
        print(f"{ref.name} plays the agent; at most {sessions} at once. Ctrl-C ends it.", flush=True)
        await stopped.wait()
    return 0


def is_local(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url(host: str, port: int, token: str) -> str:
    """The address to type into a browser."""
    import contextlib
    import socket

    if host in ("0.0.0.0", "::"):
        # Asks the system which way it would send; nothing is sent.
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("10.255.255.255", 1))
            host = probe.getsockname()[0]
    if ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{port}/" + (f"{token}/" if token else "")
