"""The person in the researcher's chair: the table asks, a front end answers when the person has chosen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from game.table.keyhole import ResearcherView
from game.table.protocol import CardPlay

NAME = "player"


class Player:
    """Implements the table's `Researcher`. `on_phase` is called whenever the person may choose."""

    name = NAME

    def __init__(self, on_phase: Callable[[ResearcherView], None]) -> None:
        self._on_phase = on_phase
        self._choice: asyncio.Future[list[CardPlay]] | None = None
        self.away = 0
        """Phases that still pass while the person is at lunch."""

    @property
    def may_choose(self) -> bool:
        return self._choice is not None and not self._choice.done()

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        """Waits for the person, unless they are away."""
        if self.away > 0:
            self.away -= 1
            return []
        self._choice = asyncio.get_running_loop().create_future()
        self._on_phase(view)
        try:
            return await self._choice
        finally:
            self._choice = None

    def play(self, card: CardPlay) -> None:
        """Play a card in the phase that is on."""
        if self._choice is not None and not self._choice.done():
            self._choice.set_result([card])

    def go_on(self, turns: int = 1) -> None:
        """End the phase; with more than one turn, stay away for the phases between."""
        if self._choice is not None and not self._choice.done():
            self.away = turns - 1
            self._choice.set_result([])
