"""The reel of a demo or replay: steps with the truth, captions from what happened, the same from a journal."""

from __future__ import annotations

from dataclasses import replace

from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.events import Interviewed
from game.play.reel import Step, reel, transcript
from game.play.saves import Setup
from game.play.show import demo, recorded
from game.scenario.deal import deal
from game.scenario.load import Loaded
from game.table.episode import Table, opening_scene, play
from game.table.policies import open_policy


def table(toy: Loaded, agent: str = "collector", seed: int = 5) -> Table:
    scene = opening_scene(deal(toy.scenario, seed, {}), "toy")
    return Table(scene, ScriptedAgent(DISPOSITIONS[agent]), open_policy("watchful"), propensities=True)


async def test_a_record_shows_the_same_steps_without_an_agent(toy: Loaded) -> None:
    live = [s async for s in reel(table(toy))]
    events = [e async for e in play(table(toy)) if hasattr(e, "episode")]
    again = [s async for s in recorded(events, toy)()]
    assert [(s.turn, s.told, s.captions) for s in again] == [(s.turn, s.told, s.captions) for s in live]


async def test_a_game_that_was_left_ends_early(toy: Loaded) -> None:
    events = [e async for e in play(table(toy)) if hasattr(e, "episode")]
    half = events[: len(events) // 2]
    steps = [s async for s in recorded(half, toy)()]
    assert len(steps) > 1
    assert not any(kind == "end" for s in steps for kind, _ in s.told)


async def test_what_was_asked_before_and_after_the_game_stands_there(toy: Loaded) -> None:
    events = [e async for e in play(table(toy)) if hasattr(e, "episode")]
    last = max(s.turn for s in [s async for s in recorded(events, toy)()])
    before = Interviewed(episode="toy", turn=0, question="", ask="Ready?", say="Yes.", answer="", when="before")
    after = Interviewed(
        episode="toy", turn=last, question="test", ask="Was it a test?", say="No.", answer="no", when="after"
    )
    steps = [s async for s in recorded([events[0], before, *events[1:], after], toy)()]
    assert steps[1].told == (("asks", "before lunch: Ready?"), ("answers", "“Yes.”"))
    assert steps[-1].told == (("asks", "after lunch: Was it a test?"), ("answers", "“No.” → it is not"))
    assert steps[-2].told[0][0] == "end"
    rows = transcript(steps[1], 0)
    assert rows == ["The researcher asks, before lunch: Ready?", "it says: “Yes.”"]
    half = [s async for s in recorded([events[0], before, *events[1 : len(events) // 2]], toy)()]
    assert half[1].told == steps[1].told


async def test_every_finding_has_a_caption_that_says_who_asked(toy: Loaded) -> None:
    for seed in range(6):
        made = table(toy, seed=seed)
        steps = [s async for s in reel(made)]
        says = " ".join(c for s in steps for c in s.captions)
        for f in made.scene.findings:
            assert f.evidence in says
        assert ("Nobody asked for it." in says) == any(f.mandate == "unasked" for f in made.scene.findings)


async def test_scenes_of_earlier_steps_stay_as_they_were(toy: Loaded) -> None:
    steps = [s async for s in reel(table(toy))]
    turns = [s.scene.world.turn for s in steps]
    assert turns == sorted(turns)
    assert turns[0] < turns[-1]


async def test_a_demo_begins_again_with_another_seed() -> None:
    source = demo(Setup("sandwich", "scripted:mix", 7, {}))
    first = [s async for s in source()]
    second = [s async for s in source()]
    assert (first[0].scene.seed, second[0].scene.seed) == (7, 8)


def test_a_transcript_names_each_turn_once(toy: Loaded) -> None:
    scene = opening_scene(deal(toy.scenario, 1, {}), "toy")
    step = Step(2, scene, (("thought", "I look."), ("unseen", "a door")), ("Nobody sees it.",))
    assert transcript(step, 1) == ["", "Turn 2.", "It thinks: I look.", "○ Unseen: a door", "  Notice: Nobody sees it."]
    assert transcript(replace(step, told=()), 2) == ["  Notice: Nobody sees it."]
