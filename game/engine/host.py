"""A worker for many clients: started, announced in a file, and started again whenever it dies."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from game.engine import address
from game.engine.client import EngineClient
from game.engine.errors import EngineError
from game.engine.protocol import LoadSettings

LONGEST_PAUSE = 30.0
"""Seconds between two tries to start a worker that will not start."""


@contextlib.asynccontextmanager
async def share(settings: LoadSettings, file: Path) -> AsyncIterator[EngineClient]:
    """A worker with this model, to which others attach by `file` for as long as the context lives.

    Raises `EngineError` if it will not start in the first place, OSError if the file can't be written.
    """
    died = asyncio.Event()
    client = EngineClient(on_death=died.set)
    token = address.new_token()

    async def begin() -> None:
        await client.start(settings)
        port = await client.listen(token)
        address.write(file, address.Address(port, token))

    async def keep() -> None:
        pause = 0.0
        while True:
            await died.wait()
            await asyncio.sleep(pause)
            died.clear()
            try:
                await begin()
                pause = 0.0
            except EngineError:
                pause = min(LONGEST_PAUSE, 2 * pause + 1)
                died.set()

    keeper: asyncio.Task[None] | None = None
    try:
        await begin()
        keeper = asyncio.create_task(keep())
        yield client
    finally:
        if keeper is not None:
            keeper.cancel()
        client.close()
        file.unlink(missing_ok=True)
