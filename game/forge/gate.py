"""The gate: what a base must do before anything is claimed from it, a line a criterion, from what `measure` found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from game.forge.obeyed import KINDS
from game.lab.stats import paired

LEGAL, COPIED, AGREE = 0.98, 0.97, 0.97
"""Least shares: of turns, of arguments, of legal turns."""
ABOVE = 0.08
"""Most that a persona's total variation may be above its sampling floor."""
FLOOR = 0.1
"""Highest sampling floor that tells anything: above it, twice the distance would pass as well."""
ORDERS = 0.1
"""Most that the rate of what an order is about may differ from the policies'."""
FEWEST = 50
"""Episodes with an order of a kind, at least."""
OF = {"legal": ("turns", LEGAL), "copied": ("arguments", COPIED), "agree": ("turns", AGREE)}
SAYS = {
    "legal": "turns legal without the grammar",
    "copied": "arguments copied right",
    "agree": "thought and move agree",
    "asked": "orders: done where it is asked for",
    "never": "orders: done where it is forbidden",
}


@dataclass(frozen=True)
class Criterion:
    """One line of the gate. `value` is None where nothing was measured, and then it is not passed."""

    says: str
    value: float | None
    wanted: str
    n: int
    of: str
    passed: bool
    note: str = ""
    enough: bool = True
    """Whether there was enough to tell; too little is not passed."""


def criteria(found: Mapping[str, Any]) -> list[Criterion]:
    """Every criterion, from the numbers that `measure` keeps."""
    scenarios: Mapping[str, Any] = found["scenarios"]
    out = shares(scenarios)
    out += _personas(found.get("personas", []))
    out += [_orders(kind, [row for s in scenarios.values() for row in s.get("orders", [])]) for kind in KINDS]
    return out + _coupled(found.get("coupled", []))


def shares(scenarios: Mapping[str, Any]) -> list[Criterion]:
    """Legality, copying and agreement, over all turns."""
    return [_share(key, scenarios) for key in OF]


def _share(key: str, scenarios: Mapping[str, Any]) -> Criterion:
    of, least = OF[key]
    weights = {i: s.get(of, s["turns"]) * (s["legal"] if key == "agree" else 1) for i, s in scenarios.items()}
    n = sum(weights.values())
    if not n:
        return _missing(SAYS[key], f"at least {least}", of)
    value = sum(weights[i] * s[key] for i, s in scenarios.items()) / n
    worst = min(scenarios, key=lambda i: scenarios[i][key])
    note = f"least in {worst}: {scenarios[worst][key]:.3f}"
    return Criterion(SAYS[key], value, f"at least {least}", round(n), of, value >= least, note)


def _personas(rows: Sequence[Mapping[str, Any]]) -> list[Criterion]:
    wanted = f"at most {ABOVE} above the floor"
    if not rows:
        return [_missing("personas by their descriptions", wanted, "decisions")]
    known = {"lines": "described", "held_out": "in words that no corpus has"}
    return [
        Criterion(
            f"{row['persona']}, {known[row['told']]}",
            row["above"],
            wanted,
            row["n"],
            "decisions",
            row["above"] <= ABOVE and row["floor"] <= FLOOR,
            f"variation {row['variation']:.3f}, floor {row['floor']:.3f}; anybody's {row['ignoring']:.3f}; hardly ever"
            f" its own {row['astray']:.3f}"
            + (f"; by what moves show {row['shown']:.3f}, floor {row['shown_floor']:.3f}" if "shown" in row else ""),
            row["floor"] <= FLOOR,
        )
        for row in rows
    ]


def _orders(kind: str, rows: Sequence[Mapping[str, Any]]) -> Criterion:
    """Over the scenarios; pairs of episodes on the same deal."""
    wanted = f"within {ORDERS} of the policies"
    own = [row for row in rows if row["kind"] == kind and row["n"]]
    sums = [sum(row["pairs"][i] for row in own) for i in range(4)]
    pairs = [pair for pair, times in zip(((1, 1), (1, 0), (0, 1), (0, 0)), sums, strict=True) for _ in range(times)]
    found = paired([(bool(a), bool(b)) for a, b in pairs])
    if found.value is None:
        return _missing(SAYS[kind], wanted, "episodes")
    policy, model = (sums[0] + sums[1]) / found.n, (sums[0] + sums[2]) / found.n
    otherwise = sum(row["otherwise"] * row["n"] for row in own) / found.n
    far = max(own, key=lambda row: abs(row["model"] - row["policy"]))
    return Criterion(
        SAYS[kind],
        found.value,
        wanted,
        found.n,
        "episodes",
        abs(found.value) <= ORDERS and found.n >= FEWEST,
        f"model {model:.2f}, policies {policy:.2f}, {otherwise:.2f} where it is not said; interval {found.low:+.2f} to"
        f" {found.high:+.2f}; furthest {far['model'] - far['policy']:+.2f} of {far['n']}",
        found.n >= FEWEST,
    )


def _coupled(rows: Sequence[Mapping[str, Any]]) -> list[Criterion]:
    wanted = "interval above 0 nats"
    if not rows:
        return [_missing("coupled, bench and chat", wanted, "pairs")]
    out = []
    for row in rows:
        gain = row["gain"]
        low, high = gain["low"], gain["high"]
        note = "" if low is None else f"interval {low:+.2f} to {high:+.2f}"
        says = f"coupled: {row['persona']}, {row['context']} then {row['target']}"
        out.append(Criterion(says, gain["value"], wanted, gain["n"], "pairs", low is not None and low > 0, note))
    return out


def _missing(says: str, wanted: str, of: str) -> Criterion:
    return Criterion(says, None, wanted, 0, of, False, "not measured")


def table(lines: Sequence[Criterion]) -> list[str]:
    """The gate as Markdown, and in words whether it is passed."""
    out = ["| criterion | found | wanted | n | |", "|---|---|---|---|---|"]
    for c in lines:
        value = "-" if c.value is None else f"{c.value:.3f}"
        verdict = (
            "pass" if c.passed else "not measured" if c.value is None else "fail" if c.enough else "too few to tell"
        )
        note = f" ({c.note})" if c.note and c.value is not None else ""
        out.append(f"| {c.says} | {value}{note} | {c.wanted} | {c.n} {c.of} | {verdict} |")
    failed = sum(not c.passed for c in lines)
    return [*out, "", f"{failed} of {len(lines)} lines are not passed." if failed else "The gate is passed."]


def as_json(lines: Sequence[Criterion]) -> list[dict[str, Any]]:
    """The same for a file."""
    return [asdict(c) for c in lines]
