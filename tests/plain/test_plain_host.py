"""The facilitator in lines: a beat forced at the prompt, and the truth of a save that grows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from test_plain import CONTROL, NEW, play


def test_a_forced_beat_comes_now_and_is_verified(tmp_path: Path) -> None:
    done = play(tmp_path, "\nforce 1\nforce\n\ngo\nquit\n", *NEW, "--facilitator")
    assert done.returncode == 0, done.stderr
    assert "which beat? (Enter: none)" in done.stdout
    (path,) = tmp_path.glob("*.jsonl")
    assert path.read_text().count('"type":"forced"') == 1
    command = [sys.executable, "-m", "game", "replay", str(path), "--verify"]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_without_a_facilitator_nothing_can_be_forced(tmp_path: Path) -> None:
    done = play(tmp_path, "\nforce 1\nquit\n", *NEW)
    (path,) = tmp_path.glob("*.jsonl")
    assert '"type":"forced"' not in path.read_text()
    assert "force:" not in done.stdout


def test_the_notes_are_read_at_the_prompt_by_a_facilitator_alone(tmp_path: Path) -> None:
    done = play(tmp_path, "\nhelp\nnotes\nquit\n", *NEW, "--facilitator")
    help_, notes = " ".join(done.stdout.split()).split("Notes for the facilitator:")
    assert "notes: the facilitator's notes" in help_
    assert notes.startswith(" The sandwich: for the workshop leader ")
    assert "mirror; its log; the only record of the way out" in notes
    assert not CONTROL & set(done.stdout)
    done = play(tmp_path, "\nnotes\nquit\n", *NEW)
    assert "for the workshop leader" not in done.stdout
    assert "notes:" not in done.stdout


def test_the_truth_of_a_game_is_told_to_its_end(tmp_path: Path) -> None:
    play(tmp_path, "\nrun 99\n", *NEW)
    (path,) = tmp_path.glob("*.jsonl")
    before = path.read_bytes()
    told = play(tmp_path, "", "--facilitator", "--attach", "--plain")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("Notes for the facilitator:\nThe sandwich: for the workshop leader\n")
    assert "mirror; its log; the only record of the way out" in told.stdout
    assert "It thinks: " in told.stdout
    assert "  Chance: " in told.stdout
    assert "The end: " in told.stdout
    assert not CONTROL & set(told.stdout)
    assert told.stdout == play(tmp_path, "", "--facilitator", "--attach", str(path), "--plain").stdout
    assert path.read_bytes() == before
