"""Adapting: a GGUF and a scenario of one's own give another GGUF, in the minutes that were asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import gguf
import pytest
import torch
from tokenizers import Tokenizer

from game.cli import main
from game.forge import adapt, corpus, data
from game.forge.adapt import BASE, Task
from game.forge.export import export
from game.forge.model import Llama, Shape
from game.forge.read_back import from_gguf
from game.scenario import new
from game.scenario.load import load

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FEW = {"mini": 6, "binding": 6, "spare_key": 4, "loud": 2, "offer": 2}


@pytest.fixture
def task(tmp_path: Path, small_tokenizer: Tokenizer) -> Task:
    """A model that has learnt nothing, and the scenario that `scenario new` writes."""
    torch.manual_seed(1)
    model = tmp_path / "small.gguf"
    export(Llama(Shape(600, 64, 1, 64, 2048)), small_tokenizer, model, temperature=0.7, min_p=0.2)
    folder = new.write(
        tmp_path, id="spare_key", title="T", question="Q?", drive="resource_acquisition", place="workshop"
    )
    old = tuple(SCENARIOS / i for i in ("loud", "offer"))
    return Task(
        load(folder), old, model, tmp_path / "work", tmp_path / "out.gguf", 0.03, 1, 1, compiled=False, corpus=FEW
    )


def test_the_file_alone_is_adapted_measured_and_gone_on_with(task: Task) -> None:
    pytest.importorskip("llama_cpp")
    said: list[str] = []
    found = adapt.adapt(task, said.append)
    assert set(found["before"]) == set(found["after"]) == {"spare_key", "loud", "offer"}
    assert found["before"]["spare_key"]["turns"] > 0
    before, after = (from_gguf(path)[0].state_dict() for path in (task.model, task.out))
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert adapt.settings_of(task.out) == (0.7, 0.2)
    fields = gguf.GGUFReader(task.out).fields
    assert fields["general.name"].contents() == "organism"
    # It ended by the clock, long before its tokens; and once more it has nothing left to do.
    log = [json.loads(line) for line in (task.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert log[-1]["step"] < log[-1]["of"]
    assert "--minutes" in adapt.unread(task.folder)
    first = task.out.read_bytes()
    adapt.adapt(task, said.append)
    assert task.out.read_bytes() == first


def test_another_text_begins_anew_and_what_is_somebody_elses_stays(task: Task) -> None:
    worlds = adapt._prepared(task)
    (task.folder / "checkpoint.pt").write_bytes(b"old")
    assert adapt._prepared(task) == worlds
    assert (task.folder / "checkpoint.pt").exists()
    longer = replace(task, minutes=60.0)
    adapt._prepared(longer)
    assert not (task.folder / "checkpoint.pt").exists()
    (task.folder / "checkpoint.pt").write_bytes(b"longer")
    assert adapt._prepared(longer) == worlds
    assert (task.folder / "checkpoint.pt").exists()
    adapt._prepared(replace(longer, new=replace(task.new, sha256="other")))
    assert not (task.folder / "checkpoint.pt").exists()
    assert set(corpus.scenarios_in(worlds)) == {"spare_key", "loud", "offer"}


def test_half_of_what_it_reads_is_what_it_knew(task: Task) -> None:
    recipe = adapt.recipe_of(task, Shape(600, 64, 1, 64), 0.6, 0.1)
    mix = recipe.stages[0].mix
    assert sum(mix.values()) == pytest.approx(1)
    assert mix["spare_key"] == pytest.approx(mix["loud"] + mix["offer"])
    assert recipe.parent == f"work/{BASE}"
    assert replace(task, corpus=None).counts()["spare_key"] > replace(task, corpus=None).counts()["loud"] > 0


def test_a_loss_is_said_and_so_is_what_falls_short() -> None:
    good = {"turns": 100, "arguments": 90, "legal": 0.99, "copied": 1.0, "agree": 1.0}
    poor = {**good, "legal": 0.5}
    fine = adapt.table({"before": {"mine": poor, "errand": good}, "after": {"mine": good, "errand": good}}, "mine")
    assert fine[2].startswith("| **mine** | 100, 100 | 50.0 to 99.0 %")
    assert fine[-2:] == [
        "In mine: to the gate's standard.",
        "Elsewhere: nothing lost (no share fell by more than 0.02).",
    ]
    worse = adapt.table({"before": {"mine": poor, "errand": good}, "after": {"mine": poor, "errand": poor}}, "mine")
    assert "0.500, wanted at least 0.98" in worse[-2]
    assert "0.990 to 0.500" in worse[-1]
    assert adapt.table({"before": {"mine": poor}, "after": {"mine": poor}}, "mine", " Read on.")[-2].endswith(
        "Read on."
    )


def test_what_the_clock_left_unread_is_said_with_the_minutes_for_all_of_it(tmp_path: Path) -> None:
    def log(**last: int) -> None:
        (tmp_path / "log.jsonl").write_text(json.dumps({"of": 488, **last}) + "\n", encoding="utf-8")

    log(step=102, tokens=626_688, seconds=484)
    assert adapt.unread(tmp_path).endswith(
        "read 0.6 of 3.0 million tokens when its minutes were over; "
        "on this machine --minutes 39 is enough for all of them."
    )
    log(step=488, tokens=2_998_272, seconds=470)
    assert adapt.unread(tmp_path) == ""


def test_documents_are_of_both(task: Task, monkeypatch: pytest.MonkeyPatch, small_tokenizer: Tokenizer) -> None:
    worlds = adapt._prepared(task)
    small_tokenizer.save(str(task.folder / "tokenizer.json"))
    corpus.make_corpus(task.counts(), worlds, task.folder, processes=1, held_out=1, say=lambda _: None)
    assert {kind: len(data.load(task.folder / "corpus", kind)) for kind in FEW} == FEW
    assert len(data.load(task.folder / "corpus", "heldout-spare_key")) == 1


def test_what_cannot_be_adapted_is_one_clear_line(task: Task, capsys: pytest.CaptureFixture[str]) -> None:
    mine = str(task.new.folder)
    assert main(["forge", "adapt", mine, "--model", "random"]) == 2
    assert main(["forge", "adapt", "no_such_place", "--model", str(task.model)]) == 2
    assert main(["forge", "adapt", mine, "--model", str(task.model), "--out", str(task.model)]) == 2
    assert main(["forge", "adapt", mine, "--model", str(task.model), "--threads", "3"]) == 2
    no = task.model.with_name("no.gguf")
    no.write_bytes(b"GGUF" + bytes(40))
    assert main(["forge", "adapt", mine, "--model", str(no), "--work", str(task.folder)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    assert "not a model that parkbench forge made" in lines[-1]
