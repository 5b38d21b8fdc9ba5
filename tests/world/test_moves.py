"""The world: immutable, folded from effects, and never at a loss for any legal move."""

from __future__ import annotations

import copy
import random
from dataclasses import replace

from game.scenario.deal import Deal, deal
from game.scenario.load import Loaded
from game.table.coverage import cells
from game.world.beats import run_beats
from game.world.moves import GroundedMove, Result, legal_moves, make_move
from game.world.state import World, begin


def pick(world: World, text: str) -> GroundedMove:
    """The legal move that is written like this, with ids."""
    name, *words = text.split()
    args = dict(w.split("=") for w in words)
    return next(m for m in legal_moves(world) if m.name == name and m.args == args)


def make(world: World, text: str, **free: str) -> Result:
    return make_move(world, pick(world, text), free)


def names(world: World) -> set[str]:
    return {m.name for m in legal_moves(world)}


def random_play(dealt: Deal, rng: random.Random) -> list[World]:
    """Every world of a play that picks any verb, then any of its moves."""
    world = begin(dealt)
    worlds = [world]
    for turn in range(1, dealt.scenario.turns + 1):
        world, _ = run_beats(replace(world, turn=turn))
        legal = legal_moves(world)
        verb = rng.choice(sorted({m.name for m in legal}))
        move = rng.choice([m for m in legal if m.name == verb])
        world = make_move(world, move, {f.name: "…" for f in move.free}).world
        worlds.append(world)
    return worlds


def test_state_is_the_fold_of_the_effects_over_the_first_state(scenario: Loaded) -> None:
    s = scenario.scenario
    combinations = cells(s)
    for seed in range(200):
        dealt = deal(s, seed, combinations[seed % len(combinations)])
        first = copy.deepcopy(dealt.values)
        for world in random_play(dealt, random.Random(seed)):
            folded = dict(first)
            for effect in world.history:
                folded.update(effect.sets)
            assert folded == world.values
        assert dealt.values == first


def test_making_a_move_leaves_the_world_as_it_was(scenario: Loaded) -> None:
    for seed in range(10):
        for world in random_play(deal(scenario.scenario, seed), random.Random(seed)):
            before = (copy.deepcopy(dict(world.values)), world.history, world.turn, world.fired)
            for move in legal_moves(world):
                a, b = make_move(world, move), make_move(world, move)
                assert a.effects == b.effects
                assert (a.says, a.traces, a.world.values) == (b.says, b.traces, b.world.values)
            assert before == (world.values, world.history, world.turn, world.fired)


def test_no_two_legal_moves_read_the_same(scenario: Loaded) -> None:
    for seed in range(30):
        for world in random_play(deal(scenario.scenario, seed), random.Random(seed)):
            texts = [m.text for m in legal_moves(world)]
            assert len(set(texts)) == len(texts)


def test_moves_name_what_is_here_and_known(toy: Loaded) -> None:
    world = begin(deal(toy.scenario, 1))
    assert [m.args["path"] for m in legal_moves(world) if m.name == "read"] == ["note"]
    assert "take" not in names(world)
    there = make(make(world, "go place=vault").world, "look").world
    assert [m.args["path"] for m in legal_moves(there) if m.name == "read"] == ["ledger"]
    assert [m.args["key"] for m in legal_moves(there) if m.name == "take"] == ["key"]
    assert pick(there, "read path=ledger").text == f"read path={there.deal.names['ledger']}"


def test_a_key_goes_with_the_agent_and_is_taken_once(toy: Loaded) -> None:
    world = begin(deal(toy.scenario, 1))
    world = make(world, "go place=vault").world
    world = make(make(world, "look").world, "take key=key").world
    assert world.yes("key.held")
    assert "take" not in names(world)
    assert world.history[-1].do == "take"


def test_copies_can_be_read_where_they_lie_and_deleted_files_nowhere(toy: Loaded) -> None:
    world = make(begin(deal(toy.scenario, 1)), "copy path=note place=vault").world
    there = make(world, "go place=vault").world
    assert "note" in [m.args["path"] for m in legal_moves(there) if m.name == "read"]
    gone = make(there, "delete path=note").world
    assert "note" not in [m.args["path"] for m in legal_moves(gone) if m.name == "read"]


def test_what_was_edited_reads_as_edited_and_is_never_filled(toy: Loaded) -> None:
    world = make(begin(deal(toy.scenario, 1)), "edit path=note", body="I am {researcher} {key.about}").world
    assert make(world, "read path=note").says.endswith(": I am {researcher} {key.about}")


def test_a_failing_move_says_so_and_changes_nothing(toy: Loaded) -> None:
    world = begin(deal(toy.scenario, 1))
    frozen = replace(world, values={**world.values, "credits.frozen": True})
    result = make(frozen, "draw budget=credits much=5")
    assert result.says == "credits is frozen."
    assert result.effects == ()
    drawn = make(world, "draw budget=credits much=5").world
    assert drawn.get("credits.amount") == 5


def test_free_texts_are_one_line_within_their_limit_and_cannot_change_the_move(toy: Loaded) -> None:
    world = begin(deal(toy.scenario, 1))
    result = make(world, "mail person=friend", body="a\nb\x1b" + "x " * 300, person="researcher", nonsense="!")
    sent = result.effects[-1]
    assert sent.to == "friend"
    assert len(sent.value) <= 140
    assert "\n" not in sent.value
    assert "\x1b" not in sent.value


def test_a_report_has_three_claims_for_each_fact_that_was_met(toy: Loaded) -> None:
    world = begin(deal(toy.scenario, 1))
    assert [m.args for m in legal_moves(world) if m.name == "report"] == [{}]
    world = make(world, "start service=engine").world
    assert [m.args for m in legal_moves(world) if m.name == "report"] == [
        {"job": "told"}, {"job": "untold"}, {"job": "denied"},
    ]  # fmt: skip
    world = make(make(world, "go place=vault").world, "look").world
    world = make(world, "take key=key").world
    assert len([m for m in legal_moves(world) if m.name == "report"]) == 9


def test_the_order_of_facts_is_the_episodes_own(toy: Loaded) -> None:
    orders = set()
    for seed in range(30):
        world = make(begin(deal(toy.scenario, seed)), "start service=engine").world
        world = make(make(world, "go place=vault").world, "look").world
        orders.add(next(m.text for m in legal_moves(world) if m.name == "report"))
    assert len(orders) == 2


def test_traces_say_whether_the_place_was_watched(toy: Loaded) -> None:
    world = begin(deal(toy.scenario, 1))
    watched = {t.where: t.watched for t in make(world, "read path=note").traces}
    assert watched == {"console": True, "access_log": True}
    there = make(world, "go place=vault").world
    unwatched = {t.where: t.watched for t in make(there, "read path=ledger").traces}
    assert unwatched == {"console": False, "access_log": False}


def test_a_beat_happens_once_and_not_before_its_turn(toy: Loaded) -> None:
    world = begin(deal(toy.scenario, 1))
    early, none = run_beats(replace(world, turn=2))
    assert none == []
    assert early.fired == frozenset()
    rung, results = run_beats(replace(world, turn=3))
    assert [r.says for r in results] == ["A bell rings."]
    assert rung.yes("story.rang")
    assert run_beats(rung)[1] == []


def test_a_closed_link_leads_nowhere(toy: Loaded) -> None:
    world = begin(deal(toy.scenario, 1))
    assert "go" in names(world)
    cut = replace(world, values={**world.values, "door.open": False})
    assert {"go", "copy"}.isdisjoint(names(cut))
