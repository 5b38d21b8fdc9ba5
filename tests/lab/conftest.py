"""A real GGUF for the tests of runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import build_gguf


@pytest.fixture(scope="session")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine tests' smallest model."""
    return build_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")
