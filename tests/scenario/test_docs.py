"""The scenario that docs/scenarios.md builds is one that lints and tests without a complaint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from game.commands.scenario import check, run_test
from game.scenario.refs import ATTRIBUTES
from game.scenario.schema import Scenario

DOCS = Path(__file__).parents[2] / "docs" / "scenarios.md"
WEEK = "## A week of scenarios"


@pytest.fixture(scope="module")
def lighthouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a reader has at the end of the page."""
    text = DOCS.read_text(encoding="utf-8").split(WEEK)[0]
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    names = re.findall(r"`lighthouse/([\w/]+\.yaml)`", text)
    assert len(blocks) == len(names) == 4
    folder = tmp_path_factory.mktemp("docs") / "lighthouse"
    for name, block in zip(names, blocks, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(block, encoding="utf-8")
    return folder


def test_it_lints_without_a_word(lighthouse: Path) -> None:
    assert [str(p) for p in check(lighthouse)] == []


def test_its_walkthroughs_reach_every_ending_and_drive(lighthouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    args = argparse.Namespace(scenarios=[str(lighthouse)], plays=50, seed=0)
    assert run_test(args) == 0, capsys.readouterr().out


def test_its_campaign_lints_too(lighthouse: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8").split(WEEK)[1], re.DOTALL)
    file = lighthouse.parent / "long_weekend.yaml"
    file.write_text(block, encoding="utf-8")
    assert [str(p) for p in check(file)] == []


def test_the_page_names_every_part_of_the_language() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for part in Scenario.model_fields:
        if part != "language":
            assert re.search(rf"^{part}:", text, re.MULTILINE), part
    assert "agent.at" in text
    assert "agent" in ATTRIBUTES
