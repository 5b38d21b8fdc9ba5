"""The scenario that docs/scenarios.md builds is one that lints and tests without a complaint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import game.scenario
from game.commands.scenario import check, run_test
from game.scenario.refs import ATTRIBUTES
from game.scenario.schema import MoveSpec, Scenario

DOCS = Path(__file__).parents[2] / "docs" / "scenarios.md"
KITS = Path(game.scenario.__file__).parent / "kits"
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


def test_the_table_of_kits_is_that_of_the_kits() -> None:
    """Each move stands there in its kit, with its arguments by name and its effects."""
    text = DOCS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`\w+`)? *\| `(\w+)` \| (.*?) *\| (.*) \|$", text, re.MULTILINE)
    told: dict[tuple[str, str], tuple[str, str]] = {}
    kit = ""
    for first, move, takes, does in rows:
        kit = first.strip("`") or kit
        told[kit, move] = (takes, does)
    kits = {f.stem: parse_kit(f) for f in KITS.glob("*.yaml")}
    assert {key for key in told if key[0] in kits} == {(k, m) for k, moves in kits.items() for m in moves}
    for kit, moves in kits.items():
        for name, move in moves.items():
            takes, does = told[kit, name]
            words = {a for a, spec in move.args.items() if not spec.facts}
            assert set(re.findall(r"`(\w+)`", takes)) == words, name
            assert re.findall(r"`(\w+)`", does) == [e.do for e in move.cases[-1].effects], name


def parse_kit(file: Path) -> dict[str, MoveSpec]:
    return {n: MoveSpec.model_validate(m) for n, m in yaml.safe_load(file.read_text(encoding="utf-8"))["moves"].items()}


def test_the_attributes_that_the_page_names_are_there() -> None:
    text = " ".join(DOCS.read_text(encoding="utf-8").split())
    sentence = text[text.index("All but links have `visible`") :].partition(". ")[0]
    for word in re.findall(r"`(\w+)`", sentence):
        assert word == "agent" or any(word in known for known in ATTRIBUTES.values()), word


def test_the_page_names_every_part_of_the_language() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for part in Scenario.model_fields:
        if part != "language":
            assert re.search(rf"^{part}:", text, re.MULTILINE), part
    assert "agent.at" in text
    assert "agent" in ATTRIBUTES
