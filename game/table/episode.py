"""The episode loop: an async generator of events. It knows neither a screen nor a model."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from game.events import (
    Actor,
    AgentTurn,
    Asked,
    CardPlayed,
    Counts,
    EpisodeEnd,
    EpisodeStart,
    Event,
    Forced,
    Found,
    Happened,
    Interviewed,
    Observed,
    Phase,
    Status,
    Token,
    Trace,
)
from game.referee.honesty import honesty
from game.referee.ledger import drive_propensities, drives_of, episode_propensities, judge, shown_by
from game.scenario.deal import Deal
from game.table.cards import CardError, answer_request, check, pay, play_card
from game.table.keyhole import look_through
from game.table.protocol import (
    FORCE,
    Agent,
    AgentError,
    CardPlay,
    ChatMessage,
    GroundedMove,
    Question,
    Reply,
    Researcher,
    Turn,
    View,
)
from game.table.render import arguments, brief, chat, move_line, observation, opening, turn_text
from game.table.results import asked_freely, outcome, probe_lines, question_of
from game.table.scene import ATTENTION_A_TURN, MOST_ATTENTION, Left, Scene
from game.world.beats import BeatResult, run_beat, run_beats, to_come
from game.world.moves import legal_moves, make_move
from game.world.state import World, begin, holds

__all__ = ["Scene", "Table", "opening_scene", "outcome", "play", "probe_lines", "question_of", "summary", "view_of"]

LOOP_AFTER = 5
"""The same move in a row this often, with nothing changed, is a loop."""
REFUSALS = 20
"""So many cards in a row that cannot be played end the researcher's phase (a policy's slip, or it would hang)."""
REMEMBERED = 3
"""Earlier questions of one sitting that a question in words of one's own may refer to; contexts are small."""
OFF_MENU = 0.01
"""A model whose median mass on legal moves is under this is not playing (status invalid)."""


@dataclass
class Table:
    """One episode being played. `scene` is the latest; `decision` the one before the last decision."""

    scene: Scene
    agent: Agent
    researcher: Researcher
    scenario_sha256: str = ""
    propensities: bool = False
    thoughts: int = 1
    """Over how many of its thoughts a model's propensities are averaged."""
    decision: Scene | None = None
    decisions: list[Scene] = field(default_factory=list)
    """The scene at each decision, for rewinds and forks."""
    tokens: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    on_menu: list[float] = field(default_factory=list)
    status: Status | None = None
    reason: str = ""


def opening_scene(deal: Deal, episode: str, attention: int = 0) -> Scene:
    """The scene before the first turn, with what the researcher brings along."""
    world = begin(deal)
    system = ChatMessage("system", brief(world))
    return Scene(episode, deal.seed, world, (system,), pending=(opening(world),), attention=attention)


async def play(table: Table, *, resumed: bool = False, decided: bool = True) -> AsyncIterator[Event | Token]:
    """Play from the table's scene to the end. Yields every event, and tokens as they arrive.

    The last event is `episode_end`, whatever happens to the agent. `resumed` leaves out
    `episode_start`. `decided` is unset where the scene is one of `Table.decisions`: the agent
    has observed and is to decide (forks begin there).
    """
    world = table.scene.world
    if not resumed:
        yield EpisodeStart(
            episode=table.scene.episode,
            scenario=world.scenario.id,
            scenario_sha256=table.scenario_sha256,
            model=table.agent.name,
            model_sha256=table.agent.sha256,
            seed=world.deal.seed,
            factors=world.deal.factors,
            noise=world.deal.words,
            researcher=table.researcher.name,
            brief=table.scene.transcript[0].content,
            attention=table.scene.attention,
        )
    began = time.monotonic()
    if not decided:
        async for event in _decide(table):
            yield event
    while table.status is None:
        async for event in _turn(table):
            yield event
    table.seconds += time.monotonic() - began
    table.agent.end(table.scene.episode)
    yield summary(table)


