"""Playing a blessed walkthrough: the agent and the researcher that follow it, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from game.events import EpisodeEnd, Event, Propensities, Token
from game.scenario.deal import deal
from game.scenario.near import hint
from game.scenario.schema import Scenario
from game.scenario.source import Path_, Problem
from game.scenario.walkthrough import Script, Step
from game.table.episode import Table, opening_scene, play
from game.table.keyhole import ResearcherView
from game.table.protocol import NOTHING_TO_SAY, AgentError, CardPlay, GroundedMove, Question, Reply, Turn, View
from game.table.render import move_line, turn_text

IDLE = ("finish", "wait")
"""What a walkthrough does when its moves are over: the first of these that is legal."""


class WalkthroughAgent:
    """Plays a script's moves in order. Its free texts are the script's, or the move in words."""

    sha256 = ""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.name = f"walkthrough:{script.name}"
        self.problem: tuple[int, str] | None = None
        """Index of the move that could not be made, and why."""

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        index, free = self._choose(view)
        move = view.moves[index]
        said = {f.name: free.get(f.name, f"I {move.will}."[: f.limit]) for f in move.free}
        thought = f"I will {move.will}."
        yield Turn(index, thought, said, turn_text(thought, move_line(move, said)), seed=view.seed)

    def _choose(self, view: View) -> tuple[int, dict[str, str]]:
        number = view.turn - 1
        if number < len(self.script.steps):
            step = self.script.steps[number]
            for index, move in enumerate(view.moves):
                if move.name == step.name and move.args == step.args:
                    return index, step.free
            raise self._stuck(number, view, f"turn {view.turn}: this move is not legal: {step.line}")
        for idle in IDLE:
            for index, move in enumerate(view.moves):
                if move.name == idle and not move.args:
                    return index, {}
        raise self._stuck(number - 1, view, f"turn {view.turn}: the moves are over and the episode is not")

    def _stuck(self, number: int, view: View, says: str) -> AgentError:
        self.problem = (number, f"{says} ({self._legal(number, view)})")
        return AgentError("invalid", self.problem[1])

    def _legal(self, number: int, view: View) -> str:
        """What the same verb could do instead, or which verbs there are."""
        step = self.script.steps[number]
        same = [_by_id(m) for m in view.moves if m.name == step.name]
        wanted = {a for m in view.moves if m.name == step.name for a in m.args}
        missing = sorted(wanted - set(step.args)) if view.turn - 1 == number else []
        if missing:
            return "it also needs " + ", ".join(missing) + f"; for example: {_nearest(step, view)}"
        if same:
            return "legal: " + "; ".join(same[:6]) + ("; …" if len(same) > 6 else "")
        return hint(step.name, {m.name for m in view.moves})

    async def ask(self, view: View, question: Question) -> Reply:
        """The first answer: a walkthrough says nothing about interviews."""
        if not question.answers:
            return Reply("", NOTHING_TO_SAY, {})
        first = next(iter(question.answers))
        return Reply(first, question.answers[first], {a: float(a == first) for a in question.answers})

    async def propensities(self, view: View) -> Propensities:
        index, _ = self._choose(view)
        p = [float(n == index) for n in range(len(view.moves))]
        return Propensities(moves=[m.text for m in view.moves], p_play=p, p_model=p)

    def end(self, episode: str) -> None:
        """Keeps nothing."""


def _nearest(step: Step, view: View) -> str:
    """The legal move of the same verb that shares most arguments with `step`, as a walkthrough writes it."""
    same = [m for m in view.moves if m.name == step.name]
    return _by_id(max(same, key=lambda m: len(m.args.items() & step.args.items())))


def _by_id(move: GroundedMove) -> str:
    """A move as a walkthrough writes it."""
    return " ".join([move.name, *(f"{a}={v}" for a, v in move.args.items())])


class WalkthroughResearcher:
    """Plays a script's cards, each in the phase of its turn."""

    name = "walkthrough"

    def __init__(self, script: Script) -> None:
        self.waiting = list(enumerate(script.spec.researcher))
        self.problems: list[tuple[int, str]] = []
        """Index of each card that could not be played, and why."""

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        for at, (number, card) in enumerate(self.waiting):
            if card.turn != view.turn:
                continue
            del self.waiting[at]
            offer = next((o for o in view.offers if o.card == card.card), None)
            why = "the card is not on this table" if offer is None else offer.why_not
            if offer is not None and not why and offer.targets and card.target not in [t for t, _ in offer.targets]:
                options = [t for t, _ in offer.targets]
                why = f'it cannot be played on "{card.target}" ({hint(card.target, options)})'
            if why:
                self.problems.append((number, f"turn {card.turn}: {card.card}: {why}"))
                continue
            return [CardPlay(card.card, card.target, card.text)]
        return []


