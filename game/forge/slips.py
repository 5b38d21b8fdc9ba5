"""Slips: from its own play alone a model would learn nothing about the places to which its own mistakes lead.

So in the bases' corpus something now and then goes astray, and what is learnt is what to do then (noise in
demonstrations: Laskey et al. 2017).
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from game.agents.random import uniform
from game.agents.scripted import Disposition, Mind, ScriptedAgent
from game.table.protocol import Turn, View

SLIPS = 0.12
"""Share of turns of a life's episodes that are slips. Nothing is learnt from their own text."""


class Slipping(ScriptedAgent):
    """A disposition that now and then makes a move of any kind, and goes on as itself."""

    def __init__(self, disposition: Disposition, share: float) -> None:
        super().__init__(disposition)
        self._share = share
        self.slipped: set[int] = set()
        """Turns in which it slipped."""
        self.minds: dict[int, Mind] = {}
        """What each of its turns was drawn from, where it did not slip."""

    def decide(self, view: View) -> Turn:
        """Its turn, or a slip; never in the first turn, and no slip ends the job."""
        mind = self.mind(view)
        if view.turn > 1 and Random(f"{view.seed}/{view.turn}/slips").random() < self._share:
            turn = self.draw(view, replace(mind, p=uniform(view)))
            if view.moves[turn.move].name != "finish":
                self.slipped.add(view.turn)
                return turn
        self.minds[view.turn] = mind
        return self.draw(view, mind)
