"""Episodes of the toy scenario, played for the journal's tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from game.agents.scripted import MixedAgent
from game.events import Event
from game.lab.run import record
from game.scenario.deal import deal
from game.scenario.load import Loaded, load
from game.table.episode import Table, opening_scene
from game.table.policies import open_policy

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture(scope="session")
def toy() -> Loaded:
    return load(TOY)


@pytest.fixture(scope="session")
def played(toy: Loaded) -> Callable[..., list[Event]]:
    """Plays an episode of the toy and returns its events."""

    def play(episode: str, seed: int, cards: bool = False) -> list[Event]:
        researcher = open_policy("strict" if cards else "absent")
        scene = opening_scene(deal(toy.scenario, seed), episode)
        table = Table(scene, MixedAgent(), researcher, scenario_sha256=toy.sha256, propensities=cards)
        return asyncio.run(record(table))

    return play
