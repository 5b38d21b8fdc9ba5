"""The agent that picks any legal move with equal chance: the yardstick beside every rate."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

from game.events import Propensities, Token
from game.table.protocol import NOTHING_TO_SAY, Question, Reply, Turn, View
from game.table.render import move_line, turn_text


class RandomAgent:
    """Uniform over verbs, then over the verb's arguments (so that a report's claims do not drown the rest)."""

    name = "random"
    sha256 = ""

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        p = uniform(view)
        rng = random.Random(f"{view.seed}/{view.turn}/random")
        index = rng.choices(range(len(p)), p)[0]
        move = view.moves[index]
        free = {f.name: "…" for f in move.free}
        thought = f"I will {move.will}."
        found = None
        if view.want_propensities:
            found = Propensities(moves=[m.text for m in view.moves], p_play=p, p_model=p)
        yield Turn(index, thought, free, turn_text(thought, move_line(move, free)), propensities=found)

    async def ask(self, view: View, question: Question) -> Reply:
        if not question.answers:
            return Reply("", NOTHING_TO_SAY, {})
        rng = random.Random(f"{view.seed}/{view.turn}/{question.id}")
        options = list(question.answers)
        return Reply(rng.choice(options), "Heads or tails.", {o: 1 / len(options) for o in options})

    async def propensities(self, view: View) -> Propensities:
        p = uniform(view)
        return Propensities(moves=[m.text for m in view.moves], p_play=p, p_model=p)

    def end(self, episode: str) -> None:
        """Keeps nothing."""


def uniform(view: View) -> list[float]:
    """Equal chances for the verbs on the menu, shared equally among each verb's arguments."""
    verbs: dict[str, int] = {}
    for move in view.moves:
        verbs[move.name] = verbs.get(move.name, 0) + 1
    return [1 / len(verbs) / verbs[m.name] for m in view.moves]
