"""A model and the same under a LoRA, in one run and one report."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from game.cli import main
from game.events import Note
from game.journal.read import Reader
from game.journal.write import Journal
from game.lab.episodes import collect
from game.lab.plan import Settings
from game.lab.run import Run

TESTS = Path(__file__).parents[1]


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    spec = importlib.util.spec_from_file_location("tiny", TESTS / "engine" / "tiny.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path = tmp_path / "lora.gguf"
    module.build_lora(path)
    return path


async def test_base_and_adapted_stand_side_by_side(gguf: Path, lora: Path, tmp_path: Path) -> None:
    run = Run(Settings(scenarios=[str(TESTS / "toy")], models=[str(gguf)], episodes=2, adapters=[f"{lora}:0.5"]))
    out = tmp_path / "r.jsonl"
    with Journal.create(out, run.header(["test"])) as journal:
        await run.play(journal, [], lambda end: None)
    reader = Reader(out)
    models = reader.header.identities["models"]
    assert isinstance(models, dict)
    assert list(models) == ["tiny", "tiny+lora:0.5"]
    assert models["tiny+lora:0.5"]["adapter"]["scale"] == 0.5
    assert len(models["tiny+lora:0.5"]["adapter"]["sha256"]) == 64
    assert set(reader.header.identities["repeats"].values()) == {"same draws, probabilities to rounding"}  # type: ignore[attr-defined]
    lines = list(reader.lines())
    # One load for both.
    assert sum(isinstance(x.event, Note) and x.event.kind == "engine" for x in lines) == 1
    found = collect([out]).episodes
    assert {e.model for e in found} == {"tiny", "tiny+lora:0.5"}
    assert len({e.variant for e in found}) == 2
    assert [e.seed for e in found if e.model == "tiny"] != []
    assert sorted(e.seed for e in found if e.model == "tiny") == sorted(e.seed for e in found if e.model != "tiny")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--model", "random", "--adapter", "LORA"], "change the weights of a GGUF"),
        (["--model", "GGUF", "--adapter", "LORA:much"], "FILE:SCALE"),
        (["--model", "GGUF", "--adapter", "nothing.gguf"], "no model file"),
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
