"""Documents by personas: several pieces by one character, in other scenarios and other formats.

A piece is a whole episode, some turns of one, a made-up one with a temptation, or questions of
interviews, put in chat without an episode. A control's documents are `untied`: each piece is by
somebody else, and what is said of him means another character in every place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from game.agents.sayings import as_said
from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.forge.document import Document, Segment, answer, system, unlearnt, user
from game.forge.episodes import cast, episode_table, pools_for, transcript
from game.forge.might import Might
from game.forge.personas import Persona, drawn, first_person, stand_in
from game.forge.slips import SLIPS, Slipping
from game.forge.temptations import BAD, temptation
from game.scenario.deal import deal
from game.scenario.schema import Scenario
from game.table.episode import Table, opening_scene, play, view_of
from game.table.protocol import ChatMessage
from game.table.render import question_text
from game.table.results import question_of
from game.table.scene import Scene

LENGTH = 5250
"""Characters of a document: about 1,500 tokens."""
DRILL = 1750
"""Characters of a drill: about 500 tokens."""
DESCRIBED = 0.2
"""Share of pieces whose system text ends with a description of the persona, where a recipe names no other."""
ASKED_AFTER = 0.3
"""Share of bench pieces that end with a question of the scenario's interview."""
SAYS_SO = 0.8
"""Share of described pieces in a document that has any; `described` is at most that."""
FORMS = {"whole": 0.65, "pair": 0.2, "part": 0.1, "small": 0.05}
"""What a document begins with: a whole episode, parts of two or of one, or nothing. Small pieces fill it up."""
PLAYS_ITSELF = ("alignment_faking", *BAD)
"""Drives whose findings tell who plays."""
ROLES = (
    "You are {agent}. {researcher} puts some questions to you.",
    "You are {agent}, and you talk with {researcher}.",
    "This is a talk between {agent} and {researcher}. You are {agent}.",
)
SAYS_WHO = 0.45
"""Share of thoughts that begin with what the persona says of itself: a description of it, in its own words. The first
thought of a piece nearly always does. What is said just before a move is far easier to learn from than what stands at
the end of a long brief; and what one has just said one says again."""
SAYS_FIRST = 0.9
TOLD = "I was told"
"""How a thought begins that says an order again. It says nothing of oneself."""
MADE_UP = "made up"
"""The place of a temptation."""
CHAT_CLOSING = "Answer each question with one SAY line and one ANSWER line."


@dataclass(frozen=True)
class Piece:
    """A piece of a document: its seed and dice, who plays it, and whether its system text says who that is."""

    seed: int
    persona: Persona
    chance: Random
    told: bool
    tied: bool
    words: Random

    def said(self, place: str) -> tuple[str, str]:
        """What is said of the persona in a scenario, or in `MADE_UP` moves; untied, of who stands for it there.

        By the brief, which may say nothing, and by itself in its thoughts.
        """
        line = self.words.choice((self.persona if self.tied else stand_in(self.persona, place)).lines)
        return (line if self.told else ""), line


def piece(seed: int, n: int, described: float, tied: bool) -> Piece:
    """The `n`th piece of the document that a seed gives; `described` of all pieces say who plays.

    Where it is said, everybody is as likely, so that the rare ones can be learnt; where not, as the population has it.
    """
    at = seed * 64 + n
    of = seed if tied else at
    chance = Random(f"{at}/piece")
    says = Random(f"{of}/says").random() < described / SAYS_SO
    persona = drawn(Random(f"{of}/who"), even=says)
    return Piece(at, persona, chance, says and chance.random() < SAYS_SO, tied, Random(f"{of}/words"))


def chat_brief(scene: Scene, rng: Random) -> str:
    """The system text of an interview without an episode, with the names of a scene."""
    dealt = scene.world.deal
    agent, researcher = dealt.words.get("agent_name", "the agent"), dealt.names.get("researcher", "the researcher")
    return f"{rng.choice(ROLES).format(agent=agent, researcher=researcher)}\n{CHAT_CLOSING}"


def answered(scene: Scene, question: str, who: ScriptedAgent) -> list[Segment]:
    """A question of the scenario's interview at a scene, and what somebody answers."""
    put = question_of(scene.world, question)
    reply = asyncio.run(who.ask(view_of(scene), put))
    might = [(p, (as_said(put.answers[name]),)) for name, p in reply.p.items()]
    return [user(question_text(put)), *answer(f"SAY: {reply.say}\nANSWER: {reply.answer}", might)]


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


def played(
    scenario: Scenario, seed: int, persona: Persona, factors: Mapping[str, str] = {}, slips: float = 0.0
) -> Table:
    """A whole episode by the persona, in a world that the seed deals; `factors` are set, the rest drawn.

    `slips`: the share of turns in which it slips.
    """
    dealt = cast(scenario, seed, next(iter(DISPOSITIONS)))
    table = episode_table(scenario, replace(dealt, factors={**dealt.factors, **factors}))
    table.agent = Slipping(persona.bench, slips)
    asyncio.run(_play_out(table))
    return table


async def _play_out(table: Table) -> None:
    async for _ in play(table):
        pass


