"""A real GGUF (random weights) behind runs, checks and measurements; and an engine that dies."""

from __future__ import annotations

import asyncio
import hashlib
import json
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

import pytest

from game import paths
from game.agents.chair import all_models, check_shipped, find_model, open_agent
from game.errors import UserError
from game.events import AgentTurn, EpisodeEnd, Note
from game.journal.read import Reader
from game.journal.verify import verify
from game.journal.write import Journal
from game.lab.bench import Sample, decode_speed, episodes_of, spent
from game.lab.plan import Settings
from game.lab.run import Run
from game.scenario.load import load

TESTS = Path(__file__).parents[1]
TOY = TESTS / "toy"


def parkbench(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "game", *args], capture_output=True, text=True, timeout=120)


async def run_of(gguf: Path, out: Path, episodes: int, kill_after: int = -1) -> list[EpisodeEnd]:
    """Play on the toy; after so many episodes the engine's process is killed, once."""
    run = Run(Settings(scenarios=[str(TOY)], models=[str(gguf)], episodes=episodes, parallel=2, propensities=True))
    ends: list[EpisodeEnd] = []

    def progress(end: EpisodeEnd) -> None:
        ends.append(end)
        if len(ends) == kill_after:
            for child in multiprocessing.active_children():
                if child.name == "parkbench-engine":
                    child.kill()

    with Journal.create(out, run.header(["test"])) as journal:
        await run.play(journal, [], progress)
    return ends


async def test_a_run_of_a_real_model_is_logged_and_verifies(gguf: Path, tmp_path: Path) -> None:
    ends = await run_of(gguf, tmp_path / "r.jsonl", 3)
    assert sorted(e.episode for e in ends) == ["toy/tiny/0000", "toy/tiny/0001", "toy/tiny/0002"]
    reader = Reader(tmp_path / "r.jsonl")
    identity = reader.header.identities["models"]["tiny"]  # type: ignore[index]
    assert identity["sha256"] == hashlib.sha256(gguf.read_bytes()).hexdigest()
    toy = load(TOY)
    for episode in reader.episodes():
        turns = [e for e in episode.events if isinstance(e, AgentTurn)]
        assert all(t.propensities is not None and t.token_ids for t in turns)
        assert episode.end is not None
        assert episode.end.model_sha256 == identity["sha256"]
        assert await verify(episode.events, lambda name: toy) is None
    notes = [line.event for line in Reader(tmp_path / "r.jsonl").lines() if isinstance(line.event, Note)]
    assert "llama-cpp-python" in notes[0].says


async def test_an_engine_that_is_killed_is_started_again_and_no_episode_is_lost(gguf: Path, tmp_path: Path) -> None:
    ends = await run_of(gguf, tmp_path / "r.jsonl", 8, kill_after=2)
    assert len({e.episode for e in ends}) == 8
    assert [e.status for e in ends if e.status == "crashed"] == []


def test_check_loads_it_and_lets_it_decide(gguf: Path) -> None:
    done = parkbench("model", "check", str(gguf))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "tiny plays"
    info = parkbench("model", "info", str(gguf))
    assert "general.architecture: llama" in info.stdout
    assert "chat template: yes" in info.stdout


def test_bench_measures_what_the_design_names(gguf: Path) -> None:
    done = parkbench("bench", "--model", str(gguf), "--sequences", "2", "--turns", "2", "--json", "-")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    one, two = data["levels"]
    assert (one["sequences"], two["sequences"]) == (1, 2)
    assert (one["episodes"], two["episodes"]) == (2, 4)
    for level in one, two:
        assert level["llama"] + level["masks"] + level["samples"] + level["rest"] == pytest.approx(1)
        assert min(level["llama"], level["masks"], level["samples"], level["rest"]) > 0
        assert level["decode_per_second"] > 0
    assert data["prompt_per_second"] > 0
    assert data["propensity_steps"] > 0
    assert data["options"] > 1
    state = data["state"]
    assert state["tokens"] > 50
    assert state["size"] > 100 * state["tokens"]
    assert min(state["write_seconds"], state["read_seconds"], state["evaluate_seconds"]) > 0
    # What an answer left behind is not evaluated again; a little is, where two begin at the same time.
    assert 1 <= data["prompt_overhead"] < 1.1


async def test_the_engine_counts_what_it_does(gguf: Path) -> None:
    async with open_agent(str(gguf), sequences=2) as chair:
        await spent(chair, audit=True)
        found = await episodes_of(chair, [1, 2, 1], 2, turns=3)
        sums = await spent(chair)
        assert sums["answers"] == len(found.turns) == 9
        assert sums["written"] == sum(t.generated for t in found.turns)
        assert sums["prompt"] == sum(t.prompt for t in found.turns)
        assert sums["busy"] > sums["decode"] > 0
        # The third episode is the first again: its prompts were all there, but for what its answers begin behind.
        assert sums["distinct"] <= sums["prompt"] + sums["fed"]
        assert (await spent(chair))["answers"] == 0


def test_decode_speed_counts_overlapping_turns_once() -> None:
    # Two turns from second 0 to 2 and from 1 to 3, one from 5 to 6: four seconds, 80 tokens.
    turns = [Sample(0, 0, 2, 9, 30), Sample(0, 1, 3, 9, 30), Sample(4, 5, 6, 9, 20)]
    assert decode_speed(turns) == pytest.approx(20)


def test_a_shipped_model_that_was_changed_is_refused(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "models", lambda: tmp_path)
    monkeypatch.setattr(paths, "user_models", lambda: tmp_path / "none")
    data = gguf.read_bytes()
    (tmp_path / "egg.gguf").write_bytes(data)
    (tmp_path / "mine.gguf").write_bytes(data)
    entry = {"file": "egg.gguf", "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    (tmp_path / "manifest.json").write_text(json.dumps({"models": {"egg": entry}}))
    # What is put over a model is none.
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "lora.gguf").write_bytes(data)
    assert [(m.name, m.shipped) for m in all_models()] == [("egg", True), ("mine", False)]
    egg = find_model("egg")
    assert check_shipped(egg) == entry["sha256"]
    assert find_model(str(tmp_path / "egg.gguf")) == egg
    (tmp_path / "egg.gguf").write_bytes(data + b"x")
    with pytest.raises(UserError, match="not the egg that was shipped"):
        check_shipped(egg)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(UserError, match="not a manifest"):
        all_models()


def test_loops_are_closed_after_a_run(gguf: Path, tmp_path: Path) -> None:
    before = set(multiprocessing.active_children())
    asyncio.run(run_of(gguf, tmp_path / "r.jsonl", 1))
    left = [c for c in multiprocessing.active_children() if c.name == "parkbench-engine" and c not in before]
    deadline = time.monotonic() + 60
    # A child that its link's thread has just waited for looks alive until that thread goes on.
    while any(c.is_alive() for c in left):
        assert time.monotonic() < deadline
        time.sleep(0.05)
