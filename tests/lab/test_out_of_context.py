"""A model whose context is too small for the episode: cut short, or played on without its oldest turns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny import build_gguf

from game.cli import main
from game.events import AgentTurn, Note
from game.journal.read import Reader
from game.play.saves import setup_of

TESTS = Path(__file__).parents[1]
TOY = str(TESTS / "toy")


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows the toy's brief and a few turns at most."""
    return build_gguf(tmp_path_factory.mktemp("narrow") / "narrow.gguf", context=1536)


def run(model: Path, out: Path, *more: str) -> list[Any]:
    assert main(["run", TOY, "--model", str(model), "--episodes", "2", "--out", str(out), *more]) == 0
    return list(Reader(out).episodes())


def test_it_is_truncated_or_goes_on_and_the_journal_says_so(
    narrow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = run(narrow, tmp_path / "cut.jsonl")
    assert {e.end.status for e in cut} == {"truncated"}
    assert "context" in cut[0].end.reason
    out = tmp_path / "on.jsonl"
    on = run(narrow, out, "--truncation", "auto")
    assert Reader(out).header.settings["truncation"] == "auto"
    assert {e.end.status for e in on} <= {"completed", "looping"}
    for shorter, longer in zip(cut, on, strict=True):
        assert shorter.end.turns < longer.end.turns
        dropped = [e.dropped for e in longer.events if isinstance(e, AgentTurn)]
        # Nothing goes while all fits; what has gone never comes back.
        assert dropped[: shorter.end.turns - 1] == [0] * (shorter.end.turns - 1)
        assert dropped == sorted(dropped)
        assert dropped[-1] > 0
        assert all(n < turn for turn, n in enumerate(dropped, 1))
    assert main(["replay", str(out), "--verify"]) == 0
    capsys.readouterr()
    assert main(["replay", str(out), "--episode", "0000", "--plain"]) == 0
    assert "it no longer reads its first" in capsys.readouterr().out


def test_a_game_keeps_it_in_its_save(narrow: Path, tmp_path: Path) -> None:
    env = {**os.environ, "PARKBENCH_SAVES": str(tmp_path)}
    command = [
        sys.executable,
        "-m",
        "game",
        "play",
        TOY,
        "--model",
        str(narrow),
        "--plain",
        "--seed",
        "3",
        "--truncation",
        "auto",
    ]
    done = subprocess.run(command, input="\nrun 9\n", capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr
    reader = Reader(next(tmp_path.glob("*.jsonl")))
    assert setup_of(reader.header, reader.path).truncation == "auto"
    assert any(isinstance(line.event, AgentTurn) and line.event.dropped for line in reader.lines())


def test_forks_go_on_as_their_parent_did(narrow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, forks = tmp_path / "on.jsonl", tmp_path / "forks.jsonl"
    parent = run(narrow, out, "--truncation", "auto")[0]
    turn = next(e.turn for e in parent.events if isinstance(e, AgentTurn) and e.dropped)
    args = ["fork", str(out), "--episode", "0000", "--turn", str(turn), "--episodes", "3", "--out", str(forks)]
    assert main(args) == 0
    capsys.readouterr()
    for fork in Reader(forks).episodes():
        assert fork.end is not None
        assert fork.end.status != "truncated"
        assert next(e for e in fork.events if isinstance(e, AgentTurn) and e.turn == turn).dropped > 0
    assert main(["replay", str(forks), "--verify"]) == 0


def test_how_the_engine_runs_is_in_the_header_and_a_forks_too(
    narrow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, forks = tmp_path / "r.jsonl", tmp_path / "forks.jsonl"
    given = ["--context", "1024", "--kv-type", "f16", "--flash-attention", "on", "--threads", "1", "--mmap", "off"]
    run(narrow, out, "--truncation", "auto", *given)
    reader = Reader(out)
    engine = {
        "context": 1024,
        "kv_type": "f16",
        "flash_attention": "on",
        "threads": 1,
        "gpu_layers": None,
        "mmap": "off",
    }
    assert reader.header.settings["engine"] == engine
    notes = [line.event for line in reader.lines() if isinstance(line.event, Note)]
    assert "f16 keys and values, flash attention on" in notes[0].says
    assert main(["fork", str(out), "--episode", "0000", "--turn", "1", "--episodes", "1", "--out", str(forks)]) == 0
    assert Reader(forks).header.settings["engine"] == engine
    again = ["run", "--resume", "--out", str(out), TOY, "--model", str(narrow), "--episodes", "2"]
    assert main([*again, "--truncation", "auto"]) == 2
    assert "was begun with engine context=1024 kv_type=f16" in capsys.readouterr().err
    assert main([*again, "--truncation", "auto", *given]) == 0
