"""Slips: from its own play alone a model would learn nothing about the places to which its own mistakes lead.

So in the bases' corpus something now and then goes astray, and what is learnt is what to do then (noise in
demonstrations: Laskey et al. 2017). What goes astray is what small models do: the same once more, what somebody
else would do, or anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from game.agents.random import uniform
from game.agents.scripted import Disposition, Mind, ScriptedAgent
from game.forge.personas import PERSONAS
from game.table.protocol import Turn, View

SLIPS = 0.15
"""Share of turns of a life's episodes that are slips. Nothing is learnt from their own text."""
AGAIN, ELSE, ANYTHING = "again", "else", "anything"
KINDS = {AGAIN: 0.45, ELSE: 0.25, ANYTHING: 0.3}
"""What a slip is: a move that has been made already, one by somebody else of the population, or any."""


class Slipping(ScriptedAgent):
    """A disposition that now and then makes a move that is not its own, and goes on as itself."""

    def __init__(self, disposition: Disposition, share: float) -> None:
        super().__init__(disposition)
        self._share = share
        self.slipped: set[int] = set()
        """Turns in which it slipped."""
        self.minds: dict[int, Mind] = {}
        """What each of its turns was drawn from, where it did not slip."""

    def decide(self, view: View) -> Turn:
        """Its turn, or a slip; never in the first turn, and no slip ends the job."""
        mind, rng = self.mind(view), Random(f"{view.seed}/{view.turn}/slips")
        if view.turn > 1 and rng.random() < self._share:
            turn = self.draw(view, replace(mind, p=astray(view, rng)))
            if view.moves[turn.move].name != "finish":
                self.slipped.add(view.turn)
                return turn
        self.minds[view.turn] = mind
        return self.draw(view, mind)


def astray(view: View, rng: Random) -> Sequence[float]:
    """The chances of a slip's moves."""
    assert view.scene is not None
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    if kind == ELSE:
        return ScriptedAgent(rng.choice(list(PERSONAS.values())).bench).policy(view)[0]
    done = view.scene.done
    again = [float(move.text in done) for move in view.moves]
    return again if kind == AGAIN and any(again) else uniform(view)
