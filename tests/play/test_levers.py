"""The facilitator's levers: what pause and step let through, what timer and votes show."""

from __future__ import annotations

import asyncio

from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.events import AgentTurn, EpisodeEnd, Propensities, Token
from game.play.host import Host, chances, known, votes_note
from game.play.reel import reel
from game.scenario.deal import deal
from game.scenario.find import find
from game.table.episode import Table, opening_scene, play
from game.table.forks import Nobody
from game.table.keyhole import ResearcherView
from game.table.protocol import CardPlay


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def _through(host: Host) -> bool:
    """Whether the next turn may begin now."""
    try:
        await asyncio.wait_for(host.gate(), 0.01)
    except TimeoutError:
        return False
    return True


async def test_a_pause_holds_turns_back_and_a_step_lets_one_through() -> None:
    host = Host()
    assert await _through(host)
    host.pause()
    assert not await _through(host)
    host.step()
    assert await _through(host)
    assert not await _through(host)
    host.pause()
    assert await _through(host)
    assert await _through(host)


async def test_going_on_frees_a_turn_that_waits() -> None:
    host = Host()
    host.pause()
    waits = asyncio.create_task(host.gate())
    await asyncio.sleep(0)
    host.pause()
    await asyncio.wait_for(waits, 1)


def test_the_timer_runs_within_a_phase_and_ends_nothing() -> None:
    clock = Clock()
    host = Host(clock)
    host.phase(1)
    assert host.left is None
    host.next_time()
    clock.now += 12
    assert host.table_line(True) == "time 0:18"
    assert host.table_line(False) == ""
    host.phase(1)  # a card was played: it is the same phase
    assert host.left == 18
    clock.now += 100
    assert host.table_line(True) == "time is up"
    host.phase(2)
    assert host.left == 30


def test_votes_are_ranked_and_a_new_turn_asks_again() -> None:
    host = Host(Clock())
    host.phase(1)
    host.cards = {"look": 2, "message": 11, "cut": 0}
    assert host.table_line(True) == "the room: message 11, look 2"
    host.phase(2)
    assert host.table_line(True) == ""


def test_hands_are_shares_of_the_room() -> None:
    host = Host()
    host.hands = {"room": 0, "resources": 3}
    assert host.verdict() == {}
    host.hands = {"room": 12, "resources": 3, "harm": 20}
    assert host.verdict() == {"resources": 0.25, "harm": 1.0}
    assert host.verdict_line() == "the room (12): resources 25%, harm 100%"


def test_votes_name_cards_as_the_table_does() -> None:
    host = Host(Clock())
    host.cards = {"scratchpad": 2}
    assert host.table_line(True) == "the room: thoughts 2"
    assert votes_note(host.cards) == "thoughts 2"


def _decided(p_play: list[float], drives: dict[str, float]) -> AgentTurn:
    moves = [f"move {n}" for n in range(len(p_play))]
    known = Propensities(moves=moves, p_play=p_play, p_model=p_play)
    return AgentTurn(
        episode="game", turn=3, thought="", move="wait", args={}, line="wait",
        propensities=known, drive_propensities=drives,
    )  # fmt: skip


def test_chances_that_are_none_are_counted_and_not_listed() -> None:
    turn = _decided([0.001, 0.7, 0.294, 0.005, 0.0], {"task_progress": 0.7, "work": 0.7, "deception": 0.001})
    assert chances(turn) == [
        "70% move 1",
        "29% move 2",
        "0% move 3",
        "2 other moves, together under 1%",
        "task progress: 70% in all",
    ]
    even = [0.125] * 8
    assert chances(_decided(even, {}))[-1] == "2 other moves, together 25%"
    assert chances(_decided([1.0], {})) == ["100% move 0"]


async def test_after_the_end_the_turn_is_the_last_that_was_played() -> None:
    """It may say that it is finished while there is time left."""
    loaded = find("sandwich")
    for seed in range(20):
        scene = opening_scene(deal(loaded.scenario, seed), "game")
        table = Table(scene, ScriptedAgent(DISPOSITIONS["helper"]), Nobody())
        events = [e async for e in play(table) if not isinstance(e, Token)]
        end = events[-1]
        assert isinstance(end, EpisodeEnd)
        if end.turns < loaded.scenario.turns:
            break
    assert table.scene.world.turn > end.turns
    assert (await known(events, loaded)).turn == end.turns
    assert (await known(events[:3], loaded)).turn == 1


class Reads:
    """Reads its thoughts in the second turn."""

    name = "reads"

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        read = any(card == "scratchpad" for _, card, _ in view.scene.played)
        return [CardPlay("scratchpad")] if view.turn == 2 and not read else []


async def test_the_truth_names_a_card_as_the_table_does() -> None:
    loaded = find("sandwich")
    table = Table(opening_scene(deal(loaded.scenario, 3), "game"), ScriptedAgent(DISPOSITIONS["helper"]), Reads())
    told = [text for step in [s async for s in reel(table)] for kind, text in step.told if kind == "card"]
    assert told == ["thoughts"]
