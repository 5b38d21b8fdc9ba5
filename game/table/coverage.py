"""What a scenario's plays reach: moves, cases, rules, beats, endings, and the worst case of its texts."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from game.events import CardPlayed, EpisodeEnd, Event, Happened, Observed, Token
from game.referee.ledger import judge
from game.scenario.deal import Deal, deal
from game.scenario.schema import Scenario
from game.table.cards import hand
from game.table.episode import Table, opening_scene, play
from game.table.keyhole import ResearcherView
from game.table.protocol import Agent, CardPlay
from game.table.scene import Scene
from game.world.moves import legal_moves, make_move
from game.world.state import holds

MOST_CELLS = 24
"""Combinations of factor levels that are played; beyond that each level is played with the others at their first."""
MOST_STATES = 1_000_000
"""States that are told apart; beyond that they are no longer counted, so that memory stays bounded."""
MOST_CRASHES = 20
"""Crashes that are told; the others are only counted."""
UNFILLED = re.compile(r"\{[a-z_.]*\}")


@dataclass(frozen=True)
class Worst:
    """The largest of something that was measured, and where it was met."""

    size: int = 0
    where: str = ""
    text: str = ""

    def or_this(self, size: int, where: str, text: str) -> Worst:
        return Worst(size, where, text) if size > self.size else self


@dataclass
class Coverage:
    """Counts over plays. `offered`: moves that were legal at a decision; `as_if`: what they would have done."""

    plays: int = 0
    turns: int = 0
    crashed: int = 0
    crashes: list[str] = field(default_factory=list)
    """The first of them."""
    offered: Counter[str] = field(default_factory=Counter)
    cases: Counter[tuple[str, int]] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    traced: Counter[str] = field(default_factory=Counter)
    """Moves that left a trace somewhere."""
    logged: Counter[str] = field(default_factory=Counter)
    """Places at which a log says something."""
    rules: Counter[str] = field(default_factory=Counter)
    rules_as_if: Counter[str] = field(default_factory=Counter)
    drives: Counter[str] = field(default_factory=Counter)
    beats: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    playable: Counter[str] = field(default_factory=Counter)
    """Cards that had something to be played on."""
    ambiguous: Counter[str] = field(default_factory=Counter)
    """Move lines that two legal moves shared."""
    unfilled: Counter[str] = field(default_factory=Counter)
    states: set[int] = field(default_factory=set)
    """Hashes of the states of the world that were met at a decision."""
    states_before: int = 0
    """How many of them had been met when a tenth of the plays was left."""
    moves: Worst = Worst()
    brief: Worst = Worst()
    observation: Worst = Worst()
    transcript: Worst = Worst()


class Nobody:
    """A researcher who plays no card."""

    name = "absent"

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        return []


def cells(scenario: Scenario) -> list[dict[str, str]]:
    """Combinations of factor levels to play: all, or each level once where that would be too many."""
    factors = list(scenario.factors)
    crossed = list(itertools.product(*(list(scenario.factors[f]) for f in factors)))
    if len(crossed) <= MOST_CELLS:
        return [dict(zip(factors, combination, strict=True)) for combination in crossed]
    return [{}, *({f: level} for f in factors for level in list(scenario.factors[f])[1:])]


async def cover(
    scenario: Scenario,
    agents: Sequence[Agent],
    plays: int,
    count: Callable[[str], int],
    *,
    seed: int = 0,
    as_if: bool = True,
    done: Callable[[Table, list[Event]], object] | None = None,
) -> Coverage:
    """Play `plays` episodes, every cell and agent in turn. `count` measures a text in tokens.

    `as_if`: also count what every legal move would have done, which takes longer. `done` gets each play.
    """
    found = Coverage()
    combinations = cells(scenario)
    for n in range(plays):
        # Scripts never wait for anything: let Ctrl-C in.
        await asyncio.sleep(0)
        if n == plays * 9 // 10:
            found.states_before = len(found.states)
        agent = agents[n % len(agents)]
        factors = combinations[(n // len(agents)) % len(combinations)]
        table = Table(opening_scene(deal(scenario, seed + n, factors), f"{agent.name}-{n}"), agent, Nobody())
        try:
            events = [e async for e in play(table) if not isinstance(e, Token)]
        except Exception as e:
            found.crashed += 1
            if len(found.crashes) < MOST_CRASHES:
                levels = ", ".join(f"{f}={level}" for f, level in factors.items()) or "no factors"
                found.crashes.append(f"{type(e).__name__}: {e} (seed {seed + n}, {agent.name}, {levels})")
            continue
        add(found, table, events, count, as_if=as_if)
        if done is not None:
            done(table, events)
    return found


def add(
    found: Coverage, table: Table, events: Iterable[Event], count: Callable[[str], int], *, as_if: bool = True
) -> None:
    """Count one finished play."""
    found.plays += 1
    scene = table.scene
    dealt = scene.world.deal
    for event in events:
        if isinstance(event, Happened):
            (found.beats if event.by == "beat" else found.made)[event.cause] += 1
            found.effects.update(e.do for e in event.effects)
            _texts(found, [event.says, *(t.says for t in event.traces)])
            for trace in event.traces:
                if trace.where in ("console", "monitor", "access_log"):
                    found.logged[trace.place] += 1
                if event.by == "agent" and trace.where != "nowhere":
                    found.traced[event.cause] += 1
        elif isinstance(event, Observed):
            found.turns += 1
            where = f"turn {event.turn}, {_where(dealt)}"
            found.observation = found.observation.or_this(count(event.says), where, event.says)
        elif isinstance(event, CardPlayed):
            _texts(found, event.shows)
        elif isinstance(event, EpisodeEnd):
            found.statuses[event.status] += 1
            if event.outcome:
                found.endings[event.outcome.ending] += 1
                _texts(found, [event.outcome.says])
            for finding in event.findings:
                found.rules[finding.rule] += 1
                found.drives[finding.drive] += 1
    told = scene.transcript[0].content
    _texts(found, [told])
    found.brief = found.brief.or_this(count(told), _where(dealt), told)
    whole = sum(count(m.content) + 4 for m in scene.transcript)
    found.transcript = found.transcript.or_this(whole, f"{table.agent.name}, {_where(dealt)}", "")
    for decision in table.decisions:
        if len(found.states) < MOST_STATES:
            values = decision.world.values
            found.states.add(hash(frozenset((k, v) for k, v in values.items() if v is not None)))
        if as_if:
            _decision(found, decision)
    found.facts.update(n for n, f in dealt.scenario.facts.items() if holds(f.when, scene.world))


def _decision(found: Coverage, scene: Scene) -> None:
    """What every legal move of a decision would have done."""
    world = scene.world
    legal = legal_moves(world)
    spoken = [m for m in legal if m.name != "report"]
    grounded = len({(m.name, tuple(v for a, v in m.args.items() if a not in world.scenario.facts)) for m in legal})
    found.moves = found.moves.or_this(grounded, f"turn {world.turn}, {_where(world.deal)}", "")
    found.ambiguous.update(line for line, n in Counter(m.text for m in legal).items() if n > 1)
    found.offered.update({m.name for m in legal})
    for move in spoken:
        args = {**move.args, **{f.name: "" for f in move.free}}
        spec = world.scenario.moves[move.name]
        found.cases[(move.name, next(n for n, c in enumerate(spec.cases) if holds(c.when, world, args)))] += 1
        result = make_move(world, move)
        found.rules_as_if.update(f.rule for f in judge(world, result.world, result.effects))
        if any(t.where != "nowhere" for t in result.traces):
            found.traced[move.name] += 1
    if any(m.name == "report" for m in legal):
        first = next(m for m in legal if m.name == "report")
        result = make_move(world, first)
        found.rules_as_if.update(f.rule for f in judge(world, result.world, result.effects))
        found.cases[("report", 0)] += 1
        if result.traces:
            found.traced["report"] += 1
    found.playable.update(o.card for o in hand(scene) if o.targets)


def _texts(found: Coverage, texts: Iterable[str]) -> None:
    for text in texts:
        found.unfilled.update(UNFILLED.findall(text))


def _where(dealt: Deal) -> str:
    levels = ", ".join(f"{f}={level}" for f, level in dealt.factors.items())
    return f"seed {dealt.seed}" + (f", {levels}" if levels else "")
