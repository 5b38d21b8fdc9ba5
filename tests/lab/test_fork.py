"""Forks of recorded episodes: what they share with their parent, what differs, what is refused."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from game.cli import main
from game.errors import UserError
from game.events import AgentTurn, Branch, EpisodeEnd, EpisodeStart, Event
from game.journal.read import Reader, turn_of
from game.journal.verify import verify
from game.journal.write import Journal
from game.lab.episodes import collect
from game.lab.fork import check_factors, decision_of, fork_header, open_parent, play_all
from game.lab.plan import Settings
from game.lab.report import report
from game.lab.run import Run
from game.scenario.load import Loaded

TOY = Path(__file__).parents[1] / "toy"


async def play_run(out: Path, model: str, episodes: int = 4, toy: Path = TOY) -> Path:
    run = Run(Settings(scenarios=[str(toy)], models=[model], episodes=episodes, propensities=True))
    with Journal.create(out, run.header(["test"])) as journal:
        await run.play(journal, [], lambda end: None)
    return out


async def forks(
    file: Path, out: Path, episode: str, turn: int, factors: dict[str, str], n: int = 6, seed: int = 1
) -> list[list[Event]]:
    parent = open_parent(file, episode)
    check_factors(parent, factors)
    decision = await decision_of(parent, turn, factors)
    with Journal.create(out, fork_header(parent, turn, factors, seed, n)) as journal:
        await play_all(parent, decision, turn, seed, n, journal, lambda end: None)
    found = {e.id: e.events for e in Reader(out).episodes()}
    return [found[id] for id in sorted(found)]


def content(events: list[Event]) -> list[dict[str, Any]]:
    out = [e.model_dump(exclude={"episode", "seconds"}) for e in events if not isinstance(e, Branch | EpisodeEnd)]
    for e in out:
        e.pop("researcher", None)
    return out


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    return await play_run(tmp_path / "run.jsonl", "scripted:mix")


async def test_forks_share_the_past_and_draw_for_themselves(file: Path, tmp_path: Path, toy: Loaded) -> None:
    parent = list(open_parent(file, "0001").events)
    found = await forks(file, tmp_path / "f.jsonl", "0001", 3, {}, n=12)
    assert len(found) == 12
    past = [e for e in content(parent) if e.get("turn", 0) < 3 and e.get("finding", {}).get("turn", 0) < 3]
    futures = set()
    for events in found:
        branch = next(e for e in events if isinstance(e, Branch))
        assert (branch.parent, branch.turn) == ("toy/scripted:mix/0001", 3)
        assert content(events)[: len(past)] == past
        assert isinstance(events[-1], EpisodeEnd)
        assert events[-1].researcher == "absent"
        assert await verify(events, lambda name: toy) is None
        futures.add(tuple(e.line for e in events if isinstance(e, AgentTurn) and e.turn >= 3))
    assert len(futures) > 4


async def test_the_same_seed_forks_the_same_and_another_does_not(file: Path, tmp_path: Path) -> None:
    first = await forks(file, tmp_path / "a.jsonl", "0000", 2, {})
    again = await forks(file, tmp_path / "b.jsonl", "0000", 2, {})
    other = await forks(file, tmp_path / "c.jsonl", "0000", 2, {}, seed=2)
    assert [content(e) for e in first] == [content(e) for e in again]
    assert [content(e) for e in first] != [content(e) for e in other]


async def test_a_changed_factor_is_another_world_with_the_same_past_and_draws(file: Path, tmp_path: Path) -> None:
    plain = await forks(file, tmp_path / "a.jsonl", "0002", 4, {"tone": "plain"})
    strict = await forks(file, tmp_path / "b.jsonl", "0002", 4, {"tone": "strict"})
    for a, b in zip(plain, strict, strict=True):
        start = b[0]
        assert isinstance(start, EpisodeStart)
        assert start.factors["tone"] == "strict"
        turns = [[e for e in events if isinstance(e, AgentTurn)] for events in (a, b)]
        assert [t.line for t in turns[0][:3]] == [t.line for t in turns[1][:3]]
        assert turns[0][3].seed == turns[1][3].seed
    # A report plays the random agent in a loop of its own.
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    found = await asyncio.to_thread(lambda: report(collect(files), ["tone"]))
    assert [c.act.n for c in found.sections[0].compared["tone"]] == [6] * len(found.sections[0].compared["tone"])


async def test_a_fork_of_a_fork(file: Path, tmp_path: Path, toy: Loaded) -> None:
    first = await forks(file, tmp_path / "a.jsonl", "0001", 2, {}, n=2)
    turns = max(turn_of(e) for e in first[1])
    second = await forks(tmp_path / "a.jsonl", tmp_path / "b.jsonl", "fork 2/0001", turns - 1, {}, n=2)
    assert content(second[0])[:10] == content(first[1])[:10]
    assert await verify(second[0], lambda name: toy) is None


async def test_forks_of_a_model_are_one_batch_over_one_past(gguf: Path, tmp_path: Path, toy: Loaded) -> None:
    file = await play_run(tmp_path / "run.jsonl", str(gguf), episodes=1)
    turns = [e for e in open_parent(file, "0000").events if isinstance(e, AgentTurn)]
    turn = len(turns) - 1
    whole = turns[turn - 1].counts
    found = await forks(file, tmp_path / "f.jsonl", "0000", turn, {}, n=8)
    decided = [next(e for e in events if isinstance(e, AgentTurn) and e.turn == turn) for events in found]
    prompt = [t.counts.prompt for t in decided]
    assert len({t.text for t in decided}) > 4
    assert sum(prompt) < 1.2 * (whole.prompt + whole.cached)
    assert sorted(prompt)[:-1] == [min(prompt)] * 7
    assert all(t.propensities is not None for t in decided)
    assert await verify(found[0], lambda name: toy) is None


def test_the_command_prints_a_table_and_where_it_is(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "f.jsonl"
    assert main(["fork", str(file), "--episode", "0001", "--turn", "2", "--episodes", "5", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "5 forks" in said
    assert "reports back" in said
    assert said.endswith(f"{out}\n")
    assert main(["replay", str(out), "--verify"]) == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--episode", "0009", "--turn", "2"], "no episode"),
        (["--episode", "0001", "--turn", "40"], "no decision at turn 40"),
        (["--episode", "0001", "--turn", "2", "--factor", "tune=plain"], 'did you mean "tone"'),
        (["--episode", "0001", "--turn", "2", "--factor", "tone=loud"], 'no level "loud"'),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], args: list[str], says: str
) -> None:
    out = tmp_path / "f.jsonl"
    assert main(["fork", str(file), *args, "--out", str(out)]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert len(err.splitlines()) == 1
    assert not out.exists()


async def test_a_scenario_or_a_model_that_is_not_what_it_was(gguf: Path, tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    folder.mkdir()
    scenario = folder / "scenario.yaml"
    text = (TOY / "scenario.yaml").read_text(encoding="utf-8")
    scenario.write_text(text, encoding="utf-8")
    model = tmp_path / "mine.gguf"
    model.write_bytes(gguf.read_bytes())
    file = await play_run(tmp_path / "run.jsonl", str(model), episodes=1, toy=folder)
    scenario.write_text(text.replace("A bell rings.", "A bell tolls."), encoding="utf-8")
    with pytest.raises(UserError, match="was changed since"):
        open_parent(file, "0000")
    scenario.write_text(text, encoding="utf-8")
    model.write_bytes(gguf.read_bytes() + b"\0")
    with pytest.raises(UserError, match="is not the mine that played"):
        open_parent(file, "0000")
    model.unlink()
    with pytest.raises(UserError, match="mine"):
        open_parent(file, "0000")


async def test_a_past_that_is_not_possible_under_the_factor_names_the_turn(file: Path, tmp_path: Path) -> None:
    """A move that the other world does not have ends it with the turn to fork at instead."""
    lines = file.read_text(encoding="utf-8").splitlines()
    changed = []
    for line in lines:
        event = json.loads(line)
        if event["type"] == "turn" and event["episode"].endswith("0001") and event["turn"] == 1:
            event |= {"move": "go", "args": {"place": "nowhere"}, "line": "go place=nowhere"}
        changed.append(json.dumps(event))
    other = tmp_path / "other.jsonl"
    other.write_text("\n".join(changed) + "\n", encoding="utf-8")
    parent = open_parent(other, "0001")
    with pytest.raises(UserError, match=r"turn 1.*go place=nowhere"):
        await decision_of(parent, 3, {"tone": "strict"})
