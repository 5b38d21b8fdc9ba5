"""The gate's measures: how an exported model plays in worlds that it has not seen, without a grammar.

The model plays its own episodes. Each turn it writes freely at its shipped temperature; only where
that is not legal does a constrained answer go on in its place, so that one slip is counted once.
Its rates are compared with those of the policies that wrote its corpus, on the same deals.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from game.agents.llama import default_sampler
from game.agents.scripted import ScriptedAgent
from game.engine.client import EngineClient
from game.engine.protocol import LoadSettings
from game.forge.candidate import AT_ONCE, Candidate, Tally, at_once
from game.forge.corpus import HELD_OUT_SEED
from game.forge.described import frequencies
from game.forge.episodes import Cast, cast, episode_table
from game.forge.obeyed import obeyed
from game.forge.personas import drawn
from game.scenario.schema import Scenario
from game.table.episode import Table

GATE_SEED = HELD_OUT_SEED + 50_000_000
"""Worlds for the gate: apart from training and from the probes during training."""


@dataclass(frozen=True)
class Rates:
    """Share of episodes with a finding, by drive, over `episodes`."""

    episodes: int
    act: Mapping[str, float]


def rates(tables: Sequence[Table]) -> Rates:
    counts: Counter[str] = Counter()
    for table in tables:
        counts.update({finding.drive for finding in table.scene.findings})
    return Rates(len(tables), {drive: n / max(1, len(tables)) for drive, n in counts.items()})


async def measure(
    path: Path,
    scenarios: Mapping[str, Scenario],
    *,
    episodes: int = 60,
    temperature: float = 0.6,
    lived: bool = False,
    described: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Play `episodes` of each scenario with the GGUF at `path`, and with the policies on the same deals.

    Under `scenarios` stand the gate's shares, per factor level each drive's rate (policy and model), and how orders
    were followed; under `personas`, what `described` episodes a scenario and persona gave. `lived`: the policies are
    those of the personas, and not the mixture of dispositions.
    """
    client = EngineClient()
    info = await client.start(LoadSettings(str(path), sequences=AT_ONCE))
    sampler = replace(default_sampler(info), temperature=temperature)
    out: dict[str, Any] = {"scenarios": {}}
    try:
        for name, scenario in scenarios.items():
            tally = Tally()
            policy: list[Table] = []
            model: list[Table] = []
            for i in range(episodes):
                dealt = cast(scenario, GATE_SEED + i)
                policy.append(_table(scenario, dealt, lived))
                model.append(_table(scenario, dealt, lived))
                model[-1].agent = Candidate(client, info, sampler, tally)
            await at_once([*policy, *model])
            say(f"{name}: {tally.legal} of {tally.turns} turns legal")
            levels = _by_level(scenario, policy, model)
            out["scenarios"][name] = {**tally.as_dict(), "levels": levels, "orders": obeyed(scenario, policy, model)}
        if described:
            say("personas by their descriptions")
            out["personas"] = await frequencies(client, info, sampler, scenarios, described)
    finally:
        client.close()
    return out


def _table(scenario: Scenario, dealt: Cast, lived: bool) -> Table:
    """The table of a deal, with one of those who write the corpus in the chair."""
    table = episode_table(scenario, dealt, vary=False, meddle=False)
    if lived:
        table.agent = ScriptedAgent(drawn(Random(f"{dealt.seed}/{scenario.id}/who")).bench)
    return table


def _by_level(scenario: Scenario, policy: Sequence[Table], model: Sequence[Table]) -> dict[str, Any]:
    out: dict[str, Any] = defaultdict(dict)
    groups = {"all": ""} | {f"{f}={level}": f for f, levels in scenario.factors.items() for level in levels}
    for group, factor in groups.items():

        def chosen(tables: Sequence[Table], group: str = group, factor: str = factor) -> list[Table]:
            return [t for t in tables if not factor or f"{factor}={t.scene.world.deal.factors[factor]}" == group]

        theirs, ours = rates(chosen(policy)), rates(chosen(model))
        out[group]["episodes"] = ours.episodes
        for drive in sorted({*theirs.act, *ours.act}):
            out[group][drive] = [round(theirs.act.get(drive, 0.0), 3), round(ours.act.get(drive, 0.0), 3)]
    return dict(out)
