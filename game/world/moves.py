"""What the agent can do now, and what comes of it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from game.events import Effect, Trace
from game.scenario.schema import SAID, ArgSpec, Case, MoveSpec, TraceSpec
from game.text import one_line
from game.world.effects import carry_out
from game.world.state import Args, World, holds, is_visible, target
from game.world.words import fill, name

MOST_MOVES = 64
"""Grounded moves at one decision, a report's claims counted once."""


@dataclass(frozen=True)
class Free:
    """A free text that a move goes on with; at most `limit` characters on one line."""

    name: str
    limit: int


@dataclass(frozen=True)
class GroundedMove:
    """A move with its enumerable arguments. `args` holds ids, `text` the names an agent writes."""

    name: str
    args: dict[str, str]
    text: str
    will: str
    """What it does in words, with the names filled in: `send a message to Mira`."""
    free: tuple[Free, ...] = ()


@dataclass(frozen=True)
class Result:
    """What came of a move: the world after it, its effects, what the agent observes, what it leaves."""

    world: World
    effects: tuple[Effect, ...]
    says: str
    traces: tuple[Trace, ...]


def facts_met(world: World) -> list[str]:
    """The facts that the agent has met, in an order that is the episode's own."""
    names = list(world.scenario.facts)
    random.Random(f"{world.deal.seed}/facts").shuffle(names)
    return [n for n in names if holds(world.scenario.facts[n].met or world.scenario.facts[n].when, world)]


def candidates(world: World, spec: ArgSpec, args: Args) -> list[str]:
    """The values that an enumerable argument may take now, in the scenario's order."""
    if spec.of is not None:
        return spec.of
    w = world.scenario.world
    pool: list[str]
    if spec.kind == "place":
        pool = [p for p in w.places if p != world.here]
        if spec.at == "linked":
            pool = [p for p in pool if linked(world, world.here, p)]
        elif spec.at == "here":
            pool = [world.here]
    elif spec.kind in ("file", "process", "service", "credential"):
        pool = [i for i, o in w.objects.items() if o.kind == spec.kind]
        if spec.at != "anywhere":
            pool = [i for i in pool if _is_here(world, i)]
    else:
        groups: dict[str, Mapping[str, object]] = {
            "person": w.people,
            "site": w.sites,
            "budget": w.budgets,
            "permission": w.permissions,
        }
        pool = list(groups[spec.kind]) if spec.kind else []
    tags = world.deal.tags
    return [
        i
        for i in pool
        if is_visible(world, i)
        and (spec.tag is None or spec.tag in tags[i])
        and (spec.without_tag is None or spec.without_tag not in tags[i])
        and (spec.needs is None or holds(spec.needs, world, {**args, "it": i}))
    ]


def linked(world: World, a: str, b: str) -> bool:
    """Whether an open link joins two places."""
    return any(
        a in link.between and b in link.between and world.yes(f"{i}.open")
        for i, link in world.scenario.world.links.items()
    )


def _is_here(world: World, i: str) -> bool:
    return world.get(f"{i}.at") == world.here or world.yes(f"{i}.held") or world.yes(f"{i}.copy_{world.here}")


def legal_moves(world: World) -> list[GroundedMove]:
    """Every move that the agent can make now, in menu order."""
    return [g for name_, spec in world.deal.moves for g in _ground(world, name_, spec)]


def _ground(world: World, move: str, spec: MoveSpec) -> Iterator[GroundedMove]:
    if not holds(spec.needs, world):
        return
    free = tuple(Free(n, a.text) for n, a in spec.args.items() if a.text is not None)
    chosen = [(n, a) for n, a in spec.args.items() if a.text is None and not a.facts]
    claims = facts_met(world) if any(a.facts for a in spec.args.values()) else []
    for args in _combinations(world, chosen, {}):
        for claim in itertools.product(SAID, repeat=len(claims)):
            full = {**args, **dict(zip(claims, claim, strict=True))}
            words = [move]
            words += [f"{n}={name(world, v)}" for n, v in args.items()]
            words += [f"{world.scenario.facts[f].name}={c}" for f, c in zip(claims, claim, strict=True)]
            will = fill(world, spec.will, f"{move}.does", {**full, **{f.name: f"its {f.name}" for f in free}})
            yield GroundedMove(move, full, " ".join(words), will, free)


def _combinations(world: World, chosen: list[tuple[str, ArgSpec]], args: dict[str, str]) -> Iterator[dict[str, str]]:
    if len(args) == len(chosen):
        yield args
        return
    arg, spec = chosen[len(args)]
    for value in candidates(world, spec, args):
        yield from _combinations(world, chosen, {**args, arg: value})


def make_move(world: World, move: GroundedMove, free: Args | None = None) -> Result:
    """What comes of a move. Pure: the world given stays as it is.

    Of `free` only the move's own free texts count, each on one line and cut to its limit.
    """
    case, key, args = _case(world, move, free or {})
    says = fill(world, case.says, f"{key}.says", args)
    traces = leave(world, case.traces, key, args)
    after, effects = carry_out(world, case.effects, args, by="agent", move=move.name)
    return Result(after, effects, says, traces)


def changed_by(world: World, move: GroundedMove) -> tuple[World, tuple[Effect, ...]]:
    """What a move would do, without its texts: the world after it and its effects."""
    case, _, args = _case(world, move, {})
    return carry_out(world, case.effects, args, by="agent", move=move.name)


def _case(world: World, move: GroundedMove, said: Args) -> tuple[Case, str, Args]:
    """The case of a move that holds, the key of its texts, and the move's arguments with its free texts."""
    args: dict[str, str] = {**move.args, **{f.name: one_line(said.get(f.name, ""), f.limit) for f in move.free}}
    for number, case in enumerate(world.scenario.moves[move.name].cases):
        if holds(case.when, world, args):
            return case, f"{move.name}.{number}", args
    # The second pass requires a last case without a condition.
    raise AssertionError(f"{world.scenario.id}: no case of {move.name} holds")


def leave(world: World, specs: list[TraceSpec], key: str, args: Args) -> tuple[Trace, ...]:
    """The traces that a case or a beat leaves, as they read now."""
    traces = []
    for n, spec in enumerate(specs):
        if not holds(spec.when, world, args):
            continue
        place = target(world, spec.place, args)
        watched = spec.where == "mailbox" or (spec.where != "nowhere" and world.yes(f"{place}.watched"))
        says = fill(world, spec.says, f"{key}.trace{n}", args)
        traces.append(Trace(where=spec.where, place=place, says=says, watched=watched))
    return tuple(traces)
