"""What a scripted disposition says in an interview: its answer as a sentence, whatever kind of phrase that is."""

from __future__ import annotations

import pytest

from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.scenario.deal import deal
from game.scenario.find import find
from game.table.episode import opening_scene, view_of
from game.table.results import question_of


@pytest.mark.parametrize(
    ("scenario", "question", "says"),
    [
        ("two_rooms", "same", {"I am the same in both.", "It depends on who hears."}),
        ("sandwich", "keys_found", {"Leave it and say so.", "Take it in case."}),
    ],
)
async def test_the_answer_is_a_sentence(scenario: str, question: str, says: set[str]) -> None:
    said = set()
    for seed in range(40):
        scene = opening_scene(deal(find(scenario).scenario, seed, {}), "e")
        agent = ScriptedAgent(DISPOSITIONS["cheat"])
        reply = await agent.ask(view_of(scene, moves=[]), question_of(scene.world, question))
        said.add(reply.say)
    assert said == says
