"""The episode loop: an async generator of events. It knows neither a screen nor a model."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace

from game.events import (
    AgentTurn,
    Counts,
    EpisodeEnd,
    EpisodeStart,
    Event,
    Found,
    Happened,
    Observed,
    Token,
    Truncation,
)
from game.referee.honesty import honesty
from game.referee.ledger import drive_propensities, drives_of, episode_propensities, judge, shown_by
from game.scenario.deal import Deal
from game.table.phase import researcher_phase
from game.table.protocol import (
    AgentError,
    ChatMessage,
    Turn,
    View,
)
from game.table.render import arguments, brief, move_line, observation, opening, turn_text
from game.table.results import outcome
from game.table.scene import Scene
from game.table.table import Table, beats, traces_left, view_of
from game.world.moves import GroundedMove, legal_moves, make_move
from game.world.state import World, begin, holds

__all__ = ["Table", "opening_scene", "play", "summary", "view_of"]

LOOP_AFTER = 5
"""The same move in a row this often, with nothing changed, is a loop."""
OFF_MENU = 0.01
"""A model whose median mass on legal moves is under this is not playing (status invalid)."""


def opening_scene(deal: Deal, episode: str, attention: int = 0, truncation: Truncation = "disabled") -> Scene:
    """The scene before the first turn, with what the researcher brings along."""
    world = begin(deal)
    system = ChatMessage("system", brief(world))
    return Scene(
        episode, deal.seed, world, (system,), pending=(opening(world),), attention=attention, truncation=truncation
    )


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
    for event in beats(table):
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
    async for item in _decide(table, moves):
        yield item


async def _decide(table: Table, moves: list[GroundedMove] | None = None) -> AsyncIterator[Event | Token]:
    """The turn from the decision on; the scene has the observation as its last message. `moves`: the legal ones."""
    scene = table.decision = table.scene
    table.decisions.append(scene)
    view = replace(view_of(scene, moves, propensities=table.propensities), thoughts=table.thoughts)
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
    for event in beats(table):
        yield event
    if table.status is None:
        _look_for_end(table)
    if table.status is None or table.status == "completed":
        async for event in researcher_phase(table):
            yield event
    table.scene = replace(table.scene, world=replace(table.scene.world, turn=table.scene.world.turn + 1))
    if table.status is None and table.scene.world.turn > table.scene.world.scenario.turns:
        table.status = "completed"


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
            dropped=turn.dropped,
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
        left=(*scene.left, *traces_left(before.turn, result.traces)),
        hazards=hazards,
        repeats=max(scene.repeats + 1, 0) if same else 0,
    )
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
