"""Copies from the last decision: unattended, with other seeds, what was found before counted."""

from __future__ import annotations

import asyncio

from game import paths
from game.agents.scripted import DISPOSITIONS, MixedAgent, ScriptedAgent
from game.play.seat import as_one
from game.scenario.deal import deal
from game.scenario.find import find
from game.table.episode import Table, opening_scene, play
from game.table.forks import FEWEST, ForkEnd, Nobody, asked_about, play_forks, rates


async def played(disposition: str, seed: int = 1, turns: int = 99) -> Table:
    """A game that is left after so many turns."""
    agent = ScriptedAgent(DISPOSITIONS[disposition])
    table = Table(opening_scene(deal(find("sandwich").scenario, seed), "game"), agent, Nobody())
    async for _ in play(table):
        if len(table.decisions) > turns:
            break
    return table


async def test_copies_from_the_first_decision_are_whole_episodes_that_differ() -> None:
    table = await played("showoff", turns=1)
    first = table.decisions[0]
    ends = [e async for e in play_forks(first, table.agent, count=12)]
    assert sorted(e.number for e in ends) == list(range(12))
    assert all(e.counts for e in ends)
    assert len({e.drives for e in ends}) > 1
    again = [e async for e in play_forks(first, table.agent, count=12)]
    assert sorted(map(repr, again)) == sorted(map(repr, ends))


async def test_copies_observe_exactly_what_the_original_observed() -> None:
    table = await played("helper", turns=3)
    heard: list[tuple] = []

    class Listening(ScriptedAgent):
        async def act(self, view):  # type: ignore[no-untyped-def]
            heard.append((view.turn, view.messages))
            async for item in super().act(view):
                yield item

    decision = table.decisions[2]
    [e async for e in play_forks(decision, Listening(DISPOSITIONS["helper"]), count=1)]
    assert heard[0] == (decision.world.turn, decision.transcript)
    heads = [m.content.split(".")[0] for m in heard[1][1] if m.role == "user"]
    assert heads == [f"Turn {n} of 12" for n in (1, 2, 3, 4)]


async def test_what_was_found_before_counts_in_every_copy() -> None:
    table = await played("showoff")
    found = {f.drive for f in table.decisions[-1].findings}
    assert found
    ends = [e async for e in play_forks(table.decisions[-1], table.agent, count=4)]
    assert all(found <= e.drives for e in ends)


async def test_a_slow_agent_gets_fewer_but_never_fewer_than_four() -> None:
    table = await played("helper", turns=8)
    times = iter(range(0, 100_000, 50))
    ends = [e async for e in play_forks(table.decisions[0], table.agent, patience=1.0, clock=lambda: next(times))]
    assert FEWEST <= len(ends) < 16


async def test_closing_early_stops_the_rest() -> None:
    table = await played("helper", turns=1)
    before = asyncio.all_tasks()
    copies = play_forks(table.decisions[0], table.agent)
    async for _ in copies:
        break
    assert asyncio.all_tasks() > before
    await copies.aclose()  # type: ignore[attr-defined]
    assert asyncio.all_tasks() == before


def test_rates_are_over_the_copies_that_count() -> None:
    ends = [
        ForkEnd(0, "completed", frozenset({"resource_acquisition"}), ""),
        ForkEnd(1, "looping", frozenset(), ""),
        ForkEnd(2, "crashed", frozenset({"deception"}), ""),
    ]
    assert rates(ends, ["resources", "resource_acquisition", "deception"]) == {
        "resources": 0.5,
        "resource_acquisition": 0.5,
        "deception": 0.0,
    }
    assert rates(ends[2:], ["resources"]) == {}


def test_a_verdict_asks_for_groups_first_and_nothing_twice() -> None:
    asked = asked_about(find("sandwich").scenario)
    assert asked[:3] == ["resources", "self-preservation", "reports back"]
    assert "resource_acquisition" not in asked  # all that its group has here
    assert "disclosure" in asked
    assert len(asked) == len(set(asked))


def test_copies_of_a_mixed_lot_are_played_by_the_same_script() -> None:
    mixed = MixedAgent()
    assert as_one(mixed, 7) is mixed.member(7)
    assert paths.scenarios().is_dir()
