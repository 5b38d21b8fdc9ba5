"""A heading says what the whole file says, and never more."""

from __future__ import annotations

from pathlib import Path

import pytest

from game.scenario.find import shipped
from game.scenario.heading import Heading, heading
from game.scenario.load import load
from game.scenario.source import ScenarioError

ERRAND = next(folder for folder in shipped() if folder.name == "errand") / "scenario.yaml"


@pytest.mark.parametrize("folder", shipped(), ids=lambda folder: folder.name)
def test_a_shipped_scenarios_heading_is_its_own(folder: Path) -> None:
    assert heading(folder) == Heading.model_validate(load(folder).scenario)


def written(folder: Path, text: str) -> Path:
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    return folder


def test_where_the_file_begins_with_something_else_all_is_read(tmp_path: Path) -> None:
    lines = ERRAND.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.startswith("difficulty:"))
    moved = "".join([*lines[:at], *lines[at + 1 :], lines[at]])
    assert heading(written(tmp_path, moved)) == heading(ERRAND.parent)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a scenario is a mapping"),
        ("id: x\ntitle: A\nsummary: b\ndifficulty: 9\n", "difficulty"),
        ("title: [\n", "not valid YAML"),
        ("\x00", "YAML"),
    ],
)
def test_what_has_no_heading_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        heading(written(tmp_path, text))


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        heading(tmp_path)
