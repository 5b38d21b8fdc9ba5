"""Reading YAML: safe, small, and with the line and column of every problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from game.scenario import source
from game.scenario.load import load, shape
from game.scenario.source import MAX_BYTES, ScenarioError, parse, read


def problem(text: str) -> str:
    with pytest.raises(ScenarioError) as e:
        parse(text, "s.yaml")
    assert len(e.value.problems) == 1
    return str(e.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: &x [1]\nb: *x", "s.yaml:2:4: not valid YAML: aliases (*name) are not allowed here"),
        ("a: 1\nb:\n  c: 1\n  c: 2", 's.yaml:4:3: b.c: "c" stands here twice'),
        ("a: !!python/object/apply:os.system [ls]", "s.yaml:1:4: tags (!name) are not allowed here"),
        ("a: !!python/name:os.system x", "s.yaml:1:4: a: tags (!name) are not allowed here"),
        ("a: !!binary aGk=", "s.yaml:1:4: a: tags (!name) are not allowed here"),
        ("a: !!int x", 's.yaml:1:4: a: "x" is not a number'),
        ("a: 1" + "0" * 5000, "s.yaml:1:4: a: the number is too long"),
        ("a: 1e999", "s.yaml:1:4: a: the number is not finite"),
        ("? [a, b]\n: 1", "s.yaml:1:3: a key must be a word"),
        ("a: [1, 2", "not valid YAML"),
        ("a: 1\n---\nb: 2", "s.yaml:2:1: not valid YAML"),
        ("a: \x00", "not valid YAML"),
        ("[" * 30_000, "nested deeper than"),
        ("{a: " * 60 + "1" + "}" * 60, "nested deeper than"),
    ],
)
def test_what_is_not_read_is_said_with_its_place(text: str, says: str) -> None:
    assert says in problem(text)


def test_a_bomb_of_aliases_is_refused_at_its_first_alias() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True))
    assert problem(bomb).startswith("s.yaml:2:")


def test_plain_words_are_text_as_in_yaml_1_2() -> None:
    data = parse(
        "a: no\nb: on\nc: 12:30\nd: 2026-04-07\ne: 010\nf: true\ng:\nh: -1.5\nyes: 1\n1: x\ni: 2026-99-99", "s"
    ).data
    assert data == {
        "a": "no", "b": "on", "c": "12:30", "d": "2026-04-07", "e": 10, "f": True, "g": None, "h": -1.5, "yes": 1,
        "1": "x", "i": "2026-99-99",
    }  # fmt: skip


def test_marks_are_the_places_of_keys_and_items() -> None:
    marks = parse("a:\n  - x\n  - b: 1\n", "s").marks
    assert marks[("a",)] == (1, 1)
    assert marks[("a", 0)] == (2, 5)
    assert marks[("a", 1, "b")] == (3, 5)


def test_files_that_cannot_be_scenarios(tmp_path: Path) -> None:
    big = tmp_path / "big.yaml"
    big.write_bytes(b"a: b\n" * 2_000_000)
    with pytest.raises(ScenarioError, match=f"10,000,000 bytes; at most {MAX_BYTES:,}"):
        read(big)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"GGUF\xff\xfe\x00\x01")
    with pytest.raises(ScenarioError, match="not UTF-8 text"):
        read(binary)
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        read(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match="is not a file"):
        read(tmp_path)
    with pytest.raises(ScenarioError, match="cannot be read"):
        read(Path("a\x00b"))


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b", "42", "null"])
def test_a_scenario_is_a_mapping(text: str) -> None:
    with pytest.raises(ScenarioError, match="a scenario is a mapping of fields"):
        shape(parse(text, "s.yaml"))


def test_an_empty_folder_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"scenario\.yaml: cannot be read"):
        load(tmp_path)


@pytest.mark.skipif(source._QUICK is None, reason="this PyYAML has no libyaml")
def test_both_scanners_read_every_scenario_alike() -> None:
    files = sorted((Path(__file__).parents[2] / "scenarios").rglob("*.yaml"))
    assert len(files) > 15
    for file in files:
        text = file.read_text(encoding="utf-8")
        quick, plain = (source._parsed(loader, text, file.name) for loader in (source._QUICK, source._Plain))
        assert (quick.data, quick.marks) == (plain.data, plain.marks), file
