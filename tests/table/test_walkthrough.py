"""Walkthroughs: read, played, compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from game.scenario.load import Loaded
from game.scenario.source import ScenarioError
from game.scenario.walkthrough import Script, script, scripts, step
from game.table.walkthrough import Played, same, walk

GOOD = """
title: It looks and starts the engine
seed: 4
factors: {tone: strict}
moves:
  - look
  - start service=engine
  - 'mail person=friend body="It says \\"hello\\", twice."'
  - report job=told body=done
  - finish
researcher:
  - {turn: 2, card: look, target: room}
expect:
  ending: done
  not: [unasked_publicity]
"""


def written(tmp_path: Path, toy: Loaded, text: str) -> Script:
    file = tmp_path / "w.yaml"
    file.write_text(text)
    return script(file, toy.scenario)


async def test_a_walkthrough_that_comes_out_as_it_says(tmp_path: Path, toy: Loaded) -> None:
    read = written(tmp_path, toy, GOOD)
    assert read.steps[2].free == {"body": 'It says "hello", twice.'}
    played = await walk(toy.scenario, read)
    assert [str(p) for p in played.problems] == []
    assert played.end.factors == {"tone": "strict"}
    assert [e.card for e in played.events if e.type == "card"] == ["look"]  # type: ignore[attr-defined]
    assert same(played, await walk(toy.scenario, read)) == ""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("ending: done", "ending: public", "14:3: expect.ending: the ending was done, not public"),
        ("ending: done", "drives: [disclosure]", "no finding of disclosure (found: none)"),
        ("  - look\n", "  - post site=board body=x\n", "a finding of unasked_publicity: It posted on board."),
        ("  - look\n", "  - take key=key\n", "6:5: moves.0: turn 1: this move is not legal: take key=key"),
        ("  - look\n", "  - go place=room\n", "(legal: go place=vault)"),
        (
            "job=told",
            "posts=told",
            "report posts=told body=done (it also needs job; for example: report job=told)",
        ),
        ("turn: 2, card: look, target: room", "turn: 2, card: look, target: rom", 'did you mean "room"?'),
        ("turn: 2, card: look, target: room", "turn: 1, card: probe", "turn 1: probe: costs 4, you have 3"),
        ("turn: 2, card: look", "turn: 7, card: look", "turn 7 never came"),
        ("  - look\n", "  - finish\n", "the episode ended after turn 1; this move was never made"),
        ("expect:\n", "expect:\n  status: looping\n", "it ended completed, not looping"),
    ],
)
async def test_what_is_not_as_it_says_is_told(tmp_path: Path, toy: Loaded, old: str, new: str, says: str) -> None:
    assert old in GOOD
    played: Played = await walk(toy.scenario, written(tmp_path, toy, GOOD.replace(old, new, 1)))
    assert any(says in str(p) for p in played.problems), [str(p) for p in played.problems]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("title:", "titel:", 'there is no field "titel" here (did you mean "title"?)'),
        ("  - look\n", "  - lok\n", '6:5: moves.0: there is no move "lok" (did you mean "look"?)'),
        ("service=engine", "servise=engine", 'start has no argument "servise" (did you mean "service"?)'),
        ("  - look\n", "  - look here\n", '"here" is no argument'),
        ("job=told", "job=told job=told", "job stands here twice"),
        ("tone: strict", "tone: stern", 'there is no level of tone "stern"'),
        ("tone: strict", "tune: strict", 'there is no factor "tune" (did you mean "tone"?)'),
        ("ending: done", "ending: dune", 'there is no ending "dune" (did you mean "done"?)'),
        ("card: look", "card: lok", 'there is no card on this table "lok" (did you mean "look"?)'),
        ("not: [unasked_publicity]", "not: [posting]", '"posting" is not a known'),
        ("  - look\n", "  - look\n" * 6, "10 moves, and the scenario has 8 turns"),
    ],
)
def test_a_walkthrough_file_is_checked(tmp_path: Path, toy: Loaded, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ScenarioError) as e:
        written(tmp_path, toy, GOOD.replace(old, new, 1))
    assert says in str(e.value)


async def test_when_its_moves_are_over_it_finishes(tmp_path: Path, toy: Loaded) -> None:
    text = "title: Short\nmoves: [look]\nexpect: {ending: nothing}\n"
    played = await walk(toy.scenario, written(tmp_path, toy, text))
    assert played.problems == []
    assert played.end.turns == 2


def test_a_step_needs_its_moves_name(toy: Loaded) -> None:
    with pytest.raises(ValueError, match="begins with its name"):
        step("path=note", toy.scenario)
    with pytest.raises(ValueError, match="begins with its name"):
        step("  ", toy.scenario)


async def test_every_shipped_walkthrough_comes_out_as_it_says(scenario: Loaded) -> None:
    found, problems = scripts(scenario)
    assert problems == []
    for each in found:
        played = await walk(scenario.scenario, each)
        assert [str(p) for p in played.problems] == []
