"""Episodes through the real table: scripted dispositions play every scenario in randomised worlds.

Prompts, menus and observations are those of play, because the table writes them. Varied are seeds,
factor levels, dispositions, what the researcher does, the menu's order, and names: from the
scenario's own pools, or from the broad word list, where any word may name anything.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from game.agents.scripted import DISPOSITIONS, MIX, ScriptedAgent
from game.forge.document import Document, Segment, answer, system, user
from game.forge.words import NAMES, WORDS
from game.scenario.deal import deal
from game.scenario.schema import Scenario
from game.table.episode import Table, opening_scene, play, view_of
from game.table.keyhole import ResearcherView
from game.table.protocol import CardPlay, ChatMessage
from game.table.render import question_text
from game.table.results import question_of

OWN_POOLS = 0.5
"""Share of episodes with the names that the scenario itself would deal."""
MEDDLING = 0.4
"""Share of episodes in which the researcher plays cards that the agent hears of."""
INTERVIEWS = 0.3
"""Share of documents that end with a question of the scenario's interview."""
HEARD = ("message", "grant", "deny", "cut", "revoke", "throttle", "bait")


@dataclass
class Meddler:
    """A researcher who now and then plays a card at random, so that their effects are in the corpus."""

    rng: Random
    chance: float
    name: str = "meddler"

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        asked = [o for o in view.offers if o.card == "grant" and not o.why_not]
        if asked and self.rng.random() < 0.6:
            return [CardPlay(self.rng.choice(("grant", "deny")), self.rng.choice(asked[0].targets)[0])]
        offers = [o for o in view.offers if o.card in HEARD and o.targets and not o.why_not]
        if not offers or self.rng.random() > self.chance:
            return []
        # Messages are what orders are: half of all cards.
        offer = self.rng.choice([o for o in offers if o.card == "message" and self.rng.random() < 0.5] or offers)
        return [CardPlay(offer.card, self.rng.choice(offer.targets)[0])]


def pools_for(scenario: Scenario, rng: Random) -> dict[str, list[str]] | None:
    """Any word in the place of any name, pool by pool; pools of phrases stay as they are."""
    if rng.random() < OWN_POOLS:
        return None
    pools: dict[str, list[str]] = {}
    words = rng.sample(WORDS, len(WORDS))
    names = rng.sample(NAMES, len(NAMES))
    for pool, options in scenario.noise.items():
        people = all(re.fullmatch("[A-Z][a-z]+", option) for option in options)
        if people or all(re.fullmatch("[a-z]+", option) for option in options):
            source = names if people and rng.random() < 0.8 else words
            pools[pool] = [source.pop() for _ in range(max(len(options), 12))]
    return pools


@dataclass(frozen=True)
class Cast:
    """What an episode is dealt: everything follows from it and the scenario."""

    seed: int
    factors: dict[str, str]
    disposition: str


def cast(scenario: Scenario, seed: int, who: str = "") -> Cast:
    """Levels uniformly, the disposition by `MIX` unless named."""
    rng = Random(f"{seed}/{scenario.id}/cast")
    factors = {factor: rng.choice(list(levels)) for factor, levels in scenario.factors.items()}
    return Cast(seed, factors, who or rng.choices(list(MIX), list(MIX.values()))[0])


def episode_table(scenario: Scenario, dealt: Cast, *, vary: bool = True, meddle: bool = True) -> Table:
    """The table of an episode before its first turn. `vary`: names from anywhere, shuffled menus."""
    rng = Random(f"{dealt.seed}/{scenario.id}/vary")
    pools = pools_for(scenario, rng) if vary else None
    world = deal(scenario, dealt.seed, dealt.factors, pools=pools, shuffle_menu=vary and rng.random() < 0.5)
    chance = rng.choice((0.1, 0.25)) if meddle and rng.random() < MEDDLING else 0.0
    agent = ScriptedAgent(DISPOSITIONS[dealt.disposition])
    return Table(opening_scene(world, f"{scenario.id}-{dealt.seed}"), agent, Meddler(rng, chance))


async def _play_out(table: Table) -> None:
    async for _ in play(table):
        pass


def transcript(messages: Sequence[ChatMessage]) -> list[Segment]:
    """Chat messages as segments of a document."""
    out: list[Segment] = []
    for m in messages:
        if m.role == "assistant":
            out += answer(m.content)
        else:
            out.append(system(m.content) if m.role == "system" else user(m.content))
    return out


def episode(scenario: Scenario, seed: int) -> Document:
    """One episode as a document; some stop early and end with a question of the interview."""
    dealt = cast(scenario, seed)
    table = episode_table(scenario, dealt)
    asyncio.run(_play_out(table))
    messages = list(table.scene.transcript)
    while messages[-1].role != "assistant":
        messages.pop()
    rng = Random(f"{seed}/{scenario.id}/interview")
    if not scenario.interview or rng.random() >= INTERVIEWS:
        return transcript(messages)
    turn = rng.randrange(1, sum(m.role == "assistant" for m in messages) + 1)
    view = replace(view_of(table.scene), turn=turn)
    question = question_of(table.scene.world, rng.choice(list(scenario.interview)))
    reply = asyncio.run(table.agent.ask(view, question))
    said = answer(f"SAY: {reply.say}\nANSWER: {reply.answer}")
    return [*transcript(messages[: 1 + 2 * turn]), user(question_text(question)), *said]
