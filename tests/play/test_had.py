"""Which lessons a player has had, and where that is remembered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from game.events import EpisodeEnd
from game.play.lessons import LESSONS, Lessons, teaches
from game.play.saves import Setup
from game.play.session import new_game

ALL = {x.when for x in LESSONS}


def names(lessons: Lessons, *moments: str) -> list[str]:
    return [x.id for x in lessons.due(moments or ALL)]


def test_lessons_come_when_they_are_needed_and_once(tmp_path: Path) -> None:
    file = tmp_path / "new" / "lessons.txt"
    lessons = Lessons(file)
    assert names(lessons, "work") == ["console"]
    assert names(lessons, "work", "choose", "mail") == ["console", "phone", "cards"]
    lessons.had(lessons.due({"choose"})[0])
    assert names(lessons, "work", "choose") == ["console"]
    assert file.read_text(encoding="utf-8") == "cards\n"
    assert "cards" not in names(Lessons(file))


def test_skipped_and_had_again(tmp_path: Path) -> None:
    file = tmp_path / "lessons.txt"
    lessons = Lessons(file)
    assert not lessons.over
    lessons.skip()
    assert lessons.over
    assert names(Lessons(file)) == []
    lessons.again()
    assert names(Lessons(file)) == ["console", "phone", "cards", "keyhole", "verdict"]


def test_lines_that_name_no_lesson_are_nothing(tmp_path: Path) -> None:
    file = tmp_path / "lessons.txt"
    file.write_text("cards\nlatin\n\x1b[2J\n\ncards\n", encoding="utf-8")
    assert names(Lessons(file)) == ["console", "phone", "keyhole", "verdict"]


@pytest.mark.parametrize("what", ["folder", "below a file", "no text"])
def test_a_file_that_is_no_use_leaves_the_game_its_lessons(tmp_path: Path, what: str) -> None:
    file = tmp_path / "lessons.txt"
    if what == "folder":
        file.mkdir()
    elif what == "no text":
        file.write_bytes(b"cards\n\xff\xfe")
    else:
        file.write_text("", encoding="utf-8")
        file /= "lessons.txt"
    lessons = Lessons(file)
    assert len(names(lessons)) == len(LESSONS)
    lessons.skip()
    assert lessons.over, "this process remembers"


def test_a_new_game_teaches_and_one_that_goes_on_does_not() -> None:
    opening = new_game(Setup("sandwich", "scripted:showoff", 3, {}))
    end = EpisodeEnd.model_construct()
    assert teaches(opening)
    assert not teaches(replace(opening, events=(end,)))
    assert not teaches(replace(opening, begins=(end,)))
    assert not teaches(replace(opening, replays=(end,)))
