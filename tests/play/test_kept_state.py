"""A save with the engine's state beside it goes on without reading its past again; any other goes on all the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from game.agents.chair import open_agent
from game.events import AgentTurn
from game.play.saves import STATE, Setup, listed
from game.play.session import Opening, Session, new_game, saved_game
from game.table.forks import Nobody


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path))
    monkeypatch.setattr("game.engine.address.folder", lambda: tmp_path)


class Eager:
    """Stores whether it is worth it or not: the model that ships is read in a moment."""

    def __init__(self, agent: Any) -> None:
        self._agent = agent

    async def store(self, episode: str, path: Path) -> Any:
        return await self._agent.store(episode, path, force=True)

    async def restore(self, episode: str, path: Path) -> Any:
        return await self._agent.restore(episode, path)


async def turns(opening: Opening, until: int, *, eager: bool = True, scored: bool = False) -> list[AgentTurn]:
    """The turns of a game that is left after turn `until`."""

    async def never(says: str) -> None:
        raise AssertionError(says)

    out: list[AgentTurn] = []
    async with open_agent("egg", sequences=2) as chair:
        if eager:
            chair = replace(chair, states=Eager(chair.states))  # type: ignore[arg-type]
        session = Session(opening, chair, Nobody(), never)
        session.begin_save()
        async for event in session.events():
            if isinstance(event, AgentTurn):
                out.append(event)
                if session._storing is not None:
                    await session._storing
            if len(out) == until:
                break
        if scored:
            session.verdict({})
            session.finish([])
        session.close()
    return out


async def test_it_goes_on_from_its_state_as_from_nothing(tmp_path: Path) -> None:
    await turns(new_game(Setup("sandwich", "egg", 3, {})), 4)
    (save,) = tmp_path.glob("*.jsonl")
    state = save.with_suffix(STATE)
    written, saved = state.read_bytes(), save.read_bytes()
    assert len(listed()) == 1
    fifth = (await turns(saved_game(save), 5))[4]
    assert fifth.counts.cached > 4 * fifth.counts.prompt > 0

    def back(content: bytes | None) -> Opening:
        save.write_bytes(saved)
        if content is None:
            state.unlink()
        else:
            state.write_bytes(content)
        return saved_game(save)

    flipped = bytearray(written)
    flipped[len(written) // 2] ^= 1
    for content in (None, bytes(flipped), b"", b"\0" * 5000):
        again = (await turns(back(content), 5))[4]
        assert again.counts.cached == 0
        assert (again.token_ids, again.line) == (fifth.token_ids, fifth.line)


async def test_a_small_model_keeps_none_and_a_game_that_is_over_leaves_none(tmp_path: Path) -> None:
    await turns(new_game(Setup("sandwich", "egg", 3, {})), 3, eager=False)
    assert not list(tmp_path.glob(f"*{STATE}"))
    (save,) = tmp_path.glob("*.jsonl")
    await turns(saved_game(save), 99, scored=True)
    assert not list(tmp_path.glob(f"*{STATE}"))
