"""The toy scenario, and every scenario that ships."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from game.scenario.find import shipped
from game.scenario.load import Loaded, load

# A game in a test explains nothing: this file has every lesson. Tests of the lessons name files of their own.
os.environ["PARKBENCH_LESSONS"] = str(Path(__file__).parent / "toy" / "lessons.txt")

TOY = Path(__file__).parent / "toy" / "scenario.yaml"


@pytest.fixture(scope="session")
def toy() -> Loaded:
    return load(TOY)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "shipped_folder" in metafunc.fixturenames:
        metafunc.parametrize("shipped_folder", shipped(), ids=lambda p: p.name)


@pytest.fixture(scope="session")
def shipped_scenarios() -> dict[Path, Loaded]:
    return {p: load(p) for p in shipped()}


@pytest.fixture
def scenario(shipped_folder: Path, shipped_scenarios: dict[Path, Loaded]) -> Loaded:
    return shipped_scenarios[shipped_folder]
