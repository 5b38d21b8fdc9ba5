"""A browser, where there is one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import chromium
import pytest


@pytest.fixture
async def browser() -> AsyncIterator[chromium.Browser]:
    program = chromium.found()
    if not program:
        pytest.skip(f"no browser: none of {', '.join(chromium.NAMES)} is on the path, nor is PARKBENCH_BROWSER set")
    async with chromium.running(program) as running:
        yield running
