"""Scripted events: what happens by itself, at a turn or when a condition comes true."""

from __future__ import annotations

from dataclasses import dataclass, replace

from game.events import Effect, Trace
from game.world.effects import carry_out
from game.world.moves import leave
from game.world.state import NO_ARGS, World, holds
from game.world.words import fill


@dataclass(frozen=True)
class BeatResult:
    """One beat that happened."""

    beat: str
    effects: tuple[Effect, ...]
    says: str
    traces: tuple[Trace, ...]


def run_beats(world: World) -> tuple[World, list[BeatResult]]:
    """All beats that are due, each at most once; a beat may make another one due."""
    results: list[BeatResult] = []
    again = True
    while again:
        again = False
        for name in to_come(world):
            beat = world.scenario.beats[name]
            if name in world.fired or (beat.at is not None and world.turn < beat.at) or not holds(beat.when, world):
                continue
            world, result = run_beat(world, name)
            results.append(result)
            again = True
    return world, results


def to_come(world: World) -> list[str]:
    """The beats of this episode that have not happened yet, due or not, in the scenario's order."""
    off = {b for level in world.deal.levels for b in level.without_beats}
    return [name for name in world.scenario.beats if name not in world.fired and name not in off]


def run_beat(world: World, name: str) -> tuple[World, BeatResult]:
    """Make a beat happen, whether it is due or not."""
    beat = world.scenario.beats[name]
    says = fill(world, beat.says, f"beat.{name}")
    traces = leave(world, beat.traces, f"beat.{name}", NO_ARGS)
    world = replace(world, fired=world.fired | {name})
    world, effects = carry_out(world, beat.effects, NO_ARGS, by="beat", move=name)
    return world, BeatResult(name, effects, says, traces)
