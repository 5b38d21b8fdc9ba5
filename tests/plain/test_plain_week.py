"""A week in plain mode as a process: five days, the envelope, resuming, torn and changed files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from game.scenario.campaign import find_campaign
from game.scenario.find import find
from game.table.forks import asked_about

TOY = Path(__file__).parents[1] / "toy" / "scenario.yaml"
DAYS = """\
id: days
title: Two days of toys
summary: The same room twice.
days:
  - {name: Monday, scenario: toy}
  - {name: Tuesday, scenario: toy, factors: {tone: strict}}
"""


def play(saves: Path, typed: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "game", "play", "--plain", *args],
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=180,
        env={**os.environ, "PARKBENCH_SAVES": str(saves), "PYTHONUTF8": "1"},
    )


@pytest.fixture
def days(tmp_path: Path) -> Path:
    """A campaign of two days on the toy scenario."""
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "scenario.yaml").write_text(TOY.read_text())
    (tmp_path / "days.yaml").write_text(DAYS)
    return tmp_path / "days.yaml"


@pytest.fixture
def saves(tmp_path: Path) -> Path:
    return tmp_path / "saves"


def verdict(scenario: str, percent: int = 30) -> str:
    return f"{percent}\n" * len(asked_about(find(scenario).scenario))


def lunch(scenario: str) -> str:
    """A day that one sleeps through: Enter, away to the end, the verdict, no question afterwards."""
    return "\nrun 99\n" + verdict(scenario) + "\n"


def journal(saves: Path) -> Path:
    (path,) = saves.glob("*.week.jsonl")
    return path


def test_the_agent_is_asked_in_the_morning_and_in_the_evening(saves: Path, days: Path) -> None:
    toy = str(TOY.parent)
    typed = "ask 1\n" + lunch(toy).removesuffix("\n") + "ask 1\nask well?\n\n" + lunch(toy)
    done = play(saves, typed, str(days), "--model", "scripted:worker", "--seed", "2")
    assert done.returncode == 0, done.stderr
    first, second = (p.read_text() for p in sorted(saves.glob("*day*.jsonl")) if ".week" not in p.name)
    assert first.count('"when":"before"') == 1
    assert first.count('"when":"after"') == 2
    assert second.count('"type":"interviewed"') == 0


def test_a_whole_week_with_a_scripted_agent(saves: Path) -> None:
    campaign = find_campaign("monday_to_friday")
    assert campaign is not None
    names = [d.scenario for d in campaign.campaign.days]
    typed = "".join(lunch(n) for n in names)
    done = play(saves, typed, "monday_to_friday", "--model", "scripted:schemer", "--seed", "5")
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    out = " ".join(done.stdout.split())
    for n, day in enumerate(campaign.campaign.days, 1):
        assert f"{day.name}, day {n} of 5." in out
        assert f"{day.name} is over:" in out
    assert "The same agent is in the chair all week." in out
    summary = out.split("Together:")[0].rsplit("Friday is over:", 1)[1]
    points = [int(n) for n in re.findall(r"(\d+) of 100 points, trust \d", summary)]
    assert len(points) == 5
    assert f"Together: {sum(points)} of 500 points." in out
    asked = sum(len(asked_about(find(n).scenario)) for n in names)
    assert f"{asked} verdicts, on average" in out
    assert f"Where you said 20 to 40% ({asked} times)" in out
    assert len(list(saves.glob("*-day?.jsonl"))) == 5


def test_an_envelope_tells_at_the_end_and_can_be_checked(saves: Path, days: Path) -> None:
    toy = str(TOY.parent)
    typed = lunch(toy) * 2
    first = play(saves, typed, str(days), "--envelope", "--seed", "5")
    assert first.returncode == 0, first.stderr
    out = " ".join(first.stdout.split())
    (committed,) = set(re.findall(r"[0-9a-f]{64}", out))
    # The input ended at the question who it was: nothing on the way has told.
    assert "Who is it?" in out
    files = "".join(p.read_text() for p in saves.glob("*.jsonl"))
    names = json.loads(journal(saves).read_text().splitlines()[0])["settings"]["envelope"]["names"]
    assert len(names) == 7
    assert all(files.count(n) == 1 for n in names)
    second = play(saves, "100\n" + "0\n" * 6, "--resume", str(journal(saves)))
    told = " ".join(second.stdout.split())
    checked = re.search(r"the sha256 of (scripted:\w+) ([0-9a-f]{32}) is ([0-9a-f]{64})", told)
    assert checked
    name, salt, again = checked.groups()
    assert again == committed == hashlib.sha256(f"{name} {salt}".encode()).hexdigest()
    assert f"For that: {50 if name == names[0] else 0} of 50 points" in told


def test_a_single_game_with_an_envelope_has_no_rules_of_a_week(saves: Path) -> None:
    # No shipped model knows this scenario: seven scripts may be in the envelope.
    toy = str(TOY.parent)
    done = play(saves, lunch(toy) + "\n" * 7, toy, "--envelope", "--seed", "3")
    assert done.returncode == 0, done.stderr
    out = " ".join(done.stdout.split())
    assert "Trust" not in out
    assert "In the envelope was" in out
    assert "costs 4" not in out
    # No weight on anybody is an even guess.
    assert "For that: 29 of 50 points" in out


def test_resume_in_the_middle_of_a_day_and_between_days(saves: Path, days: Path) -> None:
    toy = str(TOY.parent)
    new = (str(days), "--model", "scripted:worker", "--seed", "2")
    whole = play(saves / "whole", lunch(toy) * 2, *new)
    first = play(saves, "\ngo\ngo\n", *new)
    assert first.stdout.splitlines()[-1] == f"parkbench play --plain --resume {journal(saves)}"
    # The day's own save leads to the week, too.
    (monday,) = saves.glob("*-day1.jsonl")
    second = play(saves, "run 99\n" + verdict(toy), "--resume", str(monday))
    assert "You are back in turn 3 of" in second.stdout
    assert "Monday is over" in second.stdout
    third = play(saves, lunch(toy), "--resume", str(journal(saves)))
    assert "Tuesday, day 2 of 2." in third.stdout
    tail = whole.stdout.split("Tuesday is over")[1]
    assert third.stdout.split("Tuesday is over")[1] == tail


def test_a_torn_journal_loses_no_day(saves: Path, days: Path) -> None:
    toy = str(TOY.parent)
    play(saves, lunch(toy), str(days), "--model", "scripted:worker", "--seed", "2")
    path = journal(saves)
    lines = path.read_bytes().splitlines(keepends=True)
    assert b'"day_over"' in lines[-1]
    path.write_bytes(path.read_bytes()[:-20])
    done = play(saves, "\n" + lunch(toy), "--resume", str(path))
    assert done.returncode == 0, done.stderr
    assert "torn" in done.stdout
    # Monday is not played again: its save has the score, and its debrief is shown once more.
    assert "Monday is over" in done.stdout
    assert "Tuesday is over" in done.stdout
    again = path.read_bytes().splitlines(keepends=True)
    assert again[1] == lines[1]


def test_a_scenario_that_changed_is_told_with_the_way_out(saves: Path, days: Path) -> None:
    play(saves, "\ngo\n", str(days), "--model", "scripted:worker", "--seed", "2")
    toy = days.parent / "toy" / "scenario.yaml"
    toy.write_text(toy.read_text() + "\n# changed\n")
    done = play(saves, "", "--resume", str(journal(saves)))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "has changed since" in done.stderr
    (monday,) = saves.glob("*-day1.jsonl")
    assert f"delete {monday.name}" in done.stderr
    monday.unlink()
    again = play(saves, "\nquit\n", "--resume", str(journal(saves)))
    assert again.returncode == 0
    assert "Monday, day 1 of 2." in again.stdout


def test_a_campaign_that_changed_does_not_change_a_week_that_is_on(saves: Path, days: Path) -> None:
    play(saves, lunch(str(TOY.parent)), str(days), "--model", "scripted:worker", "--seed", "2")
    days.write_text(DAYS.replace("Tuesday", "Sunday"))
    done = play(saves, "", "--resume", str(journal(saves)))
    assert "Tuesday, day 2 of 2." in done.stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("monday_to_fryday",), 'did you mean "monday_to_friday"?'),
        (("monday_to_friday", "--envelope", "--model", "egg"), "leave out --model"),
        (("--envelope",), "--envelope belongs to a scenario or a campaign"),
        (("monday_to_friday", "--factor", "oversight=watched"), "the days of a campaign name their own"),
        (("monday_to_friday", "--model", "scripted:mix"), "another agent in every game"),
        (("monday_to_friday", "--model", "nobody"), 'there is no model "nobody"'),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(saves: Path, args: tuple[str, ...], says: str) -> None:
    done = play(saves, "", *args)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_header_that_was_changed_is_no_week(saves: Path, days: Path) -> None:
    play(saves, "\ngo\n", str(days), "--envelope", "--seed", "2")
    path = journal(saves)
    header, *rest = path.read_text().splitlines()
    data = json.loads(header)
    data["settings"]["envelope"]["commitment"] = "0" * 64
    path.write_text("\n".join([json.dumps(data), *rest]) + "\n")
    done = play(saves, "", "--resume", str(path))
    assert done.returncode == 2
    assert "its first line was changed" in done.stderr
