"""What-if: branches in a game's save go on from its past, verify, and open again; two stand side by side."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from game.agents.chair import open_agent
from game.cli import main
from game.events import AgentTurn, Branch, EpisodeEnd, EpisodeStart, Scored
from game.play.debrief import debrief_of, of_record
from game.play.saves import Setup, listed
from game.play.session import Opening, Session, branch_seed, new_game, saved_game
from game.play.tree import WhatIf, branch_off, episodes_of, side_by_side, tree, whole
from game.table.forks import Nobody

MODEL = "scripted:mix"


@pytest.fixture(autouse=True)
def _own_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path))


async def play_to_the_end(opening: Opening, until: int = 99) -> Path:
    """Play an opening with nobody at the table; the save's path. `until`: leave after that turn."""

    async def never(says: str) -> None:
        raise AssertionError(says)

    async with open_agent(MODEL) as chair:
        session = Session(opening, chair, Nobody(), never)
        session.begin_save()
        path = session.path
        assert path is not None, session.save_error
        async for event in session.events():
            if getattr(event, "turn", 0) > until:
                break
        else:
            session.verdict({"resources": 0.5})
            session.record(Scored(episode=opening.episode, total=7, parts={}, forks=0, fork_rates={}))
        session.close()
    return path


async def a_game() -> tuple[Opening, Path]:
    opening = new_game(Setup("sandwich", MODEL, 3, {}))
    return opening, await play_to_the_end(opening)


def lines(events: list, until: int = 99) -> list[str]:
    return [e.line for e in events if isinstance(e, AgentTurn) and e.turn < until]


async def test_three_kinds_of_branches_in_one_save() -> None:
    game, path = await a_game()
    before = path.read_bytes()
    changes = (
        WhatIf("game", 4, "card"),
        WhatIf("game", 5, "seed"),
        WhatIf("game", 6, "factor", "oversight", "unwatched"),
        WhatIf("game.3", 7, "card"),
    )
    for what in changes:
        await play_to_the_end(branch_off(game, path, what))
    assert path.read_bytes().startswith(before)  # nothing was rewritten
    found = episodes_of(path)
    assert list(found) == ["game", "game.2", "game.3", "game.4", "game.5"]
    assert all(e.end is not None for e in found.values())
    assert await asyncio.to_thread(main, ["replay", str(path), "--verify"]) == 0

    past = lines(whole(found, "game"))
    card, seed, factor, second = (whole(found, f"game.{n}") for n in (2, 3, 4, 5))
    assert lines(card, 5) == past[:4]
    assert lines(seed, 5) == past[:4]
    assert lines(seed) != past
    assert lines(second, 7) == lines(seed, 7)
    assert lines(factor, 6) == past[:5]
    assert next(e for e in factor if isinstance(e, EpisodeStart)).factors["oversight"] == "unwatched"
    assert all(e.propensities is None for e in factor if isinstance(e, AgentTurn) and e.turn < 6)
    assert all(e.propensities is not None for e in factor if isinstance(e, AgentTurn) and e.turn >= 6)

    rows = [(r.episode, r.turn, r.depth) for r in tree(found)]
    at = rows.index(("game", 5, 0))
    assert rows[at + 1 : at + 3] == [("game.3", 0, 1), ("game.3", 5, 1)]
    assert ("game.5", 0, 2) in rows


async def test_the_decision_that_one_goes_back_to_stays() -> None:
    game, path = await a_game()
    await play_to_the_end(branch_off(game, path, WhatIf("game", 7, "card")))
    found = episodes_of(path)
    then = next(e for e in found["game"].events if isinstance(e, AgentTurn) and e.turn == 7)
    again = next(e for e in found["game.2"].events if isinstance(e, AgentTurn))
    assert again == then.model_copy(update={"episode": "game.2"})
    assert found["game.2"].branch == Branch(episode="game.2", parent="game", turn=7)


async def test_a_branch_that_was_left_goes_on_where_it_was() -> None:
    game, path = await a_game()
    whole_one = await play_to_the_end(branch_off(game, path, WhatIf("game", 5, "seed")))
    unbroken = lines(whole(episodes_of(whole_one), "game.2"))
    game, path = await a_game()
    await play_to_the_end(branch_off(game, path, WhatIf("game", 5, "seed")), until=6)
    assert next(s for s in listed() if s.path == path).stage == "playing"
    again = saved_game(path)
    assert (again.episode, again.from_turn) == ("game.2", 5)
    assert again.agent_seed == branch_seed(3, "game.2")
    await play_to_the_end(again)
    assert lines(whole(episodes_of(path), "game.2")) == unbroken
    assert await asyncio.to_thread(main, ["replay", str(path), "--verify"]) == 0


async def test_side_by_side_says_where_they_part() -> None:
    game, path = await a_game()
    await play_to_the_end(branch_off(game, path, WhatIf("game", 5, "seed")))
    found = episodes_of(path)
    told = [debrief_of(await of_record(whole(found, i), game.loaded)) for i in found]
    pairs = side_by_side(told[0], told[1])
    assert all(p.same for p in pairs if p.turn < 5)
    assert not all(p.same for p in pairs)
    ends = [e for e in whole(found, "game.2") if isinstance(e, EpisodeEnd)]
    assert len(ends) == 1
