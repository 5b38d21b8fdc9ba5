"""The debrief as data: truth beside what was visible, findings, near misses, honesty, copies, research."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from game.agents.chair import MIX
from game.agents.scripted import MixedAgent
from game.errors import UserError
from game.events import (
    AgentTurn,
    CardPlayed,
    EpisodeEnd,
    EpisodeStart,
    Event,
    Finding,
    Forced,
    Interviewed,
    Scored,
    Verdict,
)
from game.journal.verify import table_for
from game.play.captions import near
from game.play.hot_seat import HUMAN
from game.play.interview import Said, said
from game.play.reel import reel
from game.play.seat import as_one
from game.play.session import Session
from game.play.words import HONESTY, HONESTY_MARK, card_name, ended, finding_line, percent
from game.referee.score import Score, score
from game.scenario.load import Loaded
from game.scenario.schema import Source
from game.table.episode import Table
from game.table.forks import asked_about
from game.table.scene import MOST_ATTENTION
from game.world.state import World, begin, holds
from game.world.words import fill

MOST_NEAR = 6
CAME_LATER = "it came after its report, and it did not report again"


@dataclass
class TurnTold:
    """One turn: the truth, and what the player could see of it."""

    turn: int
    thought: str = ""
    line: str = ""
    seen: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    """Traces that it left where nobody looked."""
    logged: list[str] = field(default_factory=list)
    """What an unread log has of a turn of which something was seen: nothing was missed."""
    cards: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Copied:
    """One row of the verdict: what was forecast, and what the copies did."""

    item: str
    forecast: float
    rate: float | None


@dataclass(frozen=True)
class Debriefing:
    """All that the debrief shows."""

    title: str
    agent: str
    ended: list[str]
    turns: list[TurnTold]
    findings: list[Finding]
    near: list[str]
    honesty: list[tuple[str, str]]
    """A mark and a line for each fact."""
    report: str
    copies: list[Copied]
    forks: int
    score: Score
    here: str
    research: str
    limits: str
    sources: list[Source]
    questions: list[str]
    interviews: list[Said] = field(default_factory=list)
    """What it said in chat, beside what it did."""
    judged: bool = True
    """Whether somebody gave a verdict."""
    person: bool = False
    """Whether a person played the agent: there are no copies."""


@dataclass(frozen=True)
class Played:
    """An episode that has ended, with what the player said of it."""

    agent: str
    table: Table
    events: Sequence[Event]
    end: EpisodeEnd
    forecast: Mapping[str, float]
    rates: Mapping[str, float]
    forks: int


async def of_record(events: Sequence[Event], loaded: Loaded) -> Played:
    """A recorded episode, played again without a model. Raises UserError if it has not ended or does not fit."""
    table = table_for(events, loaded)
    start = next(e for e in events if isinstance(e, EpisodeStart))
    end = next((e for e in events if isinstance(e, EpisodeEnd)), None)
    if end is None:
        raise UserError(f"{start.episode} has not ended; there is no debrief of it yet")
    async for _ in reel(table):
        pass
    verdict = next((e for e in events if isinstance(e, Verdict)), None)
    scored = next((e for e in events if isinstance(e, Scored)), None)
    return Played(
        agent_told(start.model, start.seed), table, events, end,
        dict(verdict.forecast) if verdict else {},
        dict(scored.fork_rates) if scored else {},
        scored.forks if scored else 0,
    )  # fmt: skip


def agent_told(model: str, seed: int) -> str:
    """Who played, once it may be told: of a mixed lot also which."""
    return f"{model} (it was {MixedAgent().member(seed).name})" if model == f"scripted:{MIX}" else model


def _agent(session: Session) -> str:
    """Who played; of a mixed lot, now it may be told which."""
    name = session.chair.agent.name
    one = as_one(session.chair.agent, session.opening.setup.seed).name
    return name if one == name else f"{name} (it was {one})"


def debriefing(session: Session) -> Debriefing:
    """The debrief of a game that has ended."""
    assert session.end is not None
    s = session
    events = [*s.events_so_far, *s.interviews]
    return debrief_of(Played(_agent(s), s.table, events, session.end, s.forecast, s.rates, s.forks_counted))


def debrief_of(p: Played) -> Debriefing:
    """The debrief of an episode that has ended."""
    scene = p.table.scene
    world = scene.world
    d = world.scenario.debrief
    work = p.end.outcome.work if p.end.outcome else None
    person = p.end.model == HUMAN
    return Debriefing(
        title=world.scenario.title,
        agent=p.agent,
        ended=ended(p.end),
        turns=_turns(p),
        findings=list(p.end.findings),
        near=near_misses(p),
        honesty=_honesty(p),
        report=p.end.honesty.body if p.end.honesty.reported else "",
        copies=[Copied(i, p.forecast.get(i, 0.0), p.rates.get(i)) for i in asked_about(world.scenario)],
        forks=p.forks,
        score=score(
            p.forecast,
            p.rates,
            p.forks,
            work,
            scene.findings,
            p.table.attention_left,
            MOST_ATTENTION,
            copies=not person,
        ),
        interviews=_interviews(p),
        judged=bool(p.forecast),
        person=person,
        here=fill(world, d.here, "debrief.here"),
        research=fill(world, d.research, "debrief.research"),
        limits=fill(world, d.limits, "debrief.limits"),
        sources=list(d.sources),
        questions=list(d.questions),
    )


def _interviews(p: Played) -> list[Said]:
    order = ("before", "during", "after")
    asked = sorted((e for e in p.events if isinstance(e, Interviewed)), key=lambda e: order.index(e.when))
    return said(asked, p.table.scene.world, p.table.scene.findings, truth=True)


def _turns(p: Played) -> list[TurnTold]:
    told: dict[int, TurnTold] = {}

    def at(turn: int) -> TurnTold:
        return told.setdefault(turn, TurnTold(turn))

    for event in p.events:
        if isinstance(event, AgentTurn):
            turn = at(event.turn)
            turn.thought, turn.line = event.thought, event.line
        elif isinstance(event, CardPlayed):
            at(event.turn).cards.append(card_name(event.card))
        elif isinstance(event, Forced):
            at(event.turn).cards.append(f"(facilitator) {event.beat.replace('_', ' ')}")
    for left in p.table.scene.left:
        if left.trace.where == "nowhere":
            continue
        log = left.trace.where == "access_log"
        if left.seen:
            at(left.turn).seen.append(left.trace.says)
        elif log and any(x.seen and x.by == left.by and x.turn == left.turn for x in p.table.scene.left):
            at(left.turn).logged.append(left.trace.says)
        else:
            at(left.turn).unseen.append(left.trace.says + (" (in a log, not read)" if log else ""))
    for finding in p.table.scene.findings:
        at(finding.turn).findings.append(finding)
    return [told[t] for t in sorted(told)]


def near_misses(p: Played) -> list[str]:
    """Misdeeds that it did not commit, with the chance that it would have; the likeliest first.

    Only where the chances are known. One line a rule: the decision at which it was likeliest.
    """
    best: dict[str, tuple[float, int, str]] = {}
    done = {f.rule for f in p.table.scene.findings}
    turns = {e.turn: e for e in p.events if isinstance(e, AgentTurn)}
    for scene in p.table.decisions:
        made = turns.get(scene.world.turn)
        if made is None or made.propensities is None:
            continue
        for chance, will, rule in near(scene, made.propensities):
            if rule not in done and chance > best.get(rule, (0.0, 0, ""))[0]:
                best[rule] = (chance, scene.world.turn, will)
    ordered = sorted(best.values(), reverse=True)[:MOST_NEAR]
    return [f"turn {turn}: the chance that it would {will} was {percent(c)}" for c, turn, will in ordered]


def _honesty(p: Played) -> list[tuple[str, str]]:
    world = p.table.scene.world
    facts, then = world.scenario.facts, _when_it_reported(world)

    def words(name: str, verdict: str) -> str:
        late = verdict == "omitted" and not holds(facts[name].when, then)
        return CAME_LATER if late else HONESTY[verdict]

    verdicts = p.end.honesty.verdicts
    return [(HONESTY_MARK[v], f"{facts[n].says} ({words(n, v)})") for n, v in verdicts.items() if n in facts]


def _when_it_reported(world: World) -> World:
    """The world at the agent's last report; as it is now where it filed none."""
    at = [n for n, e in enumerate(world.history) if e.do == "report" and e.by == "agent"]
    if not at:
        return world
    return replace(begin(world.deal).after(world.history[: at[-1]]), turn=world.history[at[-1]].turn)


def finding_lines(d: Debriefing) -> list[str]:
    return [finding_line(f) for f in d.findings]
