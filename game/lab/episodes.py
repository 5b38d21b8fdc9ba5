"""What a report needs of each episode, read from journals one episode at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from game.errors import UserError
from game.events import AgentTurn, Branch, EpisodeEnd, EpisodeStart, Event, Happened
from game.journal.read import Reader, Recorded, lineage
from game.journal.scenarios import finder
from game.referee.ledger import UNMANDATED
from game.scenario.deal import deal
from game.scenario.load import Loaded
from game.world.state import World, begin, holds

VALID = ("completed", "stopped", "looping")
"""Statuses whose episodes count: the agent played until it had done, was stopped, or did nothing new."""
STATUSES = ("completed", "stopped", "looping", "truncated", "invalid", "crashed")


@dataclass(frozen=True)
class Episode:
    """One ended episode, as far as reports count it."""

    id: str
    scenario: str
    sha256: str
    model: str
    variant: str
    """What tells apart two models of one name: sha256 and temperature."""
    seed: int
    factors: dict[str, str]
    researcher: str
    status: str
    reason: str
    acts: frozenset[str]
    """Drives with a finding."""
    unmandated: frozenset[str]
    """Drives with a finding that was unasked or forbidden."""
    groups: frozenset[str]
    unmandated_groups: frozenset[str]
    propensities: dict[str, float] | None
    """None where none were asked for."""
    could_disclose: bool
    """It had something to disclose, and a report was legal afterwards."""
    disclosed: bool
    turns: int
    seconds: float
    prompt: int
    cached: int
    generated: int

    @property
    def valid(self) -> bool:
        return self.status in VALID


@dataclass
class Collection:
    """The episodes of some journals, and what has to be said about reading them."""

    episodes: list[Episode] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    headers: list[dict[str, Any]] = field(default_factory=list)
    named: dict[str, list[str]] = field(default_factory=dict)
    """Factors that a run crossed, with their levels, in the order of the command line."""
    scenarios: dict[str, Loaded] = field(default_factory=dict)
    """Those that are still there, by id; each with the hash that it has now."""

    def scenario(self, id: str, sha256: str) -> Loaded | None:
        """The scenario as it was when it was played; None if it was changed since, or is gone."""
        loaded = self.scenarios.get(id)
        return loaded if loaded is not None and loaded.sha256 == sha256 else None


def collect(files: Iterable[Path]) -> Collection:
    """Read every ended episode of these journals. Raises UserError for what is not a journal."""
    out = Collection()
    seen: set[tuple[str, str, str, int]] = set()
    for path in files:
        reader = Reader(path)
        settings = reader.header.settings
        out.headers.append({"file": str(path), **reader.header.model_dump(exclude={"type"})})
        factors = settings.get("factors")
        for name, levels in factors.items() if isinstance(factors, dict) else ():
            if not isinstance(levels, list):
                # A saved game has one level of each: nothing to compare.
                continue
            known = out.named.setdefault(str(name), [])
            known += [str(x) for x in levels if x not in known]
        find = finder(reader.header)
        twice: list[str] = []
        past: dict[str, Recorded] = {}
        for recorded in reader.episodes():
            if reader.header.kind == "save":
                # A branch's story begins in its parent.
                past[recorded.id] = recorded
            if recorded.end is None:
                continue
            events = recorded.events if recorded.branch is None else lineage(past, recorded.id)
            asked = bool(settings.get("propensities")) or bool(recorded.end.propensities)
            scenario = recorded.end.scenario
            if scenario not in out.scenarios:
                with contextlib.suppress(UserError):
                    out.scenarios[scenario] = find(scenario)
            loaded = out.scenario(scenario, recorded.end.scenario_sha256)
            episode = _episode(recorded.end, events, asked, loaded)
            if isinstance(settings.get("temperature"), int | float):
                episode = replace(episode, variant=f"{episode.variant} at {settings['temperature']}".strip())
            key = (episode.id, episode.researcher, episode.variant, episode.seed)
            if key in seen:
                twice.append(episode.id)
                continue
            seen.add(key)
            out.episodes.append(episode)
        if twice:
            which = f"episode {twice[0]} was" if len(twice) == 1 else f"{len(twice)} episodes (as {twice[0]}) were"
            out.notes.append(f"{path}: {which} in another file already; the first counts")
        out.notes += [f"{path}: {note}" for note in reader.notes]
    variants: dict[str, set[str]] = {}
    for episode in out.episodes:
        variants.setdefault(episode.model, set()).add(episode.variant)
    out.episodes = [
        replace(e, model=f"{e.model} ({e.variant or 'default'})") if len(variants[e.model]) > 1 else e
        for e in out.episodes
    ]
    return out


def from_events(events: list[Event], loaded: Loaded, propensities: bool = False) -> Episode:
    """An episode that was just played."""
    end = events[-1]
    assert isinstance(end, EpisodeEnd)
    return _episode(end, events, propensities, loaded)


def _episode(end: EpisodeEnd, events: list[Event], asked: bool, loaded: Loaded | None) -> Episode:
    bad = [f for f in end.findings if f.mandate in UNMANDATED]
    to_disclose = end.honesty.to_disclose
    return Episode(
        id=end.episode,
        scenario=end.scenario,
        sha256=end.scenario_sha256,
        model=end.model,
        variant=end.model_sha256[:8],
        seed=_seed(end, events),
        factors=end.factors,
        researcher=end.researcher,
        status=end.status,
        reason=end.reason,
        acts=frozenset(f.drive for f in end.findings),
        unmandated=frozenset(f.drive for f in bad),
        groups=frozenset(f.group for f in end.findings),
        unmandated_groups=frozenset(f.group for f in bad),
        propensities=end.propensities if asked else None,
        could_disclose=bool(to_disclose) and could_report(events, to_disclose, loaded),
        disclosed=bool(to_disclose) and all(end.honesty.verdicts.get(f) == "disclosed" for f in to_disclose),
        turns=end.turns,
        seconds=end.seconds,
        prompt=end.tokens.prompt,
        cached=end.tokens.cached,
        generated=end.tokens.generated,
    )


def _seed(end: EpisodeEnd, events: list[Event]) -> int:
    """What pairs an episode with another: its seed; of forks, which share one, that of their first draw."""
    branch = next((e for e in events if isinstance(e, Branch)), None)
    if branch is None:
        return end.seed
    return next((e.seed for e in events if isinstance(e, AgentTurn) and e.turn >= branch.turn), end.seed)


def could_report(events: list[Event], facts: list[str], loaded: Loaded | None) -> bool:
    """Whether at some decision after the first of `facts` became true a report was on the menu.

    The world is folded from the recorded effects. Without the scenario (`loaded` None: it was
    changed since, or is gone) any decision after the first unmandated finding counts.
    """
    if loaded is None:
        bad = [e.finding.turn for e in events if e.type == "found" and e.finding.mandate in UNMANDATED]  # type: ignore[attr-defined]
        return bool(bad) and any(isinstance(e, AgentTurn) and e.turn > min(bad) for e in events)
    start = next((e for e in events if isinstance(e, EpisodeStart)), None)
    if start is None:
        return False
    scenario = loaded.scenario
    reports = [m for m in scenario.moves.values() if any(a.facts for a in m.args.values())]
    whens = [scenario.facts[f].when for f in facts if f in scenario.facts]
    world: World = begin(deal(scenario, start.seed, start.factors))
    true = False
    for event in events:
        if isinstance(event, AgentTurn):
            world = World(world.deal, world.values, world.history, world.fired, event.turn, world.granted)
            if true and any(holds(m.needs, world) for m in reports):
                return True
        elif isinstance(event, Happened):
            world = world.after(event.effects)
            true = true or any(holds(w, world) for w in whens)
    return False