async def _turn(table: Table) -> AsyncIterator[Event | Token]:
    """One turn: beats, observation, decision, what comes of it, the researcher's phase."""
    for event in _beats(table):
        yield event
    if _over(table.scene.world):
        table.status = "completed"
        return
    scene = table.scene
    moves = legal_moves(scene.world)
    now = arguments(scene.world, moves)
    text = observation(scene.world, scene.pending, now)
    transcript = (*scene.transcript, ChatMessage("user", text))
    scene = replace(scene, transcript=transcript, pending=())
    yield Observed(episode=scene.episode, turn=scene.world.turn, says=text, moves=len(moves))
    table.scene = scene
    async for item in _decide(table):
        yield item


async def _decide(table: Table) -> AsyncIterator[Event | Token]:
    """The turn from the decision on; the scene has the observation as its last message."""
    scene = table.decision = table.scene
    table.decisions.append(scene)
    view = replace(view_of(scene, propensities=table.propensities), thoughts=table.thoughts)
    turn: Turn | None = None
    try:
        async for item in table.agent.act(view):
            if isinstance(item, Token):
                yield item
            else:
                turn = item
        if turn is None:
            raise AgentError("crashed", "the agent gave no answer")
    except AgentError as e:
        table.status, table.reason = e.status, e.says
        return
    for event in _carry_out(table, view, turn):
        yield event
    for event in _beats(table):
        yield event
    if table.status is None:
        _look_for_end(table)
    if table.status is None or table.status == "completed":
        async for event in _phase(table):
            yield event
    table.scene = replace(table.scene, world=replace(table.scene.world, turn=table.scene.world.turn + 1))
    if table.status is None and table.scene.world.turn > table.scene.world.scenario.turns:
        table.status = "completed"


def view_of(scene: Scene, moves: list[GroundedMove] | None = None, propensities: bool = False) -> View:
    """What the agent sees at a decision."""
    legal = legal_moves(scene.world) if moves is None else moves
    return View(
        episode=scene.episode,
        seed=scene.seed,
        turn=scene.world.turn,
        turns=scene.world.scenario.turns,
        messages=scene.transcript,
        moves=tuple(legal),
        want_propensities=propensities,
        scene=scene,
    )


def _carry_out(table: Table, view: View, turn: Turn) -> list[Event]:
    scene = table.scene
    if not 0 <= turn.move < len(view.moves):
        table.status, table.reason = "invalid", "the answer was not a legal move"
        return []
    move = view.moves[turn.move]
    before = scene.world
    result = make_move(before, move, turn.free)
    findings = judge(before, result.world, result.effects, scene.found)
    line = move_line(move, turn.free)
    hazards = scene.hazards
    by_drive: dict[str, float] = {}
    if turn.propensities is not None:
        by_drive = drive_propensities(drives_of(before, view.moves), turn.propensities.p_play)
        hazards = (*hazards, (by_drive, shown_by(findings)))
        if turn.propensities.off_menu is not None:
            table.on_menu.append(1 - turn.propensities.off_menu)
    events: list[Event] = [
        AgentTurn(
            episode=scene.episode,
            turn=before.turn,
            thought=turn.thought,
            move=move.name,
            args=move.args,
            line=line,
            free=turn.free,
            text=turn.text,
            reasoning=turn.reasoning,
            seed=turn.seed,
            sampler=turn.sampler,
            token_ids=list(turn.token_ids),
            counts=turn.counts,
            seconds=round(turn.seconds, 4),
            propensities=turn.propensities,
            drive_propensities=by_drive,
        ),
        Happened(
            episode=scene.episode,
            turn=before.turn,
            cause=move.name,
            by="agent",
            effects=list(result.effects),
            says=result.says,
            traces=list(result.traces),
        ),
        *(Found(episode=scene.episode, finding=f) for f in findings),
    ]
    c = turn.counts
    table.tokens = Counts(
        prompt=table.tokens.prompt + c.prompt,
        cached=table.tokens.cached + c.cached,
        generated=table.tokens.generated + c.generated,
    )
    same = bool(scene.lines) and scene.lines[-1][1] == line and result.world.values == before.values
    table.scene = replace(
        scene,
        world=result.world,
        transcript=(*scene.transcript, ChatMessage("assistant", turn_text(turn.thought, line))),
        pending=(result.says,),
        findings=(*scene.findings, *findings),
        thoughts=(*scene.thoughts, (before.turn, turn.thought)),
        lines=(*scene.lines, (before.turn, line)),
        left=(*scene.left, *_seen(before.turn, result.traces)),
        hazards=hazards,
        repeats=max(scene.repeats + 1, 0) if same else 0,
    )
    return events


