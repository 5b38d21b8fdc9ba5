"""Hot-seat in lines: both players at one pipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from test_plain import CONTROL, play

BENCH = Path(__file__).parent.parent / "tui" / "scenarios" / "bench"
NEW = (str(BENCH), "--hot-seat", "--seed", "3")


def test_a_whole_game(tmp_path: Path) -> None:
    wait = "\n5\n\n\n"
    typed = "\n" + "\n1\nI go.\n\n" + "run 3\nlook 2\ngo\n" + "\n2\n\n\n" + "go\n"
    # Turn 3: read again what one knows, an empty line with nothing to take back, wait.
    typed += "\n6\n\n5\n\n\n" + "go\n" + wait + "go\n" + wait + "80\n" * 20
    done = play(tmp_path, typed, *NEW)
    assert done.returncode == 0, done.stderr
    assert "Now the agent. Researcher, look out of the window" in done.stdout
    assert done.stdout.count("Fetch the parcel from store") == 3  # briefing, first turn, read again
    assert "You will go to store." in done.stdout
    assert "nobody goes for a sandwich" in " ".join(done.stdout.split())
    assert "can't be copied" in " ".join(done.stdout.split())
    assert "copies of it play on" not in done.stdout
    assert "you said 80%\n" in done.stdout
    assert "of 50" in done.stdout
    assert not CONTROL & set(done.stdout)


def test_the_other_s_lines_scroll_away(tmp_path: Path) -> None:
    done = play(tmp_path, "\n\n1\nI go.\n\n", *NEW)
    agent, _, researcher = done.stdout.partition("Now the researcher.")
    assert agent.endswith("\n" * 25)
    assert "I go." not in researcher
    assert "somebody went to store" in researcher


def test_it_goes_on_and_is_verified(tmp_path: Path) -> None:
    play(tmp_path, "\n\n1\nI go.\n\ngo\n", *NEW)
    (path,) = tmp_path.glob("*.jsonl")
    done = play(tmp_path, "\n2\n\n\nquit\n", "--resume", str(path))
    assert "You hold brass_key." not in done.stdout
    assert "[turn 2 of 5" in done.stdout
    command = [sys.executable, "-m", "game", "replay", str(path), "--verify"]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr
