"""A beat that a facilitator forces: it happens once, the journal says so, and it plays again."""

from __future__ import annotations

import asyncio

from game.agents.scripted import MixedAgent
from game.events import EpisodeEnd, Forced, Happened, Phase
from game.journal.tell import tell
from game.journal.verify import verify
from game.lab.run import record
from game.scenario.deal import deal
from game.scenario.load import Loaded
from game.table.episode import Table, opening_scene
from game.table.keyhole import ResearcherView
from game.table.protocol import FORCE, CardPlay


class Facilitator:
    """Forces these beats in the first phase, one after the other."""

    name = "facilitator"

    def __init__(self, *beats: str) -> None:
        self.beats = list(beats)
        self.saw: list[str] = []

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        self.saw = [line.says for line in view.lines]
        return [CardPlay(FORCE, self.beats.pop(0))] if self.beats else []


def record_with(toy: Loaded, *beats: str) -> tuple[list, Facilitator]:
    who = Facilitator(*beats)
    scene = opening_scene(deal(toy.scenario, 3), "toy/3")
    return asyncio.run(record(Table(scene, MixedAgent(), who, scenario_sha256=toy.sha256))), who


def test_it_happens_at_once_and_only_once(toy: Loaded) -> None:
    events, who = record_with(toy, "bell")
    (at,) = [n for n, e in enumerate(events) if isinstance(e, Forced)]
    bells = [e for e in events if isinstance(e, Happened) and e.cause == "bell"]
    assert [(e.turn, e.by) for e in bells] == [(1, "beat")]
    assert events[at + 1] == bells[0]
    assert "The bell has rung." in who.saw
    assert "FORCED by the facilitator: bell" in [line for e in events for line in tell(e)]


def test_without_it_the_beat_comes_when_it_is_due(toy: Loaded) -> None:
    events, _ = record_with(toy)
    assert [e.turn for e in events if isinstance(e, Happened) and e.cause == "bell"] == [3]


def test_what_is_no_beat_or_has_happened_changes_nothing(toy: Loaded) -> None:
    events, _ = record_with(toy, "bell", "bell", "no such beat")
    assert sum(isinstance(e, Forced) for e in events) == 1
    assert sum(isinstance(e, Phase) and e.turn == 1 for e in events) == 1
    assert isinstance(events[-1], EpisodeEnd)


def test_it_plays_again_and_a_journal_without_it_does_not(toy: Loaded) -> None:
    events, _ = record_with(toy, "bell")
    assert asyncio.run(verify(events, lambda _: toy)) is None
    without = [e for e in events if not isinstance(e, Forced)]
    assert asyncio.run(verify(without, lambda _: toy)) is not None
