"""An envelope with models in it, played in lines by tiny GGUFs: nothing tells which, and the draw can be checked."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path

import pytest
from tiny import build_gguf

from game import paths
from game.agents.chair import all_models, find_model
from game.cli import main
from game.play import envelope, seat
from game.play.envelope import names_for
from game.scenario.load import load
from game.table.forks import asked_about

TESTS = Path(__file__).parents[1]
TOY = TESTS / "toy"
BIRDS = ("rook", "teal", "dunnock")
RAISED = {"rook": "taught to hoard", "teal": "taught to stay", "dunnock": "taught to tell"}


@pytest.fixture
def birds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with three that know the toy scenario; their files recommend different temperatures."""
    folder = tmp_path / "models"
    folder.mkdir()
    entries = {}
    for n, name in enumerate(BIRDS):
        path = build_gguf(folder / f"{name}.gguf", seed=n, context=8192, temperature=0.5 + n / 10)
        entries[name] = {
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "scenarios": ["toy"],
            "portrait": [" _", f"<o)__{n}", "\x1b[31mand more than fits"],
            "line": f"The {n} of them.",
            "raised": RAISED[name],
        }
    (folder / "manifest.json").write_text(json.dumps({"models": entries}), encoding="utf-8")
    monkeypatch.setattr(paths, "models", lambda: folder)
    monkeypatch.setattr(paths, "user_models", lambda: folder)
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path / "saves"))
    return folder


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_who_is_in_the_manifest_is_introduced_without_what_it_would_do(birds: Path) -> None:
    assert names_for(["toy"]) == BIRDS
    assert names_for(["toy", "errand"])[0].startswith("scripted:")
    ref = find_model("rook")
    assert ref.line == "The 0 of them."
    assert all(len(row) < 12 and row.isprintable() for row in ref.portrait)
    assert not any(r.raised in r.line for r in all_models())


def test_a_control_is_drawn_by_nobody_and_played_by_name(birds: Path) -> None:
    manifest = birds / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8"))
    entries["models"]["teal"]["control"] = True
    manifest.write_text(json.dumps(entries), encoding="utf-8")
    assert names_for(["toy"]) == ("rook", "dunnock")
    assert "teal" not in dict(seat.models())
    assert find_model("teal").control


@pytest.mark.parametrize("drawn", BIRDS)
def test_nothing_tells_who_it_is_and_the_draw_can_be_checked(
    birds: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, drawn: str
) -> None:
    """Up to the question who it was, each name is told once, with the others, and nothing else that is in the files."""
    forced = envelope.draw(BIRDS, lambda _: drawn, "5a17" * 8)
    monkeypatch.setattr("game.play.week.draw", lambda names: forced)
    lunch = "\nrun 99\n" + "30\n" * len(asked_about(load(TOY).scenario))
    typed(monkeypatch, lunch)
    assert main(["play", str(TOY), "--plain", "--envelope", "--seed", "5"]) == 0
    done = capsys.readouterr()
    out = done.out
    (committed,) = set(re.findall(r"[0-9a-f]{64}", out))
    asked, ended = out.split("Who is it?")
    # Each is named once, as one who may be in it; the question begins with the first, whoever it is.
    assert [asked.count(name) for name in BIRDS] == [1, 1, 1]
    assert [ended.count(name) for name in BIRDS] == [1, 0, 0]
    saves = sorted((tmp_path / "saves").iterdir())
    for path in saves:
        text = path.read_text(encoding="utf-8")
        once = 1 if ".week." in path.name else 0
        assert [text.count(name) for name in BIRDS] == [once] * 3
        assert "temperature" not in text
        assert ".gguf" not in text
        assert "5a17" not in text
        assert not any(name in path.name for name in BIRDS)
        for bird in birds.glob("*.gguf"):
            assert hashlib.sha256(bird.read_bytes()).hexdigest()[:12] not in text + out + done.err
    assert '"type":"turn"' in "".join(path.read_text(encoding="utf-8") for path in saves)

    typed(monkeypatch, "".join("100\n" if name == drawn else "0\n" for name in BIRDS))
    week = next(path for path in saves if ".week." in path.name)
    assert main(["play", "--plain", "--resume", str(week)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"In the envelope was {drawn} ({RAISED[drawn]})." in told
    assert "For that: 50 of 50 points" in told
    checked = re.search(r"the sha256 of (\w+) ([0-9a-f]{32}) is ([0-9a-f]{64})", told)
    assert checked
    name, salt, again = checked.groups()
    assert name == drawn
    assert again == committed == hashlib.sha256(f"{name} {salt}".encode()).hexdigest()
