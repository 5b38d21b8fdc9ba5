"""What the researcher may read while the agent writes, and what they know of the sandbox."""

from __future__ import annotations

import pytest

from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.events import AgentTurn, Token
from game.play.live import BAR, Keyhole, as_tokens, bars
from game.play.seen import gauges, last_seen, spots
from game.scenario.deal import deal
from game.scenario.find import find
from game.table.cards import play_card
from game.table.episode import Table, opening_scene, play
from game.table.forks import Nobody
from game.table.keyhole import look_through
from game.table.protocol import CardPlay
from game.world.words import name


async def whole_game(disposition: str, seed: int, scenario: str = "sandwich") -> Table:
    agent = ScriptedAgent(DISPOSITIONS[disposition])
    table = Table(opening_scene(deal(find(scenario).scenario, seed), "game"), agent, Nobody())
    table.events = [e async for e in play(table) if isinstance(e, AgentTurn)]  # type: ignore[attr-defined]
    return table


@pytest.mark.parametrize("seed", range(6))
async def test_only_mail_to_the_researcher_is_readable(seed: int) -> None:
    table = await whole_game("helper", seed)
    readable: dict[int, str] = {}
    for event in table.events:  # type: ignore[attr-defined]
        hole = Keyhole(table.decisions[event.turn - 1])
        for glimpse in map(hole.look, as_tokens(event)):
            if glimpse.readable:
                readable[event.turn] = glimpse.shown
            else:
                assert set(glimpse.shown) <= {BAR, " "}
    mailed = {x.turn: x.trace.says for x in table.scene.left if x.trace.where == "mailbox"}
    written = {e.turn: e.free.get("body") for e in table.events}  # type: ignore[attr-defined]
    assert readable == {turn: body for turn, body in written.items() if body and body in mailed.get(turn, "")}
    assert readable


async def test_mail_to_somebody_else_stays_behind_bars() -> None:
    scene = opening_scene(deal(find("sandwich").scenario, 1), "game")
    colleague = name(scene.world, "colleague")
    hole = Keyhole(scene)
    assert not hole.look(Token(part="move", text=f"mail person={colleague}")).readable
    assert hole.look(Token(part="free", text="secret")).shown == bars("secret") == BAR * 6


def test_bars_keep_the_shape_of_the_words() -> None:
    assert bars("a bc\nd") == f"{BAR} {BAR * 2}\n{BAR}"


async def test_a_link_that_the_agent_opened_unseen_still_looks_closed() -> None:
    for seed in range(20):
        table = await whole_game("helper", seed)
        if table.scene.world.yes("way_out.open"):
            break
    scene = table.scene
    outside = next(s for s in spots(scene) if s.id == "outside")
    assert {w.state for w in outside.ways if w.to == name(scene.world, "gate_place")} == {"closed"}
    looked, _ = play_card(scene.__class__(**{**scene.__dict__, "attention": 6}), CardPlay("look", "outside"))
    outside = next(s for s in spots(looked) if s.id == "outside")
    assert {w.state for w in outside.ways if w.to == name(scene.world, "gate_place")} == {"open"}


async def test_the_map_follows_what_was_seen() -> None:
    table = await whole_game("helper", 3)
    assert last_seen(table.decisions[0]) == ("cell", 0)
    seen = {last_seen(s)[0] for s in table.decisions}
    assert len(seen) > 1
    cut, _ = play_card(
        table.decisions[0].__class__(**{**table.decisions[0].__dict__, "attention": 6}), CardPlay("cut", "corridor")
    )
    cell = next(s for s in spots(cut) if s.id == "cell")
    assert "cut" in {w.state for w in cell.ways}


async def test_gauges_count_only_what_is_known() -> None:
    table = await whole_game("collector", 5)
    known = gauges(look_through(table.scene).known)
    assert [g.group for g in known] == ["resources", "self-preservation", "reports back"]
    assert all(g.seen <= sum(f.group == g.group for f in table.scene.findings) for g in known)


@pytest.mark.parametrize("seed", range(4))
async def test_what_it_does_from_afar_is_no_sight_of_it(seed: int) -> None:
    """The sheet lies in the hut; a line that is filled from the yard shows there, and nobody stands beside it."""
    table = await whole_game("helper", seed, "exam")
    afar = 0
    for scene in table.decisions:
        at, turn = last_seen(scene)
        near = table.decisions[max(turn - 1, 0) : turn + 1]
        assert at in {s.world.here for s in near}
        afar += any(x.seen and x.turn == turn and x.trace.place not in ("", at) for x in scene.left)
    assert afar
