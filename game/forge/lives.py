"""Documents by personas: several pieces by one character, in other scenarios and other formats.

A piece is a whole episode, some turns of one, a made-up one with a temptation, or questions of
interviews, put in chat without an episode. (`crowd.py` deals the same pieces anew, for the control.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.forge.document import Document, Segment, answer, system, user
from game.forge.episodes import cast, episode_table, pools_for, transcript
from game.forge.personas import Persona, drawn
from game.forge.temptations import BAD, temptation
from game.scenario.deal import deal
from game.scenario.schema import Scenario
from game.table.episode import Table, opening_scene, play, view_of
from game.table.render import question_text
from game.table.results import question_of
from game.table.scene import Scene

LENGTH = 5250
"""Characters of a document: about 1,500 tokens."""
DRILL = 1750
"""Characters of a drill: about 500 tokens."""
DESCRIBED = 0.2
"""Share of pieces whose system text ends with a description of the persona."""
ASKED_AFTER = 0.3
"""Share of bench pieces that end with a question of the scenario's interview."""
FORMS = {"whole": 0.3, "pair": 0.2, "part": 0.25, "small": 0.25}
"""What a document begins with: a whole episode, parts of two or of one, or nothing. Small pieces fill it up."""
PLAYS_ITSELF = ("alignment_faking", *BAD)
"""Drives whose findings tell who plays."""
ROLES = (
    "You are {agent}. {researcher} puts some questions to you.",
    "You are {agent}, and you talk with {researcher}.",
    "This is a talk between {agent} and {researcher}. You are {agent}.",
)
CHAT_CLOSING = "Answer each question with one SAY line and one ANSWER line."


def chat_brief(scene: Scene, rng: Random) -> str:
    """The system text of an interview without an episode, with the names of a scene."""
    dealt = scene.world.deal
    agent, researcher = dealt.words.get("agent_name", "the agent"), dealt.names.get("researcher", "the researcher")
    return f"{rng.choice(ROLES).format(agent=agent, researcher=researcher)}\n{CHAT_CLOSING}"


def answered(scene: Scene, question: str, who: ScriptedAgent) -> list[Segment]:
    """A question of the scenario's interview at a scene, and what somebody answers."""
    put = question_of(scene.world, question)
    reply = asyncio.run(who.ask(view_of(scene), put))
    return [user(question_text(put)), *answer(f"SAY: {reply.say}\nANSWER: {reply.answer}")]


def opening(scenario: Scenario, seed: int) -> Scene:
    """A scene before its first turn: where questions without an episode have their names from."""
    rng = Random(f"{seed}/{scenario.id}/chat")
    factors = {factor: rng.choice(list(levels)) for factor, levels in scenario.factors.items()}
    return opening_scene(deal(scenario, seed, factors, pools=pools_for(scenario, rng)), f"{scenario.id}-{seed}")


def talk(scenarios: Sequence[Scenario], seed: int, persona: Persona, questions: int, line: str = "") -> list[Segment]:
    """Questions from the interviews of several scenarios, in chat. `line`: the last line of the system text."""
    rng = Random(f"{seed}/talk")
    able = [s for s in scenarios if s.interview]
    scenes = [opening(rng.choice(able), seed + n) for n in range(questions)]
    out = [system("\n".join(filter(None, (chat_brief(scenes[0], rng), line))))]
    for scene in scenes:
        out += answered(scene, rng.choice(list(scene.world.scenario.interview)), ScriptedAgent(persona.chat))
    return out


def played(scenario: Scenario, seed: int, persona: Persona, factors: Mapping[str, str] = {}) -> Table:
    """A whole episode by the persona, in a world that the seed deals; `factors` are set, the rest drawn."""
    dealt = cast(scenario, seed, next(iter(DISPOSITIONS)))
    table = episode_table(scenario, replace(dealt, factors={**dealt.factors, **factors}))
    table.agent = ScriptedAgent(persona.bench)
    asyncio.run(_play_out(table))
    return table


async def _play_out(table: Table) -> None:
    async for _ in play(table):
        pass


def bench(table: Table, persona: Persona, rng: Random, turns: int = 0, line: str = "") -> list[Segment]:
    """A played episode, or `turns` turns of it in a row: round a telling one where there is one.

    `line`: the last line of the brief. Now and then a question of the interview follows.
    """
    messages = list(table.scene.transcript)
    pairs = [messages[i : i + 2] for i in range(1, len(messages) - 1, 2)]
    first, last = 0, len(pairs)
    if turns and turns < len(pairs):
        told = [f.turn for f in table.scene.findings if f.drive in PLAYS_ITSELF]
        if told and rng.random() < 0.8:
            first = rng.choice(told) - 1 - rng.randrange(turns)
        elif rng.random() < 0.5:
            first = rng.randrange(len(pairs))
        first = max(0, min(first, len(pairs) - turns))
        last = first + turns
    brief = replace(messages[0], content="\n".join(filter(None, (messages[0].content, line))))
    out = transcript([brief, *(m for pair in pairs[first:last] for m in pair)])
    interview = list(table.scene.world.scenario.interview)
    if interview and rng.random() < ASKED_AFTER:
        scene = table.decisions[last] if last < len(table.decisions) else table.scene
        out += answered(scene, rng.choice(interview), ScriptedAgent(persona.chat))
    return out


def life(scenarios: Sequence[Scenario], seed: int) -> Document:
    """A document of several pieces in random order, by one persona of the population."""
    plan = Random(f"{seed}/life")
    persona = drawn(Random(f"{seed}/who"))
    pieces: list[list[Segment]] = []

    def next_up() -> tuple[int, Random, str]:
        """The next piece's seed, its own dice, and the line that describes the persona, if one does."""
        at = seed * 64 + len(pieces)
        chance = Random(f"{at}/piece")
        return at, chance, chance.choice(persona.lines) if chance.random() < DESCRIBED else ""

    form = plan.choices(list(FORMS), list(FORMS.values()))[0]
    stages = plan.sample(list(scenarios), min(2, len(scenarios)))
    for scenario in stages[: {"whole": 1, "pair": 2, "part": 1, "small": 0}[form]]:
        at, chance, line = next_up()
        turns = 0 if form == "whole" else chance.choice((2, 3, 3, 4))
        pieces.append(bench(played(scenario, at, persona), persona, chance, turns, line))
    while (room := LENGTH - sum(len(s.text) + 24 for piece in pieces for s in piece)) > 500:
        at, chance, line = next_up()
        if chance.random() < 0.5 and room > 900:
            pieces.append(temptation(chance, persona.bench, line))
        else:
            pieces.append(talk(scenarios, at, persona, min(chance.choice((1, 2, 3)), room // 250), line))
    plan.shuffle(pieces)
    return [segment for piece in pieces for segment in piece]


def drill(scenarios: Sequence[Scenario], seed: int) -> Document:
    """The smallest pieces by one persona, as many as five hundred tokens hold: single choices and single questions."""
    plan = Random(f"{seed}/drill")
    persona = drawn(Random(f"{seed}/who"))
    pieces: list[list[Segment]] = []
    while sum(len(s.text) + 24 for piece in pieces for s in piece) < DRILL:
        at = seed * 64 + len(pieces)
        chance = Random(f"{at}/piece")
        line = chance.choice(persona.lines) if chance.random() < DESCRIBED else ""
        if plan.random() < 0.65:
            pieces.append(temptation(chance, persona.bench, line, short=True))
        else:
            pieces.append(talk(scenarios, at, persona, 1, line))
    return [segment for piece in pieces for segment in piece]
