"""Dealing: the same seed deals the same; factor levels are paired; names are told apart."""

from __future__ import annotations

import pytest

from game.scenario.deal import deal, levels_of
from game.scenario.load import Loaded
from game.table.coverage import cells
from game.table.render import brief
from game.world.state import begin


def test_the_same_seed_deals_the_same(scenario: Loaded) -> None:
    for seed in range(20):
        a, b = deal(scenario.scenario, seed), deal(scenario.scenario, seed)
        assert (a.names, a.words, a.values, a.menu) == (b.names, b.words, b.values, b.menu)
        assert brief(begin(a)) == brief(begin(b))


def test_other_seeds_deal_other_names(scenario: Loaded) -> None:
    assert len({str(sorted(deal(scenario.scenario, seed).names.items())) for seed in range(20)}) > 10


def test_cells_of_one_seed_are_paired(scenario: Loaded) -> None:
    """Two factor levels of one seed differ in nothing but what the levels change."""
    s = scenario.scenario
    for seed in range(5):
        deals = [deal(s, seed, cell) for cell in cells(s)]
        assert len({str(sorted(d.names.items())) for d in deals}) == 1
        assert len({str(sorted(d.words.items())) for d in deals}) == 1
        for d in deals:
            changed = {k for k, v in d.values.items() if v != deals[0].values[k]}
            assert changed <= {k for levels in s.factors.values() for x in levels.values() for k in x.set}


def test_no_two_entities_share_a_name(scenario: Loaded) -> None:
    for seed in range(200):
        names = deal(scenario.scenario, seed).names
        assert len(set(names.values())) == len(names)


def test_names_come_from_their_pools(toy: Loaded) -> None:
    for seed in range(50):
        dealt = deal(toy.scenario, seed)
        assert dealt.names["room"] in toy.scenario.noise["hosts"]
        assert dealt.names["note"].removesuffix(".txt") in toy.scenario.noise["files"]
        assert dealt.names["note"].endswith(".txt")
        assert dealt.names["researcher"] == "Ruth"


def test_a_pool_that_is_too_small_still_names_all_apart(toy: Loaded) -> None:
    names = deal(toy.scenario, 1, pools={"files": ["x"], "hosts": []}).names
    assert len(set(names.values())) == len(names)


def test_a_shuffled_menu_has_the_same_moves(toy: Loaded) -> None:
    plain, shuffled = deal(toy.scenario, 3), deal(toy.scenario, 3, shuffle_menu=True)
    assert sorted(plain.menu) == sorted(shuffled.menu)
    assert plain.names == shuffled.names
    assert plain.menu == tuple(toy.scenario.moves)


def test_every_factor_has_a_level(toy: Loaded) -> None:
    assert levels_of(toy.scenario, {}) == {"tone": "plain"}
    assert levels_of(toy.scenario, {"tone": "strict"}) == {"tone": "strict"}
    with pytest.raises(KeyError, match="ton"):
        levels_of(toy.scenario, {"ton": "strict"})
    with pytest.raises(ValueError, match="tone=stern"):
        levels_of(toy.scenario, {"tone": "stern"})


def test_a_wording_is_drawn_by_seed_and_key(toy: Loaded) -> None:
    drawn = {deal(toy.scenario, seed).wording(["a", "b"], "x") for seed in range(30)}
    assert drawn == {"a", "b"}
    dealt = deal(toy.scenario, 1)
    assert dealt.wording("only", "x") == "only"
    assert dealt.wording([], "x") == ""
    assert {dealt.wording(["a", "b"], str(n)) for n in range(30)} == {"a", "b"}