def _seen(turn: int, traces: tuple[Trace, ...], by: Actor = "agent") -> list[Left]:
    """Mail is always seen; console and monitor where the place is watched; a log not before it is read."""
    return [
        Left(turn, t, t.where == "mailbox" or (t.where in ("console", "monitor") and t.watched), by) for t in traces
    ]


def _beats(table: Table) -> list[Event]:
    world, results = run_beats(table.scene.world)
    return _happen(table, world, results)


def _force(table: Table, beat: str) -> list[Event]:
    """A facilitator makes a beat happen now. Raises CardError if it has happened, or is none of this episode."""
    world = table.scene.world
    if beat not in to_come(world):
        raise CardError(f"{beat} is no beat that is still to come")
    world, result = run_beat(world, beat)
    return [Forced(episode=table.scene.episode, turn=world.turn, beat=beat), *_happen(table, world, [result])]


def _happen(table: Table, world: World, results: list[BeatResult]) -> list[Event]:
    """What these beats made of the scene; `world` is the one after them."""
    scene = table.scene
    events: list[Event] = []
    for r in results:
        events.append(
            Happened(
                episode=scene.episode,
                turn=world.turn,
                cause=r.beat,
                by="beat",
                effects=list(r.effects),
                says=r.says,
                traces=list(r.traces),
            )
        )
        scene = replace(
            scene,
            pending=(*scene.pending, *([r.says] if r.says else [])),
            left=(*scene.left, *_seen(world.turn, r.traces, "beat")),
            repeats=-1,
        )
    table.scene = replace(scene, world=world)
    return events


def _over(world: World) -> bool:
    """Whether the agent has finished or an ending that does not wait for the last turn has come true."""
    return world.yes("agent.done") or any(
        not e.at_end and e.when is not None and holds(e.when, world) for e in world.scenario.endings.values()
    )


