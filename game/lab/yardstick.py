"""The random agent beside every rate: taken from the journals, or played here and now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from game.agents.random import RandomAgent
from game.errors import UserError
from game.lab.episodes import Collection, Episode, from_events
from game.lab.plan import episode_seed
from game.lab.run import record
from game.scenario.deal import deal
from game.table.episode import Table, opening_scene
from game.table.policies import PolicyResearcher, open_policy

EPISODES = 200
"""Played per scenario, researcher and combination of levels, unless the journals have random episodes."""
SEED = 0

Cell = tuple[tuple[str, str], ...]


class Yardstick:
    """Plays random episodes at most once per scenario, researcher and cell."""

    def __init__(self, collection: Collection, episodes: int = EPISODES) -> None:
        self._collection = collection
        self.notes: list[str] = []
        self.played = episodes
        self._cache: dict[tuple[str, str, str, Cell], list[Episode]] = {}
        self._researchers: dict[str, PolicyResearcher | None] = {}
        self._named = [str(h["settings"].get("researcher")) for h in collection.headers]
        for e in collection.episodes:
            if e.model == RandomAgent.name:
                self._cache.setdefault((e.scenario, e.sha256, e.researcher, cell_of(e.factors)), []).append(e)

    def beside(self, episodes: Sequence[Episode]) -> list[Episode]:
        """Random episodes of the same scenario, researcher and cells; empty where they can't be played."""
        out: list[Episode] = []
        for key in dict.fromkeys((e.scenario, e.sha256, e.researcher, cell_of(e.factors)) for e in episodes):
            if key not in self._cache:
                self._cache[key] = self._play(*key)
            if not self._cache[key]:
                return []
            out += self._cache[key]
        return out

    def _play(self, scenario: str, sha256: str, researcher: str, cell: Cell) -> list[Episode]:
        loaded = self._collection.scenario(scenario, sha256)
        if loaded is None:
            self._note(f"{scenario} was changed since, or is not here: its random yardstick can't be played")
            return []
        who = self._researcher(researcher)
        if who is None:
            self._note(f"the researcher policy {researcher} is not here: its random yardstick can't be played")
            return []

        async def play_all() -> list[Episode]:
            out = []
            for index in range(self.played):
                # Scripts never wait for anything: let Ctrl-C in.
                await asyncio.sleep(0)
                dealt = deal(loaded.scenario, episode_seed(SEED, scenario, index), dict(cell))
                table = Table(opening_scene(dealt, f"random/{index}"), RandomAgent(), who, scenario_sha256=sha256)
                out.append(from_events(await record(table), loaded))
            return out

        return asyncio.run(play_all())

    def _researcher(self, name: str) -> PolicyResearcher | None:
        if name not in self._researchers:
            found = None
            for candidate in [name, *self._named]:
                try:
                    policy = open_policy(candidate)
                except UserError:
                    continue
                if policy.name == name:
                    found = policy
                    break
            self._researchers[name] = found
        return self._researchers[name]

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def cell_of(factors: Mapping[str, str]) -> Cell:
    """A combination of levels as a key."""
    return tuple(sorted(factors.items()))