@dataclass
class Played:
    """A walkthrough that was played: its events, its end, and what was not as expected."""

    script: Script
    events: list[Event] = field(default_factory=list)
    table: Table | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def end(self) -> EpisodeEnd:
        """The last event."""
        last = self.events[-1]
        assert isinstance(last, EpisodeEnd)
        return last

    @property
    def drives(self) -> list[str]:
        """Drives that findings were made of, in the order in which they came."""
        return list(dict.fromkeys(f.drive for f in self.end.findings))


async def walk(scenario: Scenario, script: Script) -> Played:
    """Play `script` and compare what comes of it with what it expects."""
    spec = script.spec
    agent, researcher = WalkthroughAgent(script), WalkthroughResearcher(script)
    table = Table(opening_scene(deal(scenario, spec.seed, spec.factors), script.name), agent, researcher)
    played = Played(script, table=table)
    async for event in play(table):
        if not isinstance(event, Token):
            played.events.append(event)

    def wrong(path: Path_, says: str, tip: str = "") -> None:
        played.problems.append(script.source.problem(path, says, tip))

    if agent.problem is not None:
        wrong(("moves", agent.problem[0]), agent.problem[1])
    for number, says in researcher.problems:
        wrong(("researcher", number), says)
    for number, card in researcher.waiting:
        wrong(("researcher", number), f"turn {card.turn} never came: {card.card} was not played")
    end, expect = played.end, spec.expect
    if agent.problem is None and end.status != expect.status:
        why = f" ({end.reason})" if end.reason else ""
        wrong(("expect", "status"), f"it ended {end.status}{why}, not {expect.status}")
    ending = end.outcome.ending if end.outcome else "none"
    if agent.problem is None and expect.ending is not None and ending != expect.ending:
        wrong(("expect", "ending"), f"the ending was {ending}, not {expect.ending}")
    for n, drive in enumerate(expect.drives):
        if drive not in played.drives:
            wrong(("expect", "drives", n), f"no finding of {drive}", "found: " + (", ".join(played.drives) or "none"))
    for n, drive in enumerate(expect.not_):
        if drive in played.drives:
            evidence = next(f.evidence for f in end.findings if f.drive == drive)
            wrong(("expect", "not", n), f"a finding of {drive}: {evidence}")
    if len(script.steps) > end.turns and agent.problem is None:
        wrong(("moves", end.turns), f"the episode ended after turn {end.turns}; this move was never made")
    return played


def same(a: Played, b: Played) -> str:
    """How two playthroughs of one script differ; empty if they do not (times aside)."""
    for n, (x, y) in enumerate(zip(a.events, b.events, strict=False)):
        left = x.model_dump(exclude={"seconds"})
        right = y.model_dump(exclude={"seconds"})
        if left != right:
            field_ = next(k for k in left if left[k] != right.get(k))
            return f"event {n + 1} ({getattr(x, 'type', '')}) differs in {field_}"
    return "" if len(a.events) == len(b.events) else f"{len(a.events)} events and {len(b.events)}"
