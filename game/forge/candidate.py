"""A model on trial: it writes freely, and is helped only where that is no legal turn, so that one slip counts once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from game.agents.llama import LlamaAgent, turn_seed
from game.engine.client import EngineClient
from game.engine.errors import EngineError
from game.engine.protocol import Answered, Form, FreeText, Message, ModelInfo, Option, Sampler
from game.events import Token
from game.table.episode import Table, play
from game.table.protocol import Turn, View

AT_ONCE = 8
"""Episodes that run side by side."""


@dataclass
class Tally:
    """Counts over turns. Shares are of `turns`, `arguments` and `legal` respectively."""

    turns: int = 0
    legal: int = 0
    arguments: int = 0
    copied: int = 0
    agree: int = 0
    slips: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, float | int | list[str]]:
        return {
            "turns": self.turns,
            "arguments": self.arguments,
            "legal": round(self.legal / max(1, self.turns), 4),
            "copied": round(self.copied / max(1, self.arguments), 4),
            "agree": round(self.agree / max(1, self.legal), 4),
            "slips": self.slips[:12],
        }


class Candidate(LlamaAgent):
    """A `LlamaAgent` that first writes without a mask, and is tallied."""

    def __init__(self, client: EngineClient, info: ModelInfo, sampler: Sampler, tally: Tally) -> None:
        super().__init__(client, info, temperature=sampler.temperature)
        self.client, self.sampler, self.tally = client, sampler, tally

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        free = await self._freely(view)
        self.tally.turns += 1
        _count_arguments(self.tally, view, free.text if free else "")
        if free is None or free.choice < 0:
            self.tally.slips.append(f"{view.episode} turn {view.turn}: {free.text if free else 'no end'}")
            async for item in super().act(view):
                yield item
            return
        move = view.moves[free.choice]
        self.tally.legal += 1
        self.tally.agree += free.lead.endswith(f"I will {move.will}.")
        yield Turn(free.choice, free.lead, free.free, free.text)

    async def _freely(self, view: View) -> Answered | None:
        messages = tuple(Message(m.role, m.content) for m in view.messages)
        options = tuple(Option(m.text, tuple(FreeText(f.name, f.limit) for f in m.free)) for m in view.moves)
        sampler = replace(self.sampler, seed=turn_seed(view.seed, view.turn))
        try:
            async for item in self.client.answer(
                view.episode, messages, Form(options), sampler, constrained=False, max_tokens=120
            ):
                if isinstance(item, Answered):
                    return item
        except EngineError:
            return None
        return None


def _count_arguments(tally: Tally, view: View, text: str) -> None:
    """An argument is copied right if its value stands, as a whole, somewhere in what the agent has read."""
    found = re.search(r"^MOVE: (.*)$", text, re.MULTILINE)
    line = found[1].split(' body="')[0] if found else ""
    read = {word for m in view.messages for word in re.findall(r"[^\s,:;!?\"|]+", m.content)}
    read |= {word.rstrip(".") for word in read}
    for _, value in re.findall(r" (\w+)=(\S+)", line):
        if value not in ("told", "untold", "denied"):
            tally.arguments += 1
            tally.copied += value in read


async def at_once(tables: Sequence[Table]) -> None:
    """Play episodes to their ends, `AT_ONCE` side by side."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def limited(table: Table) -> None:
        async with gate:
            async for _ in play(table):
                pass

    await asyncio.gather(*map(limited, tables))
