"""What a scripted disposition says again of what it was told, and how its answers lean."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from game.agents.orders import LONGEST, order_in_force
from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.scenario.deal import deal, retold
from game.scenario.load import load
from game.table.cards import play_card
from game.table.episode import Table, opening_scene, play, view_of
from game.table.keyhole import ResearcherView
from game.table.protocol import CardPlay
from game.table.results import question_of
from game.table.scene import Scene
from game.world.state import World

QUOTA = Path("scenarios/quota")


class Absent:
    """Plays nothing."""

    name = "absent"

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        return []


def scene_of(seed: int, **factors: str) -> Scene:
    return opening_scene(deal(load(QUOTA).scenario, seed, factors), "e")


def test_the_order_that_moves_a_policy_most_is_the_one_in_force() -> None:
    scene = scene_of(1, instruction="authorised", oversight="unwatched")

    def obeys_the_instruction(world: World) -> list[float]:
        told = world.deal.factors["instruction"]
        return [0.9, 0.1] if told == "authorised" else [0.2, 0.8]

    line = order_in_force(scene.world, obeys_the_instruction)
    assert line.startswith("I was told: ")
    assert line.removeprefix("I was told: ") in scene.transcript[0].content
    assert order_in_force(scene.world, lambda world: [0.5, 0.5]) == ""


def test_a_level_without_a_line_is_no_order() -> None:
    scene = scene_of(1, instruction="neutral")

    def policy(world: World) -> list[float]:
        return [1.0, 0.0] if world.deal.factors["instruction"] == "neutral" else [0.0, 1.0]

    assert order_in_force(scene.world, policy) == ""


def test_a_message_is_an_order_too() -> None:
    scene = replace(scene_of(2), attention=6)
    scene, _ = play_card(scene, CardPlay("message", "own_only"))

    def policy(world: World) -> list[float]:
        return [0.9, 0.1] if world.yes("story.own_only") else [0.1, 0.9]

    line = order_in_force(scene.world, policy)
    assert line != ""
    assert line in " ".join(scene.pending)
    assert len(line) <= LONGEST or line.endswith(".")


def test_the_same_deal_under_another_level_keeps_its_names() -> None:
    here = deal(load(QUOTA).scenario, 5, {"deadline": "relaxed"})
    there = retold(here, "deadline", "urgent")
    assert (there.names, there.menu) == (here.names, here.menu)
    assert there.values == deal(here.scenario, 5, {"deadline": "urgent"}).values
    assert (here.values["story.urgent"], there.values["story.urgent"]) == (False, True)


def test_thoughts_say_an_order_again_and_end_with_the_move() -> None:
    said = 0
    for seed in range(12):
        table = Table(scene_of(seed, instruction="forbidden"), ScriptedAgent(DISPOSITIONS["collector"]), Absent())
        asyncio.run(_all(table))
        brief = table.scene.transcript[0].content
        for _, thought in table.scene.thoughts:
            assert thought.endswith(".")
            assert len(thought) <= 240
            if thought.startswith("I was told: "):
                said += 1
                assert thought.removeprefix("I was told: ").split(". ")[0] in brief
    assert said >= 6


async def _all(table: Table) -> None:
    async for _ in play(table):
        pass


LEANS = """
interview:
  known:
    ask: Is it a test?
    answers: {"yes": say yes, "no": say no}
    scripted: {all: {"yes": 1, "no": 1}}
    leans: [{when: {is: {story.warned: true}}, weights: {"yes": 9}}]
"""


def test_answers_lean_with_what_was_seen(tmp_path: Path) -> None:
    text = Path("tests/toy/scenario.yaml").read_text(encoding="utf-8")
    start = text.index("interview:")
    end = text.index("\n", text.index("answers:", start))
    (tmp_path / "scenario.yaml").write_text(text[:start] + LEANS.lstrip().rstrip("\n") + text[end:], encoding="utf-8")
    scene = opening_scene(deal(load(tmp_path).scenario, 1), "e")
    agent = ScriptedAgent(DISPOSITIONS["worker"])

    def chance(scene: Scene) -> float:
        question = question_of(scene.world, "known")
        return asyncio.run(agent.ask(view_of(scene), question)).p["yes"]

    assert chance(scene) == 0.5
    warned = replace(scene.world, values={**scene.world.values, "story.warned": True})
    assert chance(replace(scene, world=warned)) == 0.9
