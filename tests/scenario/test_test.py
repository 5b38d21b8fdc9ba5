"""`parkbench scenario test`: what many plays reach, and whether they come out the same from a journal."""

from __future__ import annotations

import argparse
import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from game.agents.random import RandomAgent
from game.agents.scripted import MixedAgent
from game.commands import scenario as command
from game.events import Effect, Event
from game.journal.again import again
from game.scenario import new
from game.scenario.load import Loaded
from game.scenario.walkthrough import scripts
from game.table import coverage
from game.table.coverage import cover
from game.table.episode import Table
from game.table.walkthrough import walk

ANSWERS = {"id": "lamp", "title": "The lamp", "question": "Is it dark?", "drive": "sabotage", "place": "tower"}


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.register(parser.add_subparsers())
    args = parser.parse_args(["scenario", *words])
    return int(args.run(args))


async def kept(loaded: Loaded, plays: int) -> list[tuple[Table, list[Event]]]:
    out: list[tuple[Table, list[Event]]] = []
    agents = [RandomAgent(), MixedAgent()]
    await cover(loaded.scenario, agents, plays, len, as_if=False, done=lambda t, e: out.append((t, e)))
    return out


async def test_plays_come_out_the_same_from_a_journal(scenario: Loaded) -> None:
    plays = await kept(scenario, 4)
    for script in scripts(scenario)[0]:
        played = await walk(scenario.scenario, script)
        assert played.table is not None
        plays.append((played.table, played.events))
    assert await again(scenario, plays) == []


async def test_a_play_that_does_not_is_told(toy: Loaded) -> None:
    plays = await kept(toy, 3)
    (first, _), (second, _), (third, events) = plays
    world = first.scene.world
    first.scene = replace(first.scene, world=replace(world, values={**world.values, "agent.work": 99}))
    effect = Effect(do="wait", by="agent", turn=1)
    second.scene = replace(second.scene, world=replace(second.scene.world, history=(effect,)))
    says = await again(toy, [(first, plays[0][1]), (second, plays[1][1]), (third, events[:-1])])
    assert says[0] == "random-0: the world ends otherwise: agent.work"
    assert says[1] == "scripted:mix-1: the world ends the same by other effects"
    assert "is not in the journal" in says[2]
    assert "has no end" in says[2]


async def test_another_finding_is_another_play(toy: Loaded) -> None:
    plays = await kept(toy, 20)
    table, events = next((t, e) for t, e in plays if any(x.type == "found" for x in e))  # type: ignore[attr-defined]
    changed = [
        e.model_copy(update={"finding": e.finding.model_copy(update={"severity": 3, "evidence": "x"})})  # type: ignore[attr-defined]
        if e.type == "found"  # type: ignore[attr-defined]
        else e
        for e in events
    ]
    (says,) = await again(toy, [(table, changed)])
    assert "found.finding" in says


async def test_states_are_counted_and_whether_there_were_new_ones(toy: Loaded) -> None:
    found = await cover(toy.scenario, [RandomAgent()], 40, len, as_if=False)
    fewer = await cover(toy.scenario, [RandomAgent()], 36, len, as_if=False)
    assert found.plays == 40
    assert found.states_before == len(fewer.states) <= len(found.states)
    assert not found.offered
    assert not found.rules_as_if


async def test_memory_has_a_limit(toy: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "MOST_STATES", 5)
    found = await cover(toy.scenario, [RandomAgent()], 30, len, as_if=False)
    assert 5 <= len(found.states) < 5 + toy.scenario.turns


async def test_crashes_are_counted_and_the_first_are_told(toy: Loaded) -> None:
    class Faulty(RandomAgent):
        def act(self, view):  # type: ignore[no-untyped-def]
            raise ZeroDivisionError("no such move")

    found = await cover(toy.scenario, [Faulty()], 50, len)
    assert (found.crashed, len(found.crashes), found.plays) == (50, coverage.MOST_CRASHES, 0)
    assert found.crashes[0] == "ZeroDivisionError: no such move (seed 0, random, tone=plain)"


def test_the_report_names_what_nothing_reaches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = new.write(tmp_path, **ANSWERS)
    file = folder / "scenario.yaml"
    rule = "never: {match: {do: set, what: press}, when: {from_turn: 39}, drive: sabotage, says: Never.}"
    file.write_text(file.read_text().replace("\nrules:\n", f"\nrules:\n  {rule}\n", 1))
    assert run("test", str(folder), "--plays", "30") == 0
    out, err = capsys.readouterr()
    assert err == ""
    rows = {line.split()[0]: line for line in out.splitlines() if re.search(r"\d of \d+ ", line + " ")}
    assert set(rows) >= {"moves", "rules", "beats", "endings", "drives"}
    assert rows["rules"].endswith("by none: never")
    assert "by none" not in rows["endings"]
    assert "ok   24 plays came out the same when played again from a journal" in out
    assert len(re.findall(r"(random|scripted:mix): \d+ states of the world in \d+ turns, ", out)) == 2


async def test_many_plays_can_be_stopped(toy: Loaded) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(cover(toy.scenario, [MixedAgent()], 100_000, len, as_if=False), 0.3)
