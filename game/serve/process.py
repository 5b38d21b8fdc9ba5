"""A session's process as the server sees it: started without a shell, and ended for certain."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping

from textual_serve.app_service import AppService

from game.serve.deliveries import Deliveries
from game.serve.session import DRIVER

GRACE = 3.0
"""Seconds that a session has to end by itself."""


class Session(AppService):
    """textual-serve's packets around a process of ours. `environment` is added to the server's own."""

    model = ""
    environment: Mapping[str, str] = {}

    @property
    def deliveries(self) -> Deliveries:
        """What it has for its browser."""
        assert isinstance(self._download_manager, Deliveries)
        return self._download_manager

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        env = self._build_environment(width, height) | {"TEXTUAL_DRIVER": DRIVER, **self.environment}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "game.serve.session",
            self.model,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=env,
        )
        self._process, self._stdin = process, process.stdin
        return process

    async def ended(self) -> int:
        """Wait for the end. Returns the exit code."""
        if self._task is not None:
            await asyncio.shield(self._task)
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end, and end it."""
        process = self._process
        if process is None:
            return
        await self._download_manager.cancel_app_downloads(self.app_service_id)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self.send_meta({"type": "quit"})
                await process.wait()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        if self._task is not None:
            await self._task
        await process.wait()


def inherited() -> dict[str, str]:
    """What a session needs of the server's environment to find the same program."""
    path = os.pathsep.join(p for p in sys.path if p)
    return {"PYTHONPATH": path}
