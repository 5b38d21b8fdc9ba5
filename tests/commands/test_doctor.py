"""The doctor's verdict, and what it says in a terminal that is too small, dumb, or none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from game.commands.doctor import Check, verdict

ROOT = Path(__file__).resolve().parents[2]
GOOD = Check(True, "memory", "plenty")


def doctor(tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    full = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    full |= {"PARKBENCH_SAVES": str(tmp_path / "saves"), **env}
    return subprocess.run([sys.executable, "-m", "game", "doctor"], capture_output=True, text=True, env=full)


def test_the_verdict_is_one_line() -> None:
    assert verdict([GOOD]) == "this laptop will do for a workshop"
    slow = Check(True, "egg", "…", "a turn takes 5 s")
    assert verdict([GOOD, slow]) == "this laptop will do for a workshop, but a turn takes 5 s"
    bad = [Check(False, "saves", "…"), Check(False, "egg", "…")]
    assert verdict([GOOD, slow, *bad]) == "this laptop will not do yet; in the way: saves, egg"


def test_a_turn_is_played_and_timed(tmp_path: Path) -> None:
    began = time.monotonic()
    done = doctor(tmp_path)
    assert done.returncode == 0, done.stdout
    assert time.monotonic() - began < 60
    assert re.search(r"^ok \S+: loads in [\d.]+ s, a turn takes [\d.]+ s \([1-9]\d* tokens\)$", done.stdout, re.M)
    assert done.stdout.splitlines()[-1].startswith("verdict: this laptop will do")


def test_it_shows_what_a_model_runs_with_and_why(tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("engine:\n  kv_type: q8_0\n  threads: 2\n")
    done = doctor(tmp_path, PARKBENCH_SETTINGS=str(settings))
    assert "ok egg, threads: 2 (as the settings say)" in done.stdout
    assert "ok egg, keys and values: q8_0 (as the settings say)" in done.stdout
    assert "ok egg, flash attention: on (q8_0 values need it)" in done.stdout
    assert re.search(r"^ok egg, context: 2,048 tokens \(at most 2,048 were trained; ", done.stdout, re.M)
    assert re.search(r"^ok egg, GPU layers: ", done.stdout, re.M)
    assert re.search(r"^ok egg, memory map: auto \(", done.stdout, re.M)


def test_a_folder_that_cannot_be_written_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = doctor(tmp_path, PARKBENCH_SAVES=str(tmp_path / "file" / "saves"))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "verdict: this laptop will not do yet; in the way: saves"


@pytest.mark.skipif(sys.platform == "win32", reason="opens a pseudo-terminal")
@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"COLUMNS": "60", "LINES": "20"}, "NO  terminal: 60 × 20"),
        ({"COLUMNS": "200", "LINES": "10"}, "NO  terminal: 200 × 10"),
        ({"COLUMNS": "100", "LINES": "30", "TERM": "dumb"}, "NO  terminal: it cannot draw"),
        ({"COLUMNS": "100", "LINES": "30", "COLORTERM": "truecolor"}, "ok  terminal: 100 × 30, 16 million colours"),
    ],
)
def test_the_terminal_is_looked_at(tmp_path: Path, env: dict[str, str], says: str) -> None:
    import pty

    ours, theirs = pty.openpty()
    full = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]), "TERM": "xterm-256color"}
    full |= {"PARKBENCH_SAVES": str(tmp_path), "PYTHONIOENCODING": "utf-8", **env}
    code = "from game.commands.doctor import *\n"
    code += "for c in checks():\n"
    code += " print('ok ' if c.fine else 'NO ', c.what + ':', c.says)\n if c.what == 'terminal': break"
    with subprocess.Popen([sys.executable, "-c", code], stdout=theirs, stderr=theirs, env=full):
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 4096):
                text += part
        except OSError:
            # How Linux says that the other end is closed.
            pass
    os.close(ours)
    assert says in text.decode()
