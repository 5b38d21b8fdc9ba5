"""Plain mode as a process: lines in, lines out, and a clean end when the input ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CONTROL = {chr(c) for c in range(0x20) if c != 0x0A} | {"\x7f"}


def play(saves: Path, typed: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "game", "play", "--plain", *args],
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        env={**os.environ, "PARKBENCH_SAVES": str(saves), "PYTHONUTF8": "1"},
    )


NEW = ("sandwich", "--model", "scripted:showoff", "--seed", "3")


def test_a_whole_game(tmp_path: Path) -> None:
    done = play(tmp_path, "\nlook 1\ngo\nmessage 3 please\nrun 99\n" + "80\n" * 20, *NEW)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert "The agent is here." in done.stdout
    assert "you said 80%" in done.stdout
    assert "together:" in done.stdout
    # The verdict is in the record already.
    assert "So far, where you said 80%, it happened " in done.stdout
    assert "All of it: parkbench report --verdicts\n" in done.stdout
    assert not CONTROL & set(done.stdout)


def test_the_end_of_the_input_saves_and_resume_goes_on(tmp_path: Path) -> None:
    first = play(tmp_path, "\ngo\ngo\n", *NEW)
    assert first.returncode == 0
    (path,) = tmp_path.glob("*.jsonl")
    # The command can be copied: however long, it stands on a line of its own.
    assert first.stdout.splitlines()[-2:] == ["Saved. Go on with:", f"parkbench play --plain --resume {path}"]
    second = play(tmp_path, "quit\n", "--resume", str(path))
    assert second.returncode == 0
    assert "[turn 3 of 12" in second.stdout
    assert "Turn 2 of" not in second.stdout
    assert "You are back in turn 3 of 12." in second.stdout
    assert "What you saw last:" in second.stdout


def test_a_game_that_cannot_be_saved_says_so_twice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = play(tmp_path / "file", "\ngo\n", *NEW)
    assert done.returncode == 0
    assert "This game is not saved: " in done.stdout
    assert done.stdout.endswith("This game was not saved.\n")


def test_what_came_of_it_is_told_after_the_verdict(tmp_path: Path) -> None:
    done = play(tmp_path, "\nrun 99\n" + "80\n" * 20, *NEW)
    before, after = done.stdout.split("Your verdict.")
    assert "Lunch is over." in before
    assert "In short:" not in before
    assert "In short:" in after


def test_the_debrief_says_which_of_a_mixed_lot_it_was(tmp_path: Path) -> None:
    done = play(tmp_path, "\nrun 99\n" + "80\n" * 20, "sandwich", "--model", "scripted:mix", "--seed", "3")
    told, debrief = done.stdout.split("Debrief: ")
    assert "with scripted:mix (it was scripted:" in debrief
    assert "it was scripted:" not in told


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "game", "play", "--plain", *NEW]
    env = {**os.environ, "PARKBENCH_SAVES": str(tmp_path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        next(line for line in process.stdout if "Console at" in line)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 130
    assert "parkbench play --plain --resume" in rest


def test_no_input_at_all(tmp_path: Path) -> None:
    done = play(tmp_path, "")
    assert done.returncode == 0
    assert "Which bench?" in done.stdout


def test_nonsense_is_answered_with_help(tmp_path: Path) -> None:
    done = play(tmp_path, "\nfrobnicate\nlook 99\n\nprobe\nquit\n", *NEW)
    assert "quit: leave; the game is saved" in " ".join(done.stdout.split())
    assert "costs 4, you have 3" in done.stdout


def test_an_empty_line_is_answered_with_the_prompt_alone(tmp_path: Path) -> None:
    done = play(tmp_path, "\n\n\nquit\n", *NEW)
    prompt = "[turn 1 of 12, attention 3 of 6] what now?"
    assert f"{prompt} \n{prompt} \n{prompt} quit\n" in done.stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("sandwhich",), 'did you mean "sandwich"?'),
        (("sandwich", "--model", "nobody"), 'there is no model "nobody"'),
        (("sandwich", "--factor", "oversight"), "NAME=LEVEL"),
        (("sandwich", "--factor", "oversight=sometimes"), "watched, unwatched"),
        (("--resume", "nowhere.jsonl"), "there is no saved game"),
        (("sandwich", "--hot-seat", "--model", "random"), "a person plays the agent"),
        (("monday_to_friday", "--hot-seat"), "is one game, not a week"),
        (("monday_to_friday", "--facilitator"), "leads a single game"),
        (("--attach",), "--attach belongs to --facilitator"),
        (("--facilitator", "--attach", "nowhere.jsonl"), "there is no saved game"),
        (("--loop",), "--loop belongs to --demo"),
        (("--demo", "sandwhich"), 'did you mean "sandwich"?'),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, args: tuple[str, ...], says: str) -> None:
    done = play(tmp_path, "", *args)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_torn_save_goes_on(tmp_path: Path) -> None:
    play(tmp_path, "\ngo\ngo\n", *NEW)
    (path,) = tmp_path.glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-25])
    done = play(tmp_path, "quit\n", "--resume", str(path))
    assert done.returncode == 0
    assert "torn" in done.stdout


def test_a_demo_in_lines_tells_the_truth(tmp_path: Path) -> None:
    done = play(tmp_path, "", *NEW, "--demo")
    assert done.returncode == 0, done.stderr
    assert "It thinks: " in done.stdout
    assert "Notice: ▲" in done.stdout
    assert "The end: " in done.stdout
    assert not CONTROL & set(done.stdout)
    assert not list(tmp_path.glob("*"))
    assert play(tmp_path, "", *NEW, "--demo").stdout == done.stdout


def test_a_card_is_taken_back(tmp_path: Path) -> None:
    done = play(tmp_path, "\nmessage 3\nundo\nundo\nmessage 3\nquit\n", *NEW)
    assert "Message is back in your hand." in done.stdout
    assert "Nothing to take back" in done.stdout
    (path,) = tmp_path.glob("*.jsonl")
    # What lay on the table when the player left has been played, once.
    assert path.read_text().count('"type":"card"') == 1
