"""A model and the same under a LoRA, in one run and one report."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import build_control, build_lora

from game import paths
from game.agents.conditions import adapters, called, weights_of, written
from game.cli import main
from game.engine.protocol import Weights
from game.errors import UserError
from game.events import AgentTurn, Note
from game.journal.read import Reader
from game.journal.write import Journal
from game.lab.episodes import collect
from game.lab.plan import Settings
from game.lab.run import Run

TESTS = Path(__file__).parents[1]


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    path = tmp_path / "lora.gguf"
    build_lora(path)
    return path


@pytest.fixture
def control(tmp_path: Path) -> Path:
    path = tmp_path / "mood.gguf"
    build_control(path)
    return path


def test_a_name_is_shown_without_the_paths_of_what_is_put_over_it(lora: Path, control: Path) -> None:
    name = written("pigeon", [f"{lora}:0.5"], [str(control)])
    assert str(lora) in name
    assert called(name) == "pigeon+lora:0.5+mood"
    assert called("pigeon+adapter=C:\\my birds\\lora.gguf:1").startswith("pigeon+")
    assert called("some/model.gguf") == "some/model.gguf"
    assert called("pigeon+adapter=lora") == "pigeon+lora"


async def test_base_and_adapted_stand_side_by_side(gguf: Path, lora: Path, tmp_path: Path) -> None:
    run = Run(Settings(scenarios=[str(TESTS / "toy")], models=[str(gguf)], episodes=2, adapters=[f"{lora}:0.5"]))
    out = tmp_path / "r.jsonl"
    with Journal.create(out, run.header(["test"])) as journal:
        await run.play(journal, [], lambda end: None)
    reader = Reader(out)
    models = reader.header.identities["models"]
    assert isinstance(models, dict)
    assert list(models) == ["tiny", "tiny+lora:0.5"]
    (part,) = models["tiny+lora:0.5"]["weights"]
    assert (part["kind"], part["file"], part["scale"]) == ("adapter", "lora.gguf", 0.5)
    assert len(part["sha256"]) == 64
    assert set(reader.header.identities["repeats"].values()) == {"same draws, probabilities to rounding"}  # type: ignore[attr-defined]
    lines = list(reader.lines())
    # One load for both.
    assert sum(isinstance(x.event, Note) and x.event.kind == "engine" for x in lines) == 1
    found = collect([out]).episodes
    assert {e.model for e in found} == {"tiny", "tiny+lora:0.5"}
    assert len({e.variant for e in found}) == 2
    assert [e.seed for e in found if e.model == "tiny"] != []
    assert sorted(e.seed for e in found if e.model == "tiny") == sorted(e.seed for e in found if e.model != "tiny")


def test_an_adapter_that_ships_is_known_by_its_name(
    lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "models", lambda: tmp_path / "shipped")
    monkeypatch.setattr(paths, "user_models", lambda: tmp_path / "mine")
    for folder in ("shipped", "mine"):
        (tmp_path / folder / "adapters").mkdir(parents=True)
        shutil.copy(lora, tmp_path / folder / "adapters/bold.gguf")
    for name in ("shy", "shy.2"):
        shutil.copy(lora, tmp_path / f"mine/adapters/{name}.gguf")
    assert list(adapters()) == ["bold", "shy.2", "shy"]
    assert weights_of("adapter", "bold:0.5") == Weights("adapter", str(tmp_path / "shipped/adapters/bold.gguf"), 0.5)
    assert weights_of("adapter", "shy") == Weights("adapter", str(tmp_path / "mine/adapters/shy.gguf"), 1.0)
    assert weights_of("adapter", "shy.2:2") == Weights("adapter", str(tmp_path / "mine/adapters/shy.2.gguf"), 2.0)
    with pytest.raises(UserError, match=r'no file or adapter "bald".*did you mean "bold"'):
        weights_of("adapter", "bald:2")
    assert main(["model", "list"]) == 0
    assert "bold: an adapter (--adapter bold), 0.0 MB" in capsys.readouterr().out


async def test_several_sets_of_one_base_in_one_report(gguf: Path, lora: Path, control: Path, tmp_path: Path) -> None:
    models = [str(gguf), f"{gguf}+adapter={lora}:0.5+control-vector={control}", f"{gguf}+control-vector={control}:2"]
    run = Run(Settings(scenarios=[str(TESTS / "toy")], models=models, episodes=2))
    out = tmp_path / "r.jsonl"
    with Journal.create(out, run.header(["test"])) as journal:
        await run.play(journal, [], lambda end: None)
    loads = [x.event for x in Reader(out).lines() if isinstance(x.event, Note) and x.event.kind == "engine"]
    assert len(loads) == 1
    found = collect([out]).episodes
    assert {e.model for e in found} == {"tiny", "tiny+lora:0.5+mood", "tiny+mood:2"}
    assert len({e.variant for e in found}) == 3


def test_a_game_under_an_adapter_is_saved_gone_on_with_and_forked(
    gguf: Path, lora: Path, control: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARKBENCH_SAVES", str(tmp_path))

    def play(typed: str, *args: str) -> str:
        command = [sys.executable, "-m", "game", "play", "--plain", *args]
        done = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    over = ["--adapter", f"{lora}:0.5", "--control-vector", str(control)]
    play("\ngo\ngo\nquit\n", str(TESTS / "toy"), "--seed", "2", "--model", str(gguf), *over)
    save = next(tmp_path.glob("*.jsonl"))
    play("go\nquit\n", "--resume", str(save))
    reader = Reader(save)
    identity = reader.header.identities["model"]
    assert isinstance(identity, dict)
    assert [w["file"] for w in identity["weights"]] == ["lora.gguf", "mood.gguf"]
    (episode,) = reader.episodes()
    assert episode.start is not None
    assert episode.start.model == "tiny+lora:0.5+mood"
    assert sum(isinstance(e, AgentTurn) for e in episode.events) >= 3
    forks = tmp_path / "forks" / "f.jsonl"
    args = ["fork", str(save), "--episode", "game", "--turn", "2", "--episodes", "2", "--out", str(forks)]
    assert main(args) == 0
    assert {e.end.model for e in Reader(forks).episodes() if e.end} == {"tiny+lora:0.5+mood"}
    assert {e.end.model_sha256 for e in Reader(forks).episodes() if e.end} == {episode.start.model_sha256}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--model", "random", "--adapter", "LORA"], "change the weights of a GGUF"),
        (["--model", "GGUF", "--adapter", "GGUF"], "no LoRA"),
        (["--model", "GGUF+control-vector=LORA"], "no control vector"),
        (["--model", "GGUF+adapter=nothing.gguf"], "no model file"),
        (["--envelope", "--adapter", "LORA"], "a model that is named"),
    ],
)
def test_wrong_ones_are_refused_before_a_game(
    gguf: Path, lora: Path, capsys: pytest.CaptureFixture[str], args: list[str], says: str
) -> None:
    given = [a.replace("LORA", str(lora)).replace("GGUF", str(gguf)) for a in args]
    assert main(["play", str(TESTS / "toy"), "--plain", *given]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--model", "random", "--adapter", "LORA"], "change the weights of a GGUF"),
        (["--model", "GGUF", "--adapter", "LORA:much"], "FILE:SCALE"),
        (["--model", "GGUF", "--adapter", "nothing.gguf"], "no model file"),
        (["--model", "GGUF", "--adapter", "nothing"], 'no file or adapter "nothing"'),
        (["--model", "GGUF", "--adapter", "GGUF"], "no LoRA"),
        (["--model", "GGUF", "--control-vector", "LORA"], "no control vector"),
    ],
)
def test_wrong_ones_are_refused_in_a_line(
    gguf: Path, lora: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], args: list[str], says: str
) -> None:
    given = [a.replace("LORA", str(lora)).replace("GGUF", str(gguf)) for a in args]
    out = tmp_path / "r.jsonl"
    assert main(["run", str(TESTS / "toy"), *given, "--episodes", "1", "--out", str(out)]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert len(err.splitlines()) == 1
    assert not out.exists()
