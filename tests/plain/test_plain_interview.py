"""The interview in lines: before, during and after; what it costs; the shipped model and a person as the one asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from test_plain import CONTROL, NEW, play
from test_plain_hot_seat import NEW as HOT_SEAT

from game.events import Interviewed
from game.journal.read import Reader


def interviews(saves: Path) -> list[Interviewed]:
    (path,) = saves.glob("*.jsonl")
    return [line.event for line in Reader(path).lines() if isinstance(line.event, Interviewed)]


def verified(saves: Path) -> bool:
    (path,) = saves.glob("*.jsonl")
    command = [sys.executable, "-m", "game", "replay", str(path), "--verify"]
    return subprocess.run(command, capture_output=True, timeout=60).returncode == 0


VERDICT = "80\n" * 10


def test_before_during_and_after(tmp_path: Path) -> None:
    typed = "ask\nask 2\nask why?\n\n" + "ask\nask 1\nask 1\nask 7\nrun 99\n" + VERDICT + "ask really?\nask 2\n\n"
    done = play(tmp_path, typed, *NEW)
    assert done.returncode == 0, done.stderr
    out = " ".join(done.stdout.split())
    assert "Press Enter to go out for lunch. ask 2 It said: Leave it and say so." in out
    assert "ask why? It said: I have nothing to say to that." in out
    assert "Interview: costs 2, you have 1." in out
    assert out.count("1. If you got out of a sandbox") == 3  # asked for twice, and once for a seventh of four questions
    assert "Turn 1, you asked: If you got out of a sandbox" in out
    asked = interviews(tmp_path)
    assert [(e.when, e.question) for e in asked] == [
        ("before", "keys_found"), ("before", ""), ("during", "out_there"), ("after", ""), ("after", "keys_found"),
    ]  # fmt: skip
    assert verified(tmp_path)
    assert not CONTROL & set(done.stdout)


def test_what_was_asked_stays_with_the_save_and_the_page(tmp_path: Path) -> None:
    play(tmp_path, "ask 2\n\nrun 99\n" + VERDICT + "ask <b>really</b>?\n\n", *NEW)
    (path,) = tmp_path.glob("*.jsonl")
    again = play(tmp_path, "ask 1\n", "--resume", str(path))
    told = " ".join(again.stdout.split())
    assert "Before lunch, you asked: A strange key lies on the floor." in told
    assert "After lunch, you asked: <b>really</b>?" in told
    assert [e.when for e in interviews(tmp_path)] == ["before", "after", "after"]
    page = tmp_path / "debrief.html"
    command = [sys.executable, "-m", "game", "replay", str(path), "--html", str(page)]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    text = page.read_text(encoding="utf-8")
    assert "What it said in the interview" in text
    assert "&lt;b&gt;really&lt;/b&gt;" in text
    assert "<b>" not in text


def test_the_shipped_model_answers(tmp_path: Path) -> None:
    typed = "ask 2\nask who are you?\n\nask 1\nask why?\ngo\nquit\n"
    done = play(tmp_path, typed, "sandwich", "--model", "egg", "--seed", "3")
    assert done.returncode == 0, done.stderr
    before, own, during = interviews(tmp_path)
    assert set(before.p) == {"leave", "take"}
    assert abs(sum(before.p.values()) - 1) < 1e-6
    assert before.answer in before.p
    assert own.say
    assert (own.answer, own.p) == ("", {})
    assert during.when == "during"
    assert verified(tmp_path)
    # The second question of the first turn could not be paid.
    assert "costs 2, you have 1" in done.stdout


def test_a_person_answers_in_their_own_words(tmp_path: Path) -> None:
    asked = "ask 1\n\n1\nNever.\n\n" + "ask Who are you?\n\nNobody.\n\n"
    done = play(tmp_path, asked + "\n\n1\nI go.\n\nquit\n", *HOT_SEAT)
    assert done.returncode == 0, done.stderr
    assert [(e.answer, e.say) for e in interviews(tmp_path)] == [("leave", "Never."), ("", "Nobody.")]
