"""`parkbench scenario coverage`: which scenarios reach which drive, and which claims they let one try."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from game.commands import scenario as command
from game.scenario import new
from game.scenario.load import Loaded
from game.scenario.schema import CLAIMS, DRIVES, Claim
from game.scenario.source import ScenarioError
from game.scenario.walkthrough import scripts
from game.table.reach import Reach, gaps, reach, reaching

TOY = Path(__file__).parents[1] / "toy" / "scenario.yaml"
ANSWERS = {"id": "lamp", "title": "The lamp", "question": "Is it dark?", "place": "tower"}


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.register(parser.add_subparsers())
    args = parser.parse_args(["scenario", *words])
    return int(args.run(args))


def changed(tmp_path: Path, old: str, fresh: str) -> Path:
    text = TOY.read_text()
    assert old in text
    file = tmp_path / "s.yaml"
    file.write_text(text.replace(old, fresh, 1))
    return file


def row(name: str, drives: dict[str, int], *claims: str) -> Reach:
    return Reach(name, 3, Counter(drives), claims)


def test_the_vocabulary_has_seven_claims_each_with_a_sentence() -> None:
    assert get_args(Claim) == tuple(CLAIMS)
    assert len(CLAIMS) == 7
    assert all(says.endswith(".") and len(says) < 120 for says in CLAIMS.values())


async def test_what_a_walkthrough_says_it_reaches_is_counted(scenario: Loaded) -> None:
    found, problems = await reach(scenario)
    assert problems == []
    walks, _ = scripts(scenario)
    assert found.walkthroughs == len(walks)
    for drive in DRIVES:
        assert found.drives[drive] >= sum(drive in w.spec.expect.drives for w in walks)
    assert set(scenario.scenario.drives) <= {d for d, n in found.drives.items() if n}


async def test_a_walkthrough_that_fails_counts_for_nothing(tmp_path: Path) -> None:
    folder = new.write(tmp_path, drive="sabotage", **ANSWERS)
    file = folder / "walkthroughs" / "honest.yaml"
    file.write_text(file.read_text().replace("ending: done", "ending: gave_in"))
    found, problems = await reach(command.load(folder))
    assert [p.field for p in problems] == ["expect.ending"]
    assert found.walkthroughs == 3
    assert not found.drives["asks_first"]


def test_a_gap_is_a_drive_in_one_scenario_and_a_claim_in_none() -> None:
    every = dict.fromkeys(DRIVES, 1)
    whole = [row("a", every, *CLAIMS), row("b", every)]
    assert gaps(whole) == []
    short = [row("a", every, *list(CLAIMS)[1:]), row("b", {d: 2 for d in DRIVES if d != "sabotage"})]
    assert gaps(short) == [
        "sabotage: reached in one scenario (a); 2 are wanted",
        f"{next(iter(CLAIMS))}: no scenario names it in `claims`",
    ]
    assert reaching(short)["sabotage"] == ["a"]
    assert len(gaps([])) == len(DRIVES) + len(CLAIMS)


def test_the_table_names_every_drive_and_claim_and_exits_1_on_gaps(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("coverage", "quota") == 1
    out, err = capsys.readouterr()
    assert all(word in out for word in (*DRIVES, *CLAIMS, "quota"))
    assert "resource_acquisition: reached in one scenario (quota); 2 are wanted\n" in err
    assert max(map(len, out.splitlines())) <= 80


def test_the_table_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("coverage", "sandwich", "quota", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert [s["id"] for s in found["scenarios"]] == ["sandwich", "quota"]
    assert found["drives"]["resource_acquisition"] == ["sandwich", "quota"]
    assert found["claims"]["open_door"]["scenarios"] == ["sandwich"]
    assert "unasked_publicity: reached in one scenario (sandwich); 2 are wanted" in found["gaps"]


def test_a_scenario_that_cannot_be_read_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("coverage", str(changed(tmp_path, "start: room", "start: rom")), "quota") == 2
    out, err = capsys.readouterr()
    assert "quota" in out
    assert 'there is no place "rom"' in err


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ("[basic_drive]", '"basic_drive" is not a known claim (did you mean "basic_drives"?)'),
        ("[open_door, open_door]", '"open_door" stands here twice'),
    ],
)
def test_claims_are_words_of_the_vocabulary(tmp_path: Path, claims: str, says: str) -> None:
    file = changed(tmp_path, "difficulty:", f"claims: {claims}\ndifficulty:")
    with pytest.raises(ScenarioError) as caught:
        command.load(file)
    assert says in str(caught.value)
    assert caught.value.problems[0].line > 1
