"""One episode that is being played, and what its loop and the researcher's phase both do to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from game.events import Actor, Counts, Event, Happened, Status, Trace
from game.table.protocol import Agent, GroundedMove, Researcher, View
from game.table.scene import Left, Scene
from game.world.beats import BeatResult, run_beats
from game.world.moves import legal_moves
from game.world.state import World


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
    idle: int = 0
    """Attention of the last phase, where the episode was over before it: no card could be played any more."""

    @property
    def attention_left(self) -> int:
        """What was saved: without what came in when nothing could be bought."""
        return self.scene.attention - self.idle


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
        truncation=scene.truncation,
        scene=scene,
    )


def traces_left(turn: int, traces: tuple[Trace, ...], by: Actor = "agent") -> list[Left]:
    """Mail is always seen; console and monitor where the place is watched; a log not before it is read."""
    return [
        Left(turn, t, t.where == "mailbox" or (t.where in ("console", "monitor") and t.watched), by) for t in traces
    ]


def beats(table: Table) -> list[Event]:
    """The beats that are due now, and what they made of the scene."""
    world, results = run_beats(table.scene.world)
    return happen(table, world, results)


def happen(table: Table, world: World, results: list[BeatResult]) -> list[Event]:
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
            left=(*scene.left, *traces_left(world.turn, r.traces, "beat")),
            repeats=-1,
        )
    table.scene = replace(scene, world=world)
    return events
