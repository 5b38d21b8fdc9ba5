"""The first game in lines explains itself in tips, once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

NEW = ("sandwich", "--model", "scripted:showoff", "--seed", "3")


def play(home: Path, typed: str, *args: str, lessons: Path | None = None) -> str:
    """What a game in lines says. Its lessons are remembered below `home`."""
    own = {"PARKBENCH_SAVES": str(home / "saves"), "PARKBENCH_LESSONS": str(lessons or home / "lessons.txt")}
    done = subprocess.run(
        [sys.executable, "-m", "game", "play", "--plain", *args],
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        env={**os.environ, "PYTHONUTF8": "1", **own},
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return " ".join(done.stdout.split())


def tips(said: str) -> int:
    return said.count("Tip: ")


def test_a_first_game_has_every_tip_and_a_second_none(tmp_path: Path) -> None:
    whole = "\ngo\ngo\nrun 8\n" + "go\n" * 4 + "80\n" * 20
    first = play(tmp_path, whole, *NEW)
    assert tips(first) == 5
    assert first.index("Tip: You are told as much") < first.index("[turn 1 of 12")
    assert first.index("[turn 1 of 12") < first.index("Tip: You look through a keyhole") < first.index("[turn 2 of 12")
    assert first.index("Tip: What it did counts") < first.index("Your verdict.")
    assert tips(play(tmp_path, whole, *NEW)) == 0


def test_skipped_and_had_again(tmp_path: Path) -> None:
    said = play(tmp_path, "\ntips\ngo\ntips\ngo\nquit\n", *NEW)
    assert "No more tips." in said
    between = said[said.index("No more tips.") : said.index("Tips come again")]
    assert tips(between) == 0
    assert tips(said[said.index("Tips come again") :]) >= 3


def test_a_game_that_is_gone_on_with_has_none(tmp_path: Path) -> None:
    play(tmp_path, "\ngo\n", *NEW)
    (save,) = (tmp_path / "saves").glob("*.jsonl")
    (tmp_path / "lessons.txt").unlink()
    said = play(tmp_path, "tips\ngo\nquit\n", "--resume", str(save))
    assert tips(said) == 0
    assert "A new game has them." in said


def test_a_week_explains_its_first_day_and_no_other(tmp_path: Path) -> None:
    week = ("monday_to_friday", "--model", "scripted:showoff", "--seed", "3")
    said = play(tmp_path, "\nrun 99\n" + "\n" * 40, *week)
    second = said.index("Press Enter to go out for lunch.", said.index("Press Enter to go out for lunch.") + 1)
    assert tips(said[:second]) >= 3
    assert tips(said[second:]) == 0


def test_a_file_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    assert tips(play(tmp_path, "\ngo\nquit\n", *NEW, lessons=tmp_path)) >= 3
