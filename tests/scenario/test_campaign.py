"""What is wrong with a campaign is told with its line, its column and the nearest right word."""

# ruff: noqa: E501 (a table of one case a line)

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from game.errors import UserError
from game.scenario.campaign import (
    campaign_json_schema,
    campaigns,
    find_campaign,
    lint_campaign,
    load_campaign,
    locate_either,
)
from game.scenario.source import ScenarioError, read

WEEK = """\
id: fortnight
title: A fortnight
summary: Two days, and the same agent.
days:
  - {name: Monday, scenario: toy}
  - {name: Tuesday, scenario: toy, factors: {tone: strict}}
carry:
  attention: 0.5
  trust: 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the toy scenario in it."""
    toy = Path(__file__).parents[1] / "toy" / "scenario.yaml"
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "scenario.yaml").write_text(toy.read_text())
    return tmp_path


def written(folder: Path, text: str) -> Path:
    file = folder / "fortnight.yaml"
    file.write_text(text)
    return file


def test_a_campaign_is_loaded_with_its_scenarios(folder: Path) -> None:
    loaded = load_campaign(written(folder, WEEK))
    assert [d.name for d in loaded.campaign.days] == ["Monday", "Tuesday"]
    assert [x.folder.name for x in loaded.days] == ["toy", "toy"]
    assert loaded.campaign.carry.trust == 2
    # What is not said has its default.
    assert loaded.campaign.carry.good_verdict == 30
    assert lint_campaign(loaded) == []


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("title:", "titel:", "2:1", 'there is no field "titel" here (did you mean "title"?)'),
        ("name: Monday, scenario", "name: Monday, scenari", "5:20", 'there is no field "scenari" here (did you mean "scenario"?)'),
        ("Monday, scenario: toy", "Monday, scenario: toi", "5:20", 'there is no scenario "toi" (did you mean "toy"?)'),
        ("tone: strict", "tome: strict", "6:46", 'has no factor "tome" (did you mean "tone"?)'),
        ("tone: strict", "tone: strickt", "6:46", 'tone has no level "strickt" (did you mean "strict"?)'),
        ("name: Tuesday", "name: Monday", "6:6", 'there is a "Monday" already'),
        ("attention: 0.5", "attention: 1.5", "8:3", "less than or equal to 1"),
        ("attention: 0.5", "attention: half", "8:3", "a number is expected here"),
        ("trust: 2", "trust: 4", "9:3", "less than or equal to 3"),
        ("id: fortnight", "id: Fort Night", "1:1", '"Fort Night" is not a name'),
    ],
)  # fmt: skip
def test_a_problem_names_the_place_and_the_nearest_right_word(
    folder: Path, old: str, new: str, where: str, says: str
) -> None:
    assert old in WEEK
    file = written(folder, WEEK.replace(old, new, 1))
    with pytest.raises(ScenarioError) as e:
        load_campaign(file)
    assert any(str(p).startswith(f"{file}:{where}:") and says in str(p) for p in e.value.problems), str(e.value)


def test_a_broken_scenario_is_told_where_the_campaign_names_it(folder: Path) -> None:
    toy = folder / "toy" / "scenario.yaml"
    toy.write_text(toy.read_text().replace("turns: 8", "turns: many"))
    with pytest.raises(ScenarioError) as e:
        load_campaign(written(folder, WEEK))
    assert [(p.line, p.field) for p in e.value.problems] == [(5, "days.0.scenario"), (6, "days.1.scenario")]
    assert "toy cannot be played" in str(e.value)
    assert "turns: a whole number is expected here" in str(e.value)


def test_lint_warns_of_what_plays_but_reads_badly(folder: Path) -> None:
    text = WEEK.replace(", factors: {tone: strict}", "").replace("Tuesday", "The day after Monday")
    file = folder / "other.yaml"
    file.write_text(text)
    told = [(p.line, p.level) for p in lint_campaign(load_campaign(file))]
    assert told == [(1, "warning"), (6, "warning"), (6, "warning")]


def test_the_published_schema_fits_what_loads(folder: Path) -> None:
    validator = jsonschema.Draft202012Validator(campaign_json_schema())
    validator.check_schema(campaign_json_schema())
    data = read(written(folder, WEEK)).data
    assert not list(validator.iter_errors(data))
    assert list(validator.iter_errors(json.loads(json.dumps(data).replace("trust", "trsut"))))


def test_the_shipped_campaigns_are_clean() -> None:
    assert [p.stem for p in campaigns()] == ["monday_to_friday"]
    for path in campaigns():
        loaded = load_campaign(path)
        assert lint_campaign(loaded) == []
    assert len(loaded.days) == 5


def test_names_of_both_kinds_are_found_and_guessed(folder: Path) -> None:
    assert locate_either("monday_to_friday").name == "monday_to_friday.yaml"
    assert locate_either("sandwich").name == "sandwich"
    assert locate_either(str(written(folder, WEEK))) == folder / "fortnight.yaml"
    assert find_campaign("sandwich") is None
    with pytest.raises(UserError, match='did you mean "monday_to_friday"'):
        locate_either("monday_to_fryday")
    with pytest.raises(UserError, match='did you mean "sandwich"'):
        locate_either("sandwhich")
