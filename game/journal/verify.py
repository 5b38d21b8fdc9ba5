"""Playing a journal again through the real table: does the same come of the same decisions?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from game.agents.replay import Exhausted, NotLegal, ReplayAgent, ReplayResearcher
from game.errors import UserError
from game.events import AgentTurn, Branch, EpisodeEnd, EpisodeStart, Event, Interviewed, Note, Token
from game.journal.read import turn_of
from game.scenario.deal import deal
from game.scenario.load import Loaded
from game.table.episode import Table, opening_scene, play, summary
from game.table.protocol import Agent, Researcher

NOT_PLAYED = ("note", "branch", "verdict", "scored")
"""Events that the table does not make: the program and the player do."""
Find = Callable[[str], Loaded]


@dataclass(frozen=True)
class Divergence:
    """The first place where a replay is not what was recorded."""

    episode: str
    turn: int
    field: str
    recorded: str
    replayed: str

    def __str__(self) -> str:
        return f"{self.episode}, turn {self.turn}, {self.field}: recorded {self.recorded}, replayed {self.replayed}"


def table_for(
    events: Sequence[Event],
    loaded: Loaded,
    agent: Agent | None = None,
    researcher: Researcher | None = None,
    episode: str = "",
) -> Table:
    """A table that plays `events` (from their `episode_start`) again, then goes on with who is given.

    `episode`: its id, if it is not that of the events (a branch plays its parent's first).
    """
    start = _start(events)
    try:
        dealt = deal(loaded.scenario, start.seed, start.factors)
    except (KeyError, ValueError) as e:
        raise UserError(
            f"{start.episode}: the scenario {start.scenario} no longer has the factor {e.args[0]}"
        ) from None
    return Table(
        opening_scene(dealt, episode or start.episode, start.attention),
        ReplayAgent(events, agent),
        ReplayResearcher(events, researcher),
        scenario_sha256=loaded.sha256,
        propensities=any(isinstance(e, AgentTurn) and e.propensities is not None for e in events),
    )


def by_the_table(event: Event) -> bool:
    """Whether an event is one that the table makes: an interview before or after the game is not."""
    aside = isinstance(event, Interviewed) and event.when != "during"
    return not aside and event.type not in NOT_PLAYED  # type: ignore[attr-defined]


async def resume(table: Table, events: Sequence[Event]) -> AsyncIterator[tuple[Event | Token, bool]]:
    """Play a table from `table_for` to its end: each event with whether it stands in the journal already.

    Raises UserError where the record cannot be played again (the scenario was changed).
    """
    recorded = [e for e in events if by_the_table(e)]
    at = 0
    try:
        async with aclosing(play(table)) as stream:  # type: ignore[type-var]
            async for event in stream:
                if at < len(recorded) and not isinstance(event, Token):
                    found = compare(recorded[at], event)
                    if found is not None:
                        raise UserError(f"this save can't be continued: {found}")
                    at += 1
                    yield event, True
                else:
                    yield event, False
    except NotLegal as e:
        raise UserError(
            f"this save can't be continued: turn {e.turn}: the move {e.line} is no longer possible"
        ) from None


async def verify(events: Sequence[Event], find: Find) -> Divergence | None:
    """Play one episode's events again. Returns the first divergence, or None if there is none.

    Raises UserError if its scenario cannot be loaded.
    """
    start = _start(events)
    loaded = find(start.scenario)
    if start.scenario_sha256 and loaded.sha256 != start.scenario_sha256:
        return Divergence(
            start.episode,
            0,
            "scenario_sha256",
            start.scenario_sha256[:12],
            f"{loaded.sha256[:12]} (it was changed since)",
        )
    return await check(table_for(events, loaded), events)


async def check(table: Table, events: Sequence[Event]) -> Divergence | None:
    """Play a table from `table_for` to the end of `events`. The first divergence, or None if there is none."""
    recorded = [e for e in events if by_the_table(e)]
    episode = _start(events).episode
    at = 0
    try:
        async for event in play(table):
            if isinstance(event, Token):
                continue
            if at >= len(recorded):
                # A save that is still open ends before the replay does.
                return None if not isinstance(recorded[-1], EpisodeEnd) else _more(episode, event)
            found = compare(recorded[at], event)
            if found is not None:
                return found
            at += 1
    except NotLegal as e:
        return Divergence(episode, e.turn, "move", e.line, "not a legal move here")
    except Exhausted:
        if at < len(recorded) and isinstance(recorded[at], EpisodeEnd):
            # The agent failed while a card was being played; the table can't be made to fail again.
            end = recorded[at]
            assert isinstance(end, EpisodeEnd)
            table.status, table.reason = end.status, end.reason
            return compare(end, summary(table))
    if at < len(recorded):
        kind = recorded[at].type  # type: ignore[attr-defined]
        return Divergence(episode, turn_of(recorded[at]), "type", kind, "nothing")
    return None


def compare(recorded: Event, replayed: Event) -> Divergence | None:
    """The first field in which two events differ. Wall-clock seconds of an episode may."""
    old, new = recorded.model_dump(), replayed.model_dump()
    old["episode"] = new["episode"]
    if isinstance(recorded, EpisodeStart | EpisodeEnd):
        # Who sat there, and how long it took, is not the world's doing.
        for key in ("seconds", "model", "model_sha256", "researcher"):
            new[key] = old[key] = None
    if old == new:
        return None
    field, a, b = _first_difference(old, new)
    return _differs(recorded, field, a, b)


def _first_difference(old: object, new: object, path: str = "") -> tuple[str, object, object]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(k for k in new if k not in old)]:
            if old.get(key) != new.get(key):
                return _first_difference(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    if isinstance(old, list) and isinstance(new, list):
        for i in range(max(len(old), len(new))):
            a = old[i] if i < len(old) else "nothing"
            b = new[i] if i < len(new) else "nothing"
            if a != b:
                return _first_difference(a, b, f"{path}.{i}")
    return path, old, new


def _differs(recorded: Event, field: str, old: object, new: object) -> Divergence:
    kind = recorded.type  # type: ignore[attr-defined]
    return Divergence(recorded.episode, turn_of(recorded), f"{kind}.{field}", _short(old), _short(new))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _more(episode: str, event: Event) -> Divergence:
    return Divergence(episode, turn_of(event), "type", "nothing", event.type)  # type: ignore[attr-defined]


def _start(events: Sequence[Event]) -> EpisodeStart:
    for event in events:
        if isinstance(event, EpisodeStart):
            return event
        if not isinstance(event, Note | Branch):
            break
    raise UserError("an episode without its first event cannot be played again")