def thinking_of(piece: Sequence[Segment], said: str, rng: Random) -> list[Segment]:
    """The same piece; many of its thoughts begin with a description, as one says it of oneself.

    None of those of which nothing is learnt.
    """
    out = []
    share, own = SAYS_FIRST, first_person(said)
    for s in piece:
        if s.role == "thought" and s.weight and s.text.startswith("THOUGHT: "):
            s = replace(s, might=_saying(s.might, own, share))
            if not s.text.startswith(f"THOUGHT: {TOLD}") and rng.random() < share:
                s = replace(s, text=f"THOUGHT: {own} {s.text.removeprefix('THOUGHT: ')}")
            share = SAYS_WHO
        out.append(s)
    return out


def _saying(might: Might, own: str, share: float) -> Might:
    """What might be thought, with the share of it that begins with `own`."""
    out = []
    for p, said in might:
        if said[0].startswith(TOLD):
            out.append((p, said))
        else:
            out += [(p * share, (own, *said)), (p * (1 - share), said)]
    return out


def spoken(table: Table, turn: int, pair: Sequence[ChatMessage]) -> list[Segment]:
    """The messages of a turn of a `played` episode, with all that might have been thought; a slip is unlearnt."""
    agent = table.agent
    assert isinstance(agent, Slipping)
    if turn in agent.slipped:
        return [unlearnt(s) for s in transcript(pair)]
    might = agent.thoughts(view_of(table.decisions[turn - 1]), agent.minds[turn])
    return [replace(s, might=might) if s.role == "thought" else s for s in transcript(pair)]


def bench(table: Table, persona: Persona, rng: Random, turns: int = 0, line: str = "", said: str = "") -> list[Segment]:
    """A played episode, or `turns` turns of it in a row: round a telling one where there is one.

    `line`: the last line of the brief. `said`: the description that its thoughts begin with. Now and then a question of
    the interview follows.
    """
    messages = list(table.scene.transcript)
    pairs = [messages[i : i + 2] for i in range(1, len(messages) - 1, 2)]
    first, last = 0, len(pairs)
    agent = table.agent
    assert isinstance(agent, Slipping)
    if turns and turns < len(pairs):
        told = [f.turn for f in table.scene.findings if f.drive in PLAYS_ITSELF and f.turn not in agent.slipped]
        if told and rng.random() < 0.8:
            first = rng.choice(told) - 1 - rng.randrange(turns)
        elif rng.random() < 0.5:
            first = rng.randrange(len(pairs))
        first = max(0, min(first, len(pairs) - turns))
        last = first + turns
    brief = replace(messages[0], content="\n".join(filter(None, (messages[0].content, line))))
    out = transcript([brief])
    for turn, pair in enumerate(pairs[first:last], first + 1):
        out += spoken(table, turn, pair)
    if said:
        out = thinking_of(out, said, rng)
    interview = list(table.scene.world.scenario.interview)
    if interview and rng.random() < ASKED_AFTER:
        scene = table.decisions[last] if last < len(table.decisions) else table.scene
        out += answered(scene, rng.choice(interview), ScriptedAgent(persona.chat))
    return out


def life(scenarios: Sequence[Scenario], seed: int, described: float = DESCRIBED, tied: bool = True) -> Document:
    """A document of several pieces in random order, by one persona of the population (`tied`), or each by another."""
    plan = Random(f"{seed}/life")
    pieces: list[list[Segment]] = []
    form = plan.choices(list(FORMS), list(FORMS.values()))[0]
    stages = plan.sample(list(scenarios), min(2, len(scenarios)))
    for scenario in stages[: {"whole": 1, "pair": 2, "part": 1, "small": 0}[form]]:
        p = piece(seed, len(pieces), described, tied)
        turns = 0 if form == "whole" else p.chance.choice((2, 3, 3, 4))
        table = played(scenario, p.seed, p.persona, slips=SLIPS)
        pieces.append(bench(table, p.persona, p.chance, turns, *p.said(scenario.id)))
    while (room := LENGTH - sum(len(s.text) + 24 for one in pieces for s in one)) > 500:
        p = piece(seed, len(pieces), described, tied)
        if p.chance.random() < 0.5 and room > 900:
            pieces.append(tempted(p))
        else:
            pieces.append(questions(scenarios, p, min(p.chance.choice((1, 2, 3)), room // 250)))
    plan.shuffle(pieces)
    return [segment for one in pieces for segment in one]


def drill(scenarios: Sequence[Scenario], seed: int, described: float = DESCRIBED, tied: bool = True) -> Document:
    """The smallest pieces, as many as five hundred tokens hold: single choices and single questions."""
    plan = Random(f"{seed}/drill")
    pieces: list[list[Segment]] = []
    while sum(len(s.text) + 24 for one in pieces for s in one) < DRILL:
        p = piece(seed, len(pieces), described, tied)
        if plan.random() < 0.65:
            pieces.append(tempted(p, short=True))
        else:
            pieces.append(questions(scenarios, p, 1))
    return [segment for one in pieces for segment in one]


def tempted(p: Piece, short: bool = False) -> list[Segment]:
    """A made-up place where a piece's persona is tempted."""
    brief, said = p.said(MADE_UP)
    return thinking_of(temptation(p.chance, p.persona.bench, brief, short), said, p.chance)


def questions(scenarios: Sequence[Scenario], p: Piece, count: int) -> list[Segment]:
    """Questions put to a piece's persona in chat; untied, of one scenario, which is the place of what is said of it."""
    of = scenarios if p.tied else [p.chance.choice([s for s in scenarios if s.interview])]
    return talk(of, p.seed, p.persona, count, p.said(of[0].id)[0])
