"""A real GGUF for the tests of runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine tests' smallest model."""
    spec = importlib.util.spec_from_file_location("tiny", TESTS / "engine" / "tiny.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path: Path = module.build_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")
    return path
