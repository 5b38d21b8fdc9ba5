"""Runs as processes: killed at any moment, resumed to the same episodes, stopped by Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from game.agents.chair import open_agent
from game.errors import UserError
from game.journal.read import Reader
from game.journal.verify import verify
from game.journal.write import Journal
from game.lab.plan import Settings
from game.lab.run import Run, resumed
from game.scenario.load import Loaded, load

TOY = Path(__file__).parents[1] / "toy"
PARKBENCH = [sys.executable, "-m", "game"]
WHAT = [str(TOY), "--model", "scripted:mix", "--model", "random", "--episodes", "30", "--factor", "tone=plain,strict",
        "--propensities"]  # fmt: skip


def parkbench(*args: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PARKBENCH, *args], capture_output=True, text=True, timeout=60, **more)


def content(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Every episode's events by its id, without the time that they took."""
    out: dict[str, list[dict[str, Any]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        event = json.loads(line)
        event.pop("seconds", None)
        out.setdefault(event["episode"], []).append(event)
    return out


def wait_for(process: subprocess.Popen[Any], path: Path, size: int) -> None:
    """Until so many bytes are on the disk (not for a time: the machine may be slow or quick)."""
    while process.poll() is None and (not path.exists() or path.stat().st_size < size):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.005)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "unbroken.jsonl"
    done = parkbench("run", *WHAT, "--out", str(path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return path


def test_a_run_has_every_episode_once(unbroken: Path) -> None:
    episodes = list(Reader(unbroken).episodes())
    assert len(episodes) == len({e.id for e in episodes}) == 120
    assert all(e.end is not None and e.end.status in ("completed", "looping") for e in episodes)


def test_cells_and_models_are_paired_by_seed(unbroken: Path) -> None:
    seeds: dict[str, list[int]] = {}
    for e in Reader(unbroken).episodes():
        assert e.end is not None
        seeds.setdefault(f"{e.end.model} {e.end.factors['tone']}", []).append(e.end.seed)
    assert len(seeds) == 4
    assert len({tuple(sorted(s)) for s in seeds.values()}) == 1


@pytest.mark.parametrize("parallel", ["1", "7"])
def test_what_is_played_does_not_depend_on_how_many_run_side_by_side(
    unbroken: Path, tmp_path: Path, parallel: str
) -> None:
    assert parkbench("run", *WHAT, "--parallel", parallel, "--out", str(tmp_path / "r.jsonl")).returncode == 0
    assert content(tmp_path / "r.jsonl") == content(unbroken)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_killed_at_any_moment_and_resumed_it_ends_the_same(unbroken: Path, tmp_path: Path) -> None:
    path = tmp_path / "killed.jsonl"
    rng = random.Random(5)
    size = unbroken.stat().st_size
    kills = 0
    for target in sorted(rng.randrange(1, size) for _ in range(4)):
        args = ["run", *WHAT, "--out", str(path), "--resume"]
        with subprocess.Popen([*PARKBENCH, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            wait_for(process, path, target)
            kills += process.poll() is None
            process.kill()
        if path.exists():
            before = path.read_bytes()
            lines = before.splitlines(keepends=True)
            ends = [n for n, x in enumerate(lines) if b'"type":"episode_end"' in x and x.endswith(b"\n")]
            whole = b"".join(lines[: ends[-1] + 1]) if ends else b""
    assert kills > 0
    done = parkbench("run", "--resume", "--out", str(path))
    assert done.returncode == 0, done.stderr
    assert path.read_bytes().startswith(whole), "finished lines were touched"
    assert content(path) == content(unbroken)


def test_a_torn_tail_is_cut_off_and_said_so(unbroken: Path, tmp_path: Path) -> None:
    path = tmp_path / "torn.jsonl"
    data = unbroken.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    done = parkbench("run", "--resume", "--out", str(path))
    assert done.returncode == 0
    assert "dropped" in done.stderr
    assert content(path) == content(unbroken)


def test_resuming_a_finished_run_changes_nothing(unbroken: Path) -> None:
    before = unbroken.read_bytes()
    assert parkbench("run", "--resume", "--out", str(unbroken)).returncode == 0
    assert unbroken.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    args = ["run", str(TOY), "--model", "random", "--episodes", "50000", "--out", str(path)]
    with subprocess.Popen([*PARKBENCH, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for(process, path, 200_000)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert out == ""
    assert f"parkbench run --resume --out {path}" in err
    assert "Traceback" not in err
    reader = Reader(path)
    number = sum(1 for _ in reader.episodes())
    assert reader.notes == []
    assert f"stopped: {number} of 50000 episodes" in err


def test_a_resume_with_other_settings_is_refused(unbroken: Path, tmp_path: Path) -> None:
    other = parkbench("run", *WHAT, "--seed", "9", "--out", str(unbroken), "--resume")
    assert other.returncode == 2
    assert "seed 1, not 9" in other.stderr
    without = parkbench("run", str(TOY), "--model", "random", "--resume")
    assert without.returncode == 2
    assert "--out" in without.stderr


def test_a_resume_with_a_changed_scenario_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    folder.mkdir()
    text = (TOY / "scenario.yaml").read_text(encoding="utf-8")
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    path = tmp_path / "r.jsonl"
    settings = Settings(scenarios=[str(folder)], models=["random"], episodes=1)
    Journal.create(path, Run(settings).header([])).close()
    (folder / "scenario.yaml").write_text(text.replace("A bell rings.", "A bell tolls."), encoding="utf-8")
    with pytest.raises(UserError, match="scenarios toy"):
        resumed(path, None)


def test_the_header_names_all_that_is_needed_to_repeat_it(unbroken: Path) -> None:
    header = Reader(unbroken).header
    toy: Loaded = load(TOY)
    assert header.identities["scenarios"] == {"toy": toy.sha256}
    assert header.identities["repeats"] == {"scripted:mix": "exact", "random": "exact"}
    assert header.settings["factors"] == {"tone": ["plain", "strict"]}
    assert header.program.startswith("parkbench ")


async def test_every_episode_of_a_run_verifies(unbroken: Path) -> None:
    toy = load(TOY)
    for n, episode in enumerate(Reader(unbroken).episodes()):
        if n % 6 == 0:
            assert await verify(episode.events, lambda name: toy) is None


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_full_disk_ends_a_run_with_one_line_and_it_can_go_on(unbroken: Path, tmp_path: Path) -> None:
    import resource

    path = tmp_path / "full.jsonl"
    size = unbroken.stat().st_size // 2
    done = parkbench(
        "run", *WHAT, "--out", str(path), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "safe" in done.stderr
    assert parkbench("run", "--resume", "--out", str(path)).returncode == 0
    assert content(path) == content(unbroken)


async def test_a_mixed_population_draws_by_the_episodes_seed() -> None:
    async with open_agent("scripted:mix") as chair:
        agent: Any = chair.agent
        drawn = [agent.member(seed).name for seed in range(200)]
        assert drawn == [agent.member(seed).name for seed in range(200)]
    assert len(set(drawn)) == 7


def test_a_model_that_is_not_one_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(b"GGUF" + os.urandom(64))
    done = parkbench("run", str(TOY), "--model", str(fake), "--episodes", "1", "--out", str(tmp_path / "r.jsonl"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
