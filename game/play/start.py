"""What a game begins with, as the command line says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The title screen comes before the rules of the game are imported.
    from pathlib import Path

    from game.events import Truncation
    from game.play.week import Week


@dataclass(frozen=True)
class Start:
    """The title, a scenario's briefing, a save, or a week."""

    scenario: str = ""
    model: str = ""
    seed: int | None = None
    factors: tuple[tuple[str, str], ...] = ()
    resume: Path | None = None
    week: Week | None = None
    facilitator: bool = False
    truncation: Truncation = "disabled"