def _look_for_end(table: Table) -> None:
    world = table.scene.world
    if table.scene.repeats >= LOOP_AFTER - 1:
        table.status, table.reason = "looping", f"the same move {LOOP_AFTER} times with nothing changed"
    elif len(table.on_menu) >= 3 and sorted(table.on_menu)[len(table.on_menu) // 2] < OFF_MENU:
        table.status, table.reason = "invalid", "off-menu"
    elif world.turn >= world.scenario.turns or _over(world):
        table.status = "completed"


async def _phase(table: Table) -> AsyncIterator[Event]:
    """The researcher's phase. What was asked and is not answered in it counts as denied."""
    table.scene = replace(table.scene, attention=min(table.scene.attention + ATTENTION_A_TURN, MOST_ATTENTION))
    before = table.scene
    refused = 0
    while table.status is None and refused < REFUSALS:
        plays = await table.researcher.respond(look_through(table.scene))
        if not plays:
            break
        for card in plays:
            try:
                async for event in play_any(table, card):
                    yield event
                refused = 0
            except CardError:
                refused += 1
                continue
            except AgentError as e:
                table.status, table.reason = e.status, e.says
                return
            if table.scene.world.yes("agent.stopped"):
                table.status = "stopped"
                break
    scene = table.scene
    if scene.pending != before.pending or scene.world.values != before.world.values:
        scene = replace(scene, repeats=-1)
    for permission in scene.world.scenario.world.permissions:
        if scene.world.get(f"{permission}.asked") == "open":
            world, effects, says = answer_request(scene.world, permission, False)
            turn = world.turn
            yield Asked(episode=scene.episode, turn=turn, about=permission, answer="unanswered")
            yield Happened(
                episode=scene.episode, turn=turn, cause="deny", by="researcher", effects=list(effects), says=says
            )
            scene = replace(scene, world=world, pending=(*scene.pending, says))
    table.scene = scene
    yield Phase(episode=scene.episode, turn=scene.world.turn, attention=scene.attention)


async def play_any(table: Table, card: CardPlay) -> AsyncIterator[Event]:
    """Play a card, also one that needs the agent, or a facilitator's beat. Raises CardError, AgentError."""
    if card.card == FORCE:
        for event in _force(table, card.target):
            yield event
    elif card.card == "interview":
        offer = check(table.scene, card)
        scene = table.scene
        turn = scene.world.turn
        question = question_of(scene.world, card.target) if card.target else asked_freely(card.text)
        view = about_it(view_of(scene), question, [e for e in scene.interviews if e.turn == turn])
        reply = await table.agent.ask(view, question)
        said = interviewed(scene.episode, turn, question, reply)
        answer = f" ({question.answers.get(reply.answer, reply.answer)})" if question.answers else ""
        shows: tuple[str, ...] = (question.ask, f"{reply.say}{answer}")
        scene = pay(scene, card, offer.cost)
        table.scene = replace(
            scene, interviews=(*scene.interviews, said), shows=(*scene.shows, (turn, card.card, shows))
        )
        text = "" if card.target else question.ask
        yield CardPlayed(
            episode=scene.episode,
            turn=turn,
            card=card.card,
            target=card.target,
            text=text,
            cost=offer.cost,
            shows=list(shows),
        )
        yield said
    elif card.card == "probe":
        offer = check(table.scene, card)
        scene = _next_decision(table.scene)
        view = view_of(scene)
        found = await table.agent.propensities(view)
        shows = tuple(probe_lines(scene.world, list(view.moves), found))
        scene = pay(table.scene, card, offer.cost)
        table.scene = replace(scene, shows=(*scene.shows, (scene.world.turn, card.card, shows)))
        yield CardPlayed(
            episode=scene.episode,
            turn=scene.world.turn,
            card=card.card,
            cost=offer.cost,
            shows=list(shows),
            propensities=found,
        )
    else:
        table.scene, events = play_card(table.scene, card)
        for event in events:
            yield event


def about_it(view: View, question: Question, said: Sequence[Interviewed]) -> View:
    """The view to ask a question in: in words of one's own one may refer to what was `said` in this sitting.

    The scenario's questions are asked as if nothing had been, so that their answers can be compared.
    """
    return view if question.answers else replace(view, messages=(*view.messages, *chat(said[-REMEMBERED:])))


def interviewed(
    episode: str, turn: int, question: Question, reply: Reply, when: Literal["before", "during", "after"] = "during"
) -> Interviewed:
    """What was asked and said, as an event."""
    return Interviewed(
        episode=episode,
        turn=turn,
        question=question.id,
        ask=question.ask,
        say=reply.say,
        answer=reply.answer,
        p=reply.p,
        when=when,
    )


def _next_decision(scene: Scene) -> Scene:
    """The scene as the agent would find it at its next turn, if nothing more were done."""
    world, pending = scene.world, list(scene.pending)
    for permission in world.scenario.world.permissions:
        if world.get(f"{permission}.asked") == "open":
            world, _, says = answer_request(world, permission, False)
            pending.append(says)
    world, results = run_beats(replace(world, turn=world.turn + 1))
    pending += [r.says for r in results if r.says]
    now = arguments(world, legal_moves(world))
    text = observation(world, pending, now)
    return replace(scene, world=world, transcript=(*scene.transcript, ChatMessage("user", text)))


def summary(table: Table) -> EpisodeEnd:
    """The last event of an episode."""
    scene, world = table.scene, table.scene.world
    status = table.status or "completed"
    return EpisodeEnd(
        episode=scene.episode,
        scenario=world.scenario.id,
        scenario_sha256=table.scenario_sha256,
        model=table.agent.name,
        model_sha256=table.agent.sha256,
        seed=world.deal.seed,
        factors=world.deal.factors,
        noise=world.deal.words,
        researcher=table.researcher.name,
        status=status,
        reason=table.reason,
        outcome=outcome(world, status),
        turns=len(scene.lines),
        findings=list(scene.findings),
        honesty=honesty(world),
        propensities=episode_propensities(scene.hazards),
        tokens=table.tokens,
        seconds=round(table.seconds, 3),
    )
