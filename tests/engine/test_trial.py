"""The trial of repacked weights: when it is made, what it makes of a death, what it remembers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from game.engine import trial
from game.engine.header import Header, read_header

AMX = frozenset({"avx512f", "amx_tile", "amx_int8"})
PLAIN = frozenset({"avx2"})
QUANTISED = Header(size=1, values={}, types=frozenset({0, 8}), tensors=2)
FLOATS = Header(size=1, values={}, types=frozenset({0, 1, 30}), tensors=2)


@pytest.mark.parametrize(
    ("header", "flags", "system", "machine", "risk"),
    [
        (QUANTISED, AMX, "Linux", "x86_64", True),
        (QUANTISED, PLAIN, "Linux", "x86_64", False),
        (FLOATS, AMX, "Linux", "x86_64", False),
        (QUANTISED, None, "Windows", "AMD64", True),
        (QUANTISED, None, "Darwin", "x86_64", False),
        (QUANTISED, None, "Darwin", "arm64", False),
        (QUANTISED, None, "Linux", "aarch64", False),
    ],
)
def test_when_a_trial_is_worth_its_time(
    header: Header, flags: frozenset[str] | None, system: str, machine: str, risk: bool
) -> None:
    assert trial.at_risk(header, flags, system, machine) is risk


def test_a_process_that_dies_is_seen_to_die() -> None:
    assert trial.survives(os._exit, 0)
    assert not trial.survives(os._exit, 3)
    assert not trial.survives(os.abort)


def test_a_real_model_is_decoded(models: Callable[..., Path], tmp_path: Path) -> None:
    assert not trial.try_decode(str(tmp_path / "missing.gguf"))
    # On a machine with the fault this is False, and that is what the trial is for.
    assert trial.try_decode(str(models(quantised=True))) in (True, False)
    if not any(f.startswith("amx") for f in trial.processor()[1] or ()):
        assert trial.try_decode(str(models(quantised=True)))


def test_the_answer_is_remembered_by_tensor_types(
    models: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "processor", lambda: ("a processor", AMX))
    monkeypatch.setattr(trial.platform, "system", lambda: "Linux")
    monkeypatch.setattr(trial.platform, "machine", lambda: "x86_64")
    tried: list[str] = []

    def attempt(path: str) -> bool:
        tried.append(path)
        return False

    path = str(models(quantised=True))
    header = read_header(path)
    assert header.quantised
    store = tmp_path / "deep" / "trial.json"
    assert not trial.extra_buffers(path, header, store=store, attempt=attempt)
    assert not trial.extra_buffers(path, header, store=store, attempt=attempt)
    assert len(tried) == 1
    other = Header(size=1, values={}, types=frozenset({0, 2}), tensors=2)
    trial.extra_buffers(path, other, store=store, attempt=attempt)
    assert len(tried) == 2
    store.write_text("{ torn")
    trial.extra_buffers(path, header, store=store, attempt=attempt)
    assert len(tried) == 3


def test_a_folder_that_can_not_be_written_costs_only_another_trial(
    models: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "processor", lambda: ("a processor", AMX))
    monkeypatch.setattr(trial.platform, "system", lambda: "Linux")
    monkeypatch.setattr(trial.platform, "machine", lambda: "x86_64")
    file = tmp_path / "file"
    file.write_text("in the way")
    path = str(models(quantised=True))
    store = file / "trial.json"
    assert trial.extra_buffers(path, read_header(path), store=store, attempt=lambda _: True)
    assert not trial.extra_buffers(path, read_header(path), store=store, attempt=lambda _: False)
