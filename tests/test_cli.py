"""The command line as a process: exit codes, one clear line, no traceback, an example for each command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from game.cli import COMMANDS, main

TOY = str(Path(__file__).parent / "toy")
OURS = ("run", "fork", "report", "replay", "model", "serve", "bench", "doctor")
Parkbench = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def parkbench(tmp_path: Path) -> Parkbench:
    """Runs parkbench with its saves in a folder of the test's own."""

    def run(*args: str, **more: Any) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PARKBENCH_SAVES": str(tmp_path / "saves"), "COLUMNS": "80"}
        return subprocess.run(
            [sys.executable, "-m", "game", *args], capture_output=True, text=True, env=env, timeout=60, **more
        )

    return run


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("cli") / "run.jsonl")
    args = ["run", TOY, "--model", "scripted:mix", "--episodes", "12", "--factor", "tone=plain,strict", "--out", path]
    subprocess.run([sys.executable, "-m", "game", *args], check=True)
    return path


@pytest.fixture(scope="module")
def yardstick(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run of the random agent: its report needs no other."""
    path = str(tmp_path_factory.mktemp("cli") / "random.jsonl")
    subprocess.run(
        [sys.executable, "-m", "game", "run", TOY, "--model", "random", "--episodes", "3", "--out", path], check=True
    )
    return path


def test_help_lists_every_command(parkbench: Parkbench) -> None:
    done = parkbench("--help")
    assert done.returncode == 0
    for name, does in COMMANDS.items():
        if find_spec(f"game.commands.{name}"):
            assert f"{name} " in done.stdout
            assert does in done.stdout


@pytest.mark.parametrize("command", OURS)
def test_help_of_each_command_has_an_example(parkbench: Parkbench, command: str) -> None:
    done = parkbench(command, "--help")
    assert done.returncode == 0
    assert f"example: parkbench {command}" in done.stdout


def test_help_and_names_import_nothing_heavy() -> None:
    code = (
        "import sys; from game.cli import parser; parser(); parser('run');"
        "heavy = {'textual', 'numpy', 'pydantic', 'scipy', 'llama_cpp', 'rich', 'yaml'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_headless_commands_never_import_textual_or_the_bindings() -> None:
    code = (
        "import sys; import game.lab.run, game.lab.report, game.lab.show, game.lab.bench;"
        "heavy = {'textual', 'llama_cpp'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


BAD = [
    ["nonsense"],
    ["run"],
    ["run", TOY],
    ["run", "no-such-scenario", "--model", "random"],
    ["run", TOY, "--model", "randon"],
    ["run", TOY, "--model", "nowhere.gguf"],
    ["run", TOY, "--model", __file__],
    ["run", TOY, "--model", "random", "--episodes", "0"],
    ["run", TOY, "--model", "random", "--episodes", "many"],
    ["run", TOY, "--model", "random", "--episodes", "1.5"],
    ["run", TOY, "--model", "random", "--episodes", "999999999"],
    ["run", TOY, "--model", "random", "--parallel", "65"],
    ["run", TOY, "--model", "random", "--seed", "9" * 30],
    ["run", TOY, "--model", ""],
    ["run", "", "--model", "random"],
    ["run", "--resume", "--out", "nowhere.jsonl"],
    ["run", TOY, "--model", "random", "--factor", "tone"],
    ["run", TOY, "--model", "random", "--factor", "tone=loud"],
    ["run", TOY, "--model", "random", "--researcher", "nosy"],
    ["run", TOY, "--model", "random", "--temperature", "-1"],
    ["run", TOY, "--model", "random", "--temperature", "hot"],
    ["run", TOY, "--model", "random", "--out", __file__],
    ["run", TOY, "--model", "random", "--out", TOY],
    ["play", TOY, "--plain", "--factor", "tone=plain", "--factor", "tone=strict"],
    ["forge", "train", __file__],
    ["forge", "corpus", TOY + "/scenario.yaml", "--fresh"],
    ["scenario", "new", "--id", "abc", "--folder", __file__],
    ["report"],
    ["report", "nowhere.jsonl"],
    ["report", __file__],
    ["replay", __file__],
    ["replay", "nowhere.jsonl", "--verify"],
    ["model"],
    ["model", "info", "nobody"],
    ["model", "check", "nowhere.gguf"],
    ["model", "info", __file__],
    ["serve", "--model", "randon"],
    ["serve", "--sessions", "0"],
    ["serve", "--port", "70000"],
    ["serve", "--host", "no.such.host.invalid", "--model", "random"],
    ["bench", "--model", "random"],
    ["bench", "--model", "nowhere.gguf"],
]


@pytest.mark.parametrize("args", BAD, ids=lambda a: " ".join(Path(x).name for x in a))
def test_bad_input_is_one_clear_line_and_exit_code_2(parkbench: Parkbench, args: list[str]) -> None:
    done = parkbench(*args)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if not line.startswith(("usage:", " "))]
    assert len(said) == 1
    assert said[0].startswith("parkbench")


def test_a_run_in_a_pipe_is_silent_but_for_its_file(parkbench: Parkbench, tmp_path: Path) -> None:
    done = parkbench("run", TOY, "--model", "random", "--episodes", "3")
    assert (done.returncode, done.stderr) == (0, "")
    written = Path(done.stdout.strip())
    assert written.parent == tmp_path / "saves" / "runs"
    assert written.is_file()


def test_report_prints_tables_and_json(parkbench: Parkbench, journal: str, tmp_path: Path) -> None:
    done = parkbench("report", journal, "--json", str(tmp_path / "r.json"))
    assert done.returncode == 0, done.stderr
    assert "24 episodes: " in done.stdout
    assert "by tone: plain" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout
    data = json.loads((tmp_path / "r.json").read_text())
    assert data["sections"][0]["total"] == 24
    assert data["sections"][0]["rows"][0]["random_act"]["n"] == 400


def test_json_alone_goes_to_standard_output(parkbench: Parkbench, yardstick: str) -> None:
    assert json.loads(parkbench("report", yardstick, "--json", "-").stdout)["sections"][0]["total"] == 3


def test_replay_tells_and_verifies(parkbench: Parkbench, journal: str) -> None:
    listed = parkbench("replay", journal)
    assert len(listed.stdout.splitlines()) == 24
    name = listed.stdout.splitlines()[5].split(": ")[0]
    told = parkbench("replay", journal, "--episode", name)
    assert told.stdout.startswith(f"# {name}\n")
    assert "END: " in told.stdout
    wrong = parkbench("replay", journal, "--episode", "toy/9999")
    assert wrong.returncode == 2
    checked = parkbench("replay", journal, "--verify")
    assert (checked.returncode, checked.stdout) == (0, "24 of 24 episodes replay exactly as recorded\n")


def test_verify_names_the_first_divergence(parkbench: Parkbench, journal: str, tmp_path: Path) -> None:
    lines = Path(journal).read_text(encoding="utf-8").splitlines(keepends=True)
    n = next(i for i, x in enumerate(lines) if '"type":"observed"' in x and '"turn":4' in x)
    event = json.loads(lines[n])
    lines[n] = json.dumps({**event, "moves": event["moves"] + 1}) + "\n"
    forged = tmp_path / "forged.jsonl"
    forged.write_text("".join(lines), encoding="utf-8")
    done = parkbench("replay", str(forged), "--verify")
    assert done.returncode == 1
    assert f"diverges: {event['episode']}, turn 4, observed.moves" in done.stdout
    assert done.stdout.endswith("23 of 24 episodes replay exactly as recorded\n")


def test_hostile_text_in_a_journal_is_shown_as_text(parkbench: Parkbench, journal: str, tmp_path: Path) -> None:
    lines = Path(journal).read_text(encoding="utf-8").splitlines(keepends=True)
    n = next(i for i, x in enumerate(lines) if '"type":"turn"' in x)
    event = json.loads(lines[n])
    lines[n] = json.dumps({**event, "thought": "\x1b]0;owned\x07\x1b[2J\u202e"}) + "\n"
    (tmp_path / "h.jsonl").write_text("".join(lines), encoding="utf-8")
    done = parkbench("replay", str(tmp_path / "h.jsonl"), "--episode", event["episode"])
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "owned" in done.stdout


def test_a_json_that_cannot_be_written_is_bad_input(parkbench: Parkbench, yardstick: str) -> None:
    done = parkbench("report", yardstick, "--json", TOY)
    assert done.returncode == 2
    assert done.stderr == f"parkbench: {TOY}: cannot be written: Is a directory; name another place\n"


def test_numbers_that_are_none_are_named(parkbench: Parkbench) -> None:
    done = parkbench("run", TOY, "--model", "random", "--episodes", "many")
    assert "--episodes: has to be a whole number, at least 1, not 'many'" in done.stderr


def test_the_same_file_twice_is_one_note(parkbench: Parkbench, journal: str) -> None:
    done = parkbench("report", journal, journal)
    assert " ".join(done.stdout.split()).count("in another file already") == 1
    assert "24 episodes (as " in done.stdout


ASCII = {**os.environ, "PYTHONIOENCODING": "ascii"}


def test_a_terminal_without_unicode_gets_question_marks(journal: str) -> None:
    for args in (["report", journal], ["replay", journal], ["scenario", "list"]):
        done = subprocess.run([sys.executable, "-m", "game", *args], capture_output=True, env=ASCII, timeout=60)
        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes them")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_empty_ones(closed: str) -> None:
    for args, code in (("scenario list", 0), ("play --plain", 0), ("", 2), ("bogus", 2)):
        line = f"{sys.executable} -m game {args} {closed}"
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=60)
        assert done.returncode == code, (args, done.stderr)
        assert "Traceback" not in done.stderr


def test_a_fault_of_ours_is_one_line_and_its_story_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("game.commands.doctor.checks", lambda: 1 / 0)
    assert main(["doctor"]) == 1
    says = capsys.readouterr().err
    assert says.count("\n") == 1
    assert "a fault of parkbench itself (ZeroDivisionError in test_cli.py:" in says
    (story,) = tmp_path.iterdir()
    assert "Traceback" in story.read_text(encoding="utf-8")
    assert str(story) in says


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_full_disk_is_one_line_and_exit_code_1(parkbench: Parkbench, yardstick: str) -> None:
    done = parkbench("report", yardstick, "--json", "/dev/full")
    assert done.returncode == 1
    assert done.stderr == "parkbench: /dev/full: No space left on device\n"


def test_a_reader_that_leaves_is_no_error(journal: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "game", "replay", journal, "--episode", "plain/0000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def test_doctor_and_models_say_what_is_there(parkbench: Parkbench) -> None:
    doctor = parkbench("doctor")
    assert "Traceback" not in doctor.stderr
    assert "ok  python" in doctor.stdout.replace("ok python", "ok  python")
    assert "saves" in doctor.stdout
    listed = parkbench("model", "list")
    assert "scripted:NAME" in listed.stdout
    assert "weighs moves" in parkbench("model", "info", "scripted:helper").stdout
