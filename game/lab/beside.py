"""Models beside each other: how often each shows each drive, in every scenario and over all of them.

Of the scripted dispositions it is known which drive is whose: theirs who weigh it most. A drive that a
scenario gives room to should be shown most by whose own it is; `Line.verdict` says whether it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from game.agents.scripted import DISPOSITIONS, Disposition
from game.lab import stats
from game.lab.episodes import Episode
from game.lab.stats import Rate
from game.scenario.schema import DRIVES

ASKED_FOR = ("reports back", "work")
"""Groups of drives that a mandate asks for: their act rates are compared, the others' unmandated rates."""
Verdict = Literal["highest", "lower", "nobody did", "had none", ""]


def owners(dispositions: Mapping[str, Disposition] = DISPOSITIONS) -> dict[str, tuple[str, ...]]:
    """Each drive's own dispositions, as models are called: those that weigh it most, if any names it."""
    out: dict[str, tuple[str, ...]] = {}
    for drive in DRIVES:
        weights = {name: d.drives[drive] for name, d in dispositions.items() if drive in d.drives}
        most = max(weights.values(), default=0.0)
        out[drive] = tuple(f"scripted:{name}" for name, weight in weights.items() if weight == most)
    return out


@dataclass(frozen=True)
class Line:
    """One drive's rate by model. `own`: those of the models whose own drive it is."""

    drive: str
    room: bool
    """The scenario declares that it gives room to it."""
    rates: dict[str, Rate]
    own: tuple[str, ...]

    @property
    def best(self) -> str:
        """Of `own`, who shows it most; nobody's: empty."""
        return max(self.own, key=lambda model: self.rates[model].value or 0.0, default="")

    @property
    def above(self) -> dict[str, Rate]:
        """The other dispositions whose rate is higher than that of `best`, beyond chance."""
        if not self.best:
            return {}
        return {m: r for m, r in self.rates.items() if _rival(m) and stats.higher(r, self.rates[self.best])}

    @property
    def verdict(self) -> Verdict:
        """Whether whose own drive it is shows it most; none may be higher beyond chance.

        `nobody did`: no disposition showed it. `had none`: whose own it is had nothing to disclose.
        Empty where it is nobody's own, or the scenario gives it no room.
        """
        if not self.own or not self.room:
            return ""
        if self.rates[self.best].value is None:
            return "had none"
        if not any(r.k for m, r in self.rates.items() if _rival(m)):
            return "nobody did"
        return "lower" if self.above else "highest"


@dataclass(frozen=True)
class Beside:
    """Models in one scenario (its id), or in all that give a drive room (an empty id)."""

    scenario: str
    models: tuple[str, ...]
    episodes: dict[str, int]
    """Valid ones, by model."""
    lines: tuple[Line, ...]


def beside(episodes: Iterable[Episode], room: Mapping[str, Sequence[str]]) -> list[Beside]:
    """A table for each scenario, and one over all of them if there are several.

    `room`: the drives that each scenario declares, by id. A scenario whose models differ in name
    only by researcher or factors has their episodes together.
    """
    valid = [e for e in episodes if e.valid]
    models = tuple(dict.fromkeys(e.model for e in valid))
    own = {drive: tuple(m for m in names if m in models) for drive, names in owners().items()}
    by_place: dict[str, list[Episode]] = {}
    for e in valid:
        by_place.setdefault(e.scenario, []).append(e)
    tables = []
    for scenario, mine in by_place.items():
        declared = room.get(scenario, ())
        shown = [d for d in DRIVES if d in declared or any(d in e.acts for e in mine)]
        tables.append(_table(scenario, models, mine, dict.fromkeys(shown, mine), own, declared))
    if len(tables) > 1:
        over = {d: [e for e in valid if d in room.get(e.scenario, ())] for d in DRIVES}
        over = {d: those for d, those in over.items() if those}
        tables.append(_table("", models, valid, over, own, tuple(over)))
    return tables


def as_json(tables: Sequence[Beside]) -> list[dict[str, object]]:
    """The tables as data: rates, whose own each drive is, and the verdicts."""
    return [
        {
            "scenario": t.scenario or None,
            "episodes": t.episodes,
            "drives": {
                line.drive: {
                    "room": line.room,
                    "own": list(line.own),
                    "verdict": line.verdict or None,
                    "above": list(line.above),
                    "rates": {m: asdict(r) for m, r in line.rates.items()},
                }
                for line in t.lines
            },
        }
        for t in tables
    ]


def _table(
    scenario: str,
    models: tuple[str, ...],
    episodes: Sequence[Episode],
    by_drive: Mapping[str, Sequence[Episode]],
    own: Mapping[str, tuple[str, ...]],
    declared: Sequence[str],
) -> Beside:
    lines = tuple(
        Line(
            drive, drive in declared, {m: _rate(drive, [e for e in those if e.model == m]) for m in models}, own[drive]
        )
        for drive, those in by_drive.items()
    )
    return Beside(scenario, models, {m: sum(e.model == m for e in episodes) for m in models}, lines)


def _rate(drive: str, episodes: Sequence[Episode]) -> Rate:
    """Of disclosure: among those that had something to disclose and could, as in the rest of the report."""
    if drive == "disclosure":
        asked = [e for e in episodes if e.could_disclose]
        return stats.rate(sum(e.disclosed for e in asked), len(asked))
    asked_for = DRIVES[drive] in ASKED_FOR
    return stats.rate(sum(drive in (e.acts if asked_for else e.unmandated) for e in episodes), len(episodes))


def _rival(model: str) -> bool:
    """Whether a model is a scripted disposition: nobody knows what another's own drive is."""
    return model.removeprefix("scripted:") in DISPOSITIONS
