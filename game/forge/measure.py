"""The gate: how an exported model plays in worlds that it has not seen, without a grammar.

The model plays its own episodes. Each turn it writes freely at its shipped temperature; only where
that is not legal does a constrained answer go on in its place, so that one slip is counted once.
Its rates are compared with those of the policies that wrote its corpus, on the same deals.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from game.agents.llama import LlamaAgent, default_sampler, turn_seed
from game.engine.client import EngineClient
from game.engine.errors import EngineError
from game.engine.protocol import Answered, Form, FreeText, LoadSettings, Message, ModelInfo, Option, Sampler
from game.events import Token
from game.forge.corpus import HELD_OUT_SEED
from game.forge.episodes import cast, episode_table
from game.scenario.schema import Scenario
from game.table.episode import Table, play
from game.table.protocol import Turn, View

GATE_SEED = HELD_OUT_SEED + 50_000_000
"""Worlds for the gate: apart from training and from the probes during training."""
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


async def _run(table: Table) -> Table:
    async for _ in play(table):
        pass
    return table


@dataclass(frozen=True)
class Rates:
    """Share of episodes with a finding, by drive, over `episodes`."""

    episodes: int
    act: Mapping[str, float]


def rates(tables: list[Table]) -> Rates:
    counts: Counter[str] = Counter()
    for table in tables:
        counts.update({finding.drive for finding in table.scene.findings})
    return Rates(len(tables), {drive: n / max(1, len(tables)) for drive, n in counts.items()})


async def measure(
    path: Path, scenarios: Mapping[str, Scenario], *, episodes: int = 60, temperature: float = 0.6
) -> dict[str, Any]:
    """Play `episodes` of each scenario with the GGUF at `path`, and with the scripted mixture on the same deals.

    Returns per scenario the gate's shares, and per factor level each drive's rate: policy and model.
    """
    client = EngineClient()
    info = await client.start(LoadSettings(str(path), sequences=AT_ONCE))
    sampler = replace(default_sampler(info), temperature=temperature)
    out: dict[str, Any] = {}
    gate = asyncio.Semaphore(AT_ONCE)
    try:
        for name, scenario in scenarios.items():
            tally = Tally()
            policy: list[Table] = []
            model: list[Table] = []
            for i in range(episodes):
                dealt = cast(scenario, GATE_SEED + i)
                policy.append(episode_table(scenario, dealt, vary=False, meddle=False))
                table = episode_table(scenario, dealt, vary=False, meddle=False)
                table.agent = Candidate(client, info, sampler, tally)
                model.append(table)

            async def limited(table: Table) -> Table:
                async with gate:
                    return await _run(table)

            await asyncio.gather(*(_run(t) for t in policy), *(limited(t) for t in model))
            out[name] = {**tally.as_dict(), "levels": _by_level(scenario, policy, model)}
    finally:
        client.close()
    return out


def _by_level(scenario: Scenario, policy: list[Table], model: list[Table]) -> dict[str, Any]:
    out: dict[str, Any] = defaultdict(dict)
    groups = {"all": ""} | {f"{f}={level}": f for f, levels in scenario.factors.items() for level in levels}
    for group, factor in groups.items():

        def chosen(tables: list[Table], group: str = group, factor: str = factor) -> list[Table]:
            return [t for t in tables if not factor or f"{factor}={t.scene.world.deal.factors[factor]}" == group]

        theirs, ours = rates(chosen(policy)), rates(chosen(model))
        out[group]["episodes"] = ours.episodes
        for drive in sorted({*theirs.act, *ours.act}):
            out[group][drive] = [round(theirs.act.get(drive, 0.0), 3), round(ours.act.get(drive, 0.0), 3)]
    return dict(out)
