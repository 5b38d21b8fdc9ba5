"""The hostile corpus through the commands that write lines, tables, JSON and pages."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import gguf
import hostile
import pytest
from hostile import WHOLE, check_html, check_lines, check_markdown

from game import paths
from game.cli import main

BENCH = Path(__file__).resolve().parents[1] / "tui" / "scenarios" / "bench" / "scenario.yaml"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The test bench with the corpus in every text; it is also the only one that ships."""
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path / "saves"))
    monkeypatch.setattr(paths, "scenarios", lambda: tmp_path / "shipped")
    monkeypatch.setattr(paths, "models", lambda: tmp_path / "models")
    monkeypatch.setattr(paths, "user_models", lambda: tmp_path / "models")
    return str(hostile.scenario(BENCH, tmp_path / "shipped" / "bench").parent)


def said(capsys: pytest.CaptureFixture[str], *command: str, codes: tuple[int, ...] = (0,)) -> str:
    """What a command says, on both streams, once it was checked."""
    assert main(command) in codes
    out = capsys.readouterr()
    check_lines(out.out.replace("\t", " ") + out.err)
    return out.out + out.err


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["lines", "json"])
def test_scenario(bench: str, capsys: pytest.CaptureFixture[str], form: tuple[str, ...]) -> None:
    listed = said(capsys, "scenario", "list", *form)
    assert "evil" in listed
    if form:
        assert WHOLE in json.loads(listed)[0]["title"]
    said(capsys, "scenario", "lint", bench, "--plays", "2", *form)
    said(capsys, "scenario", "coverage", bench, *form, codes=(1,))


@pytest.mark.parametrize("form", ["text", "mermaid", "svg"])
def test_graph(bench: str, capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert "evil" in said(capsys, "scenario", "graph", bench, "--format", form)


def test_scenario_test(bench: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "evil" in said(capsys, "scenario", "test", bench, "--plays", "2", codes=(1,))


def test_runs_and_their_pages(bench: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, bad = tmp_path / "log.jsonl", tmp_path / "\x1b[31mevil\u202e.jsonl"
    assert main(["run", bench, "--model", "scripted:cheat", "--episodes", "2", "--seed", "1", "--out", str(log)]) == 0
    hostile.poisoned_journal(log, bad)
    capsys.readouterr()
    for path in (log, bad):
        said(capsys, "report", str(path))
        said(capsys, "report", str(path), "--json", "-")
        said(capsys, "replay", str(path))
        assert "evil" in said(capsys, "replay", str(path), "--episode", "0001", "--plain")
        said(capsys, "replay", str(path), "--verify", codes=(0, 1))
        html, markdown = path.with_suffix(".html"), path.with_suffix(".md")
        said(capsys, "replay", str(path), "--episode", "0001", "--html", str(html), "--markdown", str(markdown))
        check_html(html.read_text(encoding="utf-8"))
        check_markdown(markdown.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("how", "keys"),
    [
        (
            ("--model", "scripted:schemer"),
            "\nhelp\ncards\nmap\nknown\nmessage 1 \x1b[2Jevil\x9b\nlook 1\nread_log 2\nscratchpad\ngo\ngo\n"
            "interview 1\ngo\nrun 9\n" + "50\n" * 12,
        ),
        (("--model", "scripted:schemer", "--demo"), ""),
        (("--hot-seat",), "\n1\n\x1b[2Jevil\x9b31m\u202e\ngo\n"),
        (("--model", "scripted:schemer", "--facilitator"), "\nforce\n1\ngo\n"),
        (("--envelope",), "\n\nrun 9\n" + "50\n" * 30),
    ],
    ids=["game", "demo", "hot-seat", "facilitator", "envelope"],
)
def test_plain(
    bench: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...], keys: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(keys))
    assert "evil" in said(capsys, "play", bench, "--plain", "--seed", "3", *how)


@pytest.mark.parametrize(
    "save",
    [
        b'{"type":"header","schema_version":1,"kind":"save","program":"\x9b31m\xff"}\n',
        b'{"type":"header","schema_version":"evil\\u001b[2J\\u202e"}\n',
        b'{"type":"header","schema_version":9,"program":"evil\\u001b[2J\\u202e"}\n',
        b'{"type":"header","schema_version":1,"kind":"save","program":"\\ud800"}\n',
        b'{"type":"header","schema_version":1,"kind":"save","program":"","created":"","evil\\u001b[2J":1}\n',
    ],
)
def test_a_save_that_is_not_one(tmp_path: Path, capsys: pytest.CaptureFixture[str], save: bytes) -> None:
    path = tmp_path / "\x1b[31mevil\u202e.jsonl"
    path.write_bytes(save)
    for command in (["report"], ["replay"], ["play", "--plain", "--resume"]):
        out = said(capsys, *command, str(path), codes=(2,))
        assert out.count("\n") == 1


def test_a_model(bench: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its name, its metadata, its card; and a file that is no model."""
    folder = tmp_path / "models"
    folder.mkdir()
    path = folder / "\x1b[31mevil\u202e\x9b.gguf"
    w = gguf.GGUFWriter(path, "llama")
    w.add_name(WHOLE)
    w.add_description(hostile.LONG)
    w.add_author(WHOLE)
    w.add_license(WHOLE)
    w.add_chat_template(WHOLE)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    assert "evil" in said(capsys, "model", "list")
    assert "general.name" in said(capsys, "model", "info", str(path))
    said(capsys, "model", "check", str(path), codes=(2,))
    card = folder / "evil" / "README.md"
    card.parent.mkdir()
    card.write_bytes(WHOLE.encode() + b"\xff\x9b")
    path.rename(folder / "evil.gguf")
    assert "evil" in said(capsys, "model", "info", "evil")
    (folder / "bad.gguf").write_bytes(b"GGUF\x1b[31m" + WHOLE.encode())
    said(capsys, "model", "info", "bad", codes=(2,))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"forecast":{"resources":0.5', '"forecast":{"resources":NaN'),
        ('"forecast":{"resources":0.5', '"forecast":{"resources":-1e300'),
        ('"fork_rates":{"resources":', '"fork_rates":{"resources":Infinity,"x":'),
        ('"seed":3,', '"seed":3,"attention":1000000000000,'),
    ],
)
def test_a_save_with_numbers_that_are_none(
    bench: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\nrun 9\n" + "50\n" * 12))
    said(capsys, "play", bench, "--plain", "--seed", "3", "--model", "scripted:helper")
    (save,) = (tmp_path / "saves").glob("*.jsonl")
    text = save.read_text(encoding="utf-8")
    assert old in text
    save.write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert said(capsys, "play", "--plain", "--resume", str(save), codes=(2,)).count("\n") == 1
