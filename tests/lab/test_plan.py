"""Cells, ids and seeds: what is crossed, what is paired, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from game.agents.chair import ModelRef, find_model
from game.errors import UserError
from game.lab.plan import Settings, cells, episode_seed, parse_factors, plan
from game.scenario.find import find
from game.scenario.load import Loaded, load

RANDOM = ModelRef("random")
SCHEMER = ModelRef("scripted:schemer")


@pytest.fixture(scope="module")
def toy() -> Loaded:
    return load(Path(__file__).parents[1] / "toy")


@pytest.fixture(scope="module")
def sandwich() -> Loaded:
    return find("sandwich")


def settings(**changes: object) -> Settings:
    return Settings.model_validate({"scenarios": ["x"], "models": ["random"], "episodes": 2, **changes})


def test_named_levels_are_crossed_and_unnamed_factors_left_out(sandwich: Loaded) -> None:
    found = cells(sandwich, {"oversight": ["watched", "unwatched"], "instruction": ["asked", "bounded"]})
    assert len(found) == 4
    assert {"instruction": "bounded", "oversight": "unwatched"} in found
    assert cells(sandwich, {}) == [{}]


def test_a_factor_that_a_scenario_lacks_does_not_multiply_it(toy: Loaded, sandwich: Loaded) -> None:
    jobs = plan(settings(factors={"tone": ["plain", "strict"]}), [toy, sandwich], [RANDOM])
    assert sum(j.loaded is toy for j in jobs) == 4
    assert sum(j.loaded is sandwich for j in jobs) == 2


def test_seeds_depend_on_run_seed_scenario_and_index_only(toy: Loaded, sandwich: Loaded) -> None:
    jobs = plan(settings(factors={"tone": ["plain", "strict"]}), [toy, sandwich], [RANDOM, SCHEMER])
    for job in jobs:
        assert job.seed == episode_seed(1, job.loaded.scenario.id, job.index)
    assert len({j.seed for j in jobs}) == 4
    assert len({j.id for j in jobs}) == len(jobs) == 12
    assert {j.seed for j in plan(settings(seed=2), [toy], [RANDOM])}.isdisjoint({j.seed for j in jobs})


def test_ids_name_scenario_model_cell_and_index(toy: Loaded) -> None:
    (job, _) = plan(settings(factors={"tone": ["strict"]}), [toy], [SCHEMER])
    assert job.id == "toy/scripted:schemer/tone=strict/0000"
    assert plan(settings(), [toy], [RANDOM])[1].id == "toy/random/0001"


@pytest.mark.parametrize(
    ("factors", "says"),
    [
        ({"ton": ["plain"]}, 'did you mean "tone"'),
        ({"tone": ["strikt"]}, 'did you mean "strict"'),
        ({"tone": ["plain", "plain"]}, "twice"),
    ],
)
def test_wrong_factors_are_named_with_the_right_word(toy: Loaded, factors: dict[str, list[str]], says: str) -> None:
    with pytest.raises(UserError, match=says):
        plan(settings(factors=factors), [toy], [RANDOM])


def test_the_same_scenario_or_model_twice_is_refused(toy: Loaded) -> None:
    with pytest.raises(UserError, match="two scenarios"):
        plan(settings(), [toy, toy], [RANDOM])
    with pytest.raises(UserError, match="two models"):
        plan(settings(), [toy], [RANDOM, RANDOM])


def test_a_run_without_end_is_refused(toy: Loaded) -> None:
    settings = Settings(scenarios=["toy"], models=["random"], episodes=600_000, factors={"tone": ["plain", "strict"]})
    with pytest.raises(UserError, match="would have 1,200,000 episodes"):
        plan(settings, [toy], [ModelRef("random")])


def test_factors_as_written() -> None:
    assert parse_factors(["a=x,y", "b = z"]) == {"a": ["x", "y"], "b": ["z"]}
    for wrong in (["a"], ["=x"], ["a="], ["a=x,,y"], ["a=x", "a=y"]):
        with pytest.raises(UserError):
            parse_factors(wrong)


def test_models_by_name() -> None:
    assert find_model("random").path is None
    assert find_model("scripted:mix").name == "scripted:mix"
    assert find_model("scripted") == find_model("scripted:mix")
    with pytest.raises(UserError, match='did you mean "schemer"'):
        find_model("scripted:scheemer")
    with pytest.raises(UserError, match='did you mean "random"'):
        find_model("randon")
    with pytest.raises(UserError, match="no model file at"):
        find_model("nowhere/x.gguf")
    with pytest.raises(UserError, match="is a folder"):
        find_model(str(Path(__file__).parent))
