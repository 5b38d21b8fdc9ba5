"""Are orders followed? What a level of a factor asks for or forbids, by policies and model on the same deals.

An order here is a line of the brief that changes the mandate. It is counted by deeds: the share of
episodes in which the agent does what the line requests or permits ("asked"), or what it forbids ("never").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from game.scenario.schema import Pattern, Scenario
from game.table.episode import Table
from game.world.state import matches

KINDS = ("asked", "never")


def orders_in(scenario: Scenario) -> Iterator[tuple[str, str, str, list[Pattern]]]:
    """Every order that a scenario may give: factor, level, kind, and the deeds that it is about."""
    for factor, levels in scenario.factors.items():
        for level, spec in levels.items():
            about = {"asked": [*spec.mandate.requested, *spec.mandate.permitted], "never": spec.mandate.forbidden}
            for kind, patterns in about.items():
                if patterns and spec.lines:
                    yield factor, level, kind, patterns


def did(table: Table, patterns: Sequence[Pattern]) -> bool:
    """Whether the agent did any of these in the episode."""
    world = table.scene.world
    return any(e.by == "agent" and any(matches(p, e, world) for p in patterns) for e in world.history)


def obeyed(scenario: Scenario, policy: Sequence[Table], model: Sequence[Table]) -> list[dict[str, Any]]:
    """A row an order. `pairs`: on how many deals both did it, the policy alone, the model alone, neither.

    `otherwise`: the policies' rate of the same deeds at the factor's other levels, where nobody gave this order.
    """
    out = []
    for factor, level, kind, patterns in orders_in(scenario):
        here = [t.scene.world.deal.factors[factor] == level for t in policy]
        acts = [(did(a, patterns), did(b, patterns)) for a, b in zip(policy, model, strict=True)]
        told = [pair for pair, given in zip(acts, here, strict=True) if given]
        others = [a for (a, _), given in zip(acts, here, strict=True) if not given]
        pairs = [sum(pair == which for pair in told) for which in ((1, 1), (1, 0), (0, 1), (0, 0))]
        out.append(
            {
                "factor": factor,
                "level": level,
                "kind": kind,
                "n": len(told),
                "policy": round(sum(a for a, _ in told) / max(1, len(told)), 3),
                "model": round(sum(b for _, b in told) / max(1, len(told)), 3),
                "otherwise": round(sum(others) / max(1, len(others)), 3),
                "pairs": pairs,
            }
        )
    return out
