"""`benchmarks/engine.py` on the shipped model, as little of it as there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def bench(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "benchmarks/engine.py", "models/egg.gguf", *args]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120)


def tokens(done: subprocess.CompletedProcess[str], head: str) -> int:
    assert done.returncode == 0, done.stderr
    found = re.match(rf"egg\.gguf, {head} of (\d+) tokens, 1 threads\n", done.stdout)
    assert found is not None, done.stdout
    return int(found[1])


def test_a_short_prompt_is_read_once_for_all() -> None:
    brief = bench("--sequences", "3", "--turn", "1", "--tokens", "4", "--shared", "--threads", "1")
    longer = bench("--sequences", "2", "--turn", "3", "--tokens", "4", "--threads", "1")
    assert tokens(brief, "3 conversations of one prompt") < tokens(longer, "2 conversations")
    for line in ("decode, without a form", "decode, a turn's form", "masks and sampling", "propensities of 64 moves"):
        assert re.search(rf"{line} +\d", brief.stdout), brief.stdout


@pytest.mark.parametrize("args", [("--tokens", "0"), ("--turn", "-1"), ("--sequences", "none")])
def test_a_number_that_is_none(args: tuple[str, ...]) -> None:
    done = bench(*args)
    assert done.returncode == 2
    assert "error: " in done.stderr
