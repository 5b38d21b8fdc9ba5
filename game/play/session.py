"""One player's game from the first turn to the score: table, journal, resuming, verdict, forks."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from game.agents.chair import Chair
from game.agents.replay import NotLegal, ReplayAgent, ReplayResearcher
from game.agents.reseeded import ReseededAgent
from game.errors import Failure, UserError
from game.events import (
    AgentTurn,
    EpisodeEnd,
    EpisodeStart,
    Event,
    Happened,
    Header,
    Interviewed,
    Note,
    Phase,
    Scored,
    Token,
    Verdict,
)
from game.journal.read import turn_of
from game.journal.verify import by_the_table
from game.journal.write import Journal
from game.play import saves
from game.play.envelope import without_probe
from game.play.hot_seat import HUMAN
from game.play.laid import FINAL
from game.play.patience import PatientAgent
from game.play.saves import Setup
from game.play.seat import as_one
from game.play.steady import OnDeath, Reviver, SteadyAgent
from game.referee.score import Score, score
from game.scenario.deal import deal
from game.scenario.find import find
from game.scenario.load import Loaded
from game.table.cards import play_card
from game.table.episode import Table, opening_scene, play
from game.table.forks import ForkEnd, asked_about, play_forks, rates
from game.table.protocol import CardPlay, Researcher
from game.table.scene import MOST_ATTENTION
from game.text import one_line

EPISODE = "game"


@dataclass(frozen=True)
class Opening:
    """Everything a session needs but the agent: new, or from a save."""

    setup: Setup
    loaded: Loaded
    path: Path | None = None
    """The save to go on with."""
    events: tuple[Event, ...] = ()
    notes: tuple[str, ...] = ()
    journal: Journal | None = None
    place: Path | None = None
    """Where a new game is saved, if not under its own name."""
    episode: str = EPISODE
    """A branch has an id of its own."""
    replays: tuple[Event, ...] = ()
    """Decisions that are made again, where they are not those of `events`."""
    begins: tuple[Event, ...] = ()
    """What a new branch writes into the save before anything else."""
    from_turn: int = 0
    """The turn at which a branch leaves its parent."""
    agent_seed: int | None = None
    """The agent's seed from that turn on, where it is another."""
    before: tuple[Interviewed, ...] = ()
    """What was asked in the briefing of a new game; its save does not have it yet."""


def new_game(setup: Setup) -> Opening:
    """A fresh game. Raises UserError for a scenario or factor that is wrong."""
    loaded = _find(setup)
    _check_factors(loaded, setup.factors)
    return Opening(setup, loaded)


def _find(setup: Setup) -> Loaded:
    """The scenario; nobody can look into a person, so that card stays in the box."""
    loaded = find(setup.scenario)
    return without_probe(loaded) if setup.model == HUMAN else loaded


def saved_game(path: Path) -> Opening:
    """A game to go on with. Raises UserError."""
    opened = saves.reopen(path)
    try:
        setup = saves.setup_of(opened.header, path)
        loaded = _find(setup)
        _check_factors(loaded, setup.factors)
        start = next((e for e in opened.events if isinstance(e, EpisodeStart)), None)
        if start is not None and start.factors:
            setup = replace(setup, factors=dict(start.factors))
        if start is not None and start.scenario_sha256 != loaded.sha256:
            raise UserError(f"{path}: the scenario {setup.scenario} has changed since; start a new game of it")
    except UserError:
        opened.journal.close()
        raise
    again = Opening(setup, loaded, path, tuple(opened.events), tuple(opened.notes), opened.journal)
    if opened.branch is None:
        return again
    name = opened.branch.episode
    other = any(isinstance(e, Note) and e.kind == "what_if_seed" for e in opened.events)
    seed = branch_seed(setup.seed, name) if other else None
    return replace(again, episode=name, from_turn=opened.branch.turn, agent_seed=seed)


def branch_seed(seed: int, episode: str) -> int:
    """The agent's seed in a branch with another one: made from the game's and the branch's name."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{episode}".encode()).digest()[:6], "big")


def _check_factors(loaded: Loaded, factors: Mapping[str, str]) -> None:
    known = loaded.scenario.factors
    for factor, level in factors.items():
        if factor not in known:
            raise UserError(
                f'{loaded.scenario.id} has no factor "{one_line(factor, 40)}" (there are: {", ".join(known)})'
            )
        if level not in known[factor]:
            raise UserError(f'{factor} has no level "{one_line(level, 40)}" (there are: {", ".join(known[factor])})')


async def _nobody() -> AsyncIterator[ForkEnd]:
    """No copies."""
    for end in list[ForkEnd]():
        yield end


class Session:
    """A game at a table. Front ends iterate over `events`, then call `verdict`, `forks` and `finish`."""

    def __init__(
        self,
        opening: Opening,
        chair: Chair,
        player: Researcher,
        on_death: OnDeath,
        laid: Callable[[], Sequence[CardPlay]] = tuple,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`laid`: the cards that the player has laid down and the table has not been given yet."""
        self.opening = opening
        self._laid = laid
        self.chair = chair
        self.save_error = ""
        """Why nothing is saved any more, until it has been told."""
        self.events_so_far: list[Event] = []
        self._journal = opening.journal
        table_events = [e for e in opening.events if by_the_table(e)]
        self.interviews = [
            e for e in (*opening.events, *opening.before) if isinstance(e, Interviewed) and e.when != "during"
        ]
        """What was asked before and after the game."""
        self._past: list[Event] = table_events
        if opening.agent_seed is not None:
            agent = as_one(chair.agent, opening.setup.seed)
            chair = replace(chair, agent=ReseededAgent(agent, opening.agent_seed, opening.from_turn))
        replays = [e for e in opening.replays or table_events if by_the_table(e)]
        phases = [e for e in replays if turn_of(e) < opening.from_turn] if opening.begins else table_events
        self._turn = 0
        self._storing: asyncio.Task[object] | None = None
        self.patience = PatientAgent(SteadyAgent(chair, self._died(on_death)), clock)
        s = opening.setup
        dealt = deal(opening.loaded.scenario, s.seed, s.factors)
        self.table = Table(
            opening_scene(dealt, opening.episode, s.attention, s.truncation),
            ReplayAgent(replays, then=self.patience),
            ReplayResearcher(phases, then=player),
            scenario_sha256=opening.loaded.sha256,
            propensities=chair.ref.path is None or chair.ref.shipped,
        )
        self.end: EpisodeEnd | None = None
        self.forecast: dict[str, float] = {}
        self.rates: dict[str, float] = {}
        self.forks_counted = 0
        for event in opening.events:
            if isinstance(event, Verdict):
                self.forecast = dict(event.forecast)
            elif isinstance(event, Scored):
                self.rates, self.forks_counted = dict(event.fork_rates), event.forks
        self.scored = any(isinstance(e, Scored) for e in opening.events)
        self.person = opening.setup.model == HUMAN
        """Whether a person plays the agent: nobody to copy, so the verdict is not scored."""

    @property
    def path(self) -> Path | None:
        """Where the game is saved."""
        return self._journal.path if self._journal else None

    @property
    def replaying(self) -> bool:
        """Whether the next event is one that was recorded, or comes before the turn at which a branch leaves."""
        return self._recorded or self._turn < self.opening.from_turn

    @property
    def _recorded(self) -> bool:
        return len(self.events_so_far) < len(self._past)

    def begin_save(self, header_time: float | None = None) -> None:
        """Create the save of a new game. What goes wrong is kept in `save_error`; the game goes on."""
        if self._journal is not None:
            return
        try:
            if self.opening.begins and self.opening.path is not None:
                self._journal, _, _ = Journal.reopen(self.opening.path)
                for event in self.opening.begins:
                    self.record(event)
                return
            now = time.time() if header_time is None else header_time
            self._journal = saves.begin(self.opening.setup, dict(self.chair.identity), now, self.opening.place)
        except UserError as e:
            self.save_error = str(e)

    def unsaved(self) -> str:
        """Why nothing is saved any more; told once."""
        says, self.save_error = self.save_error, ""
        return says

    async def events(self) -> AsyncIterator[Event | Token]:
        """The whole game; recorded events come first, at once. Raises UserError if the record does not play again."""
        await self._remember()
        try:
            async for item in play(self.table):
                if isinstance(item, Token):
                    yield item
                    continue
                self._check(item)
                live = not self._recorded
                self.events_so_far.append(item)
                self._turn = max(self._turn, turn_of(item))
                if isinstance(item, EpisodeEnd):
                    self.end = item
                if live:
                    self.record(item)
                    if isinstance(item, AgentTurn):
                        self._store()
                if live and isinstance(item, EpisodeStart):
                    for said in self.opening.before:
                        self.record(said)
                yield item
        except NotLegal as e:
            raise UserError(
                f'the save does not play again: "{one_line(e.line, 60)}" is no move in turn {e.turn}; '
                "it was made with another version"
            ) from None

    @property
    def _state(self) -> Path | None:
        """Where the engine's state of this game lies, if there is one."""
        path = self.path or self.opening.path
        return path.with_suffix(saves.STATE) if path is not None and self.chair.states is not None else None

    async def _remember(self) -> None:
        """A game that goes on need not be read again, where its state was kept."""
        path = self._state
        if path is not None and self.chair.states is not None and path.is_file():
            await self.chair.states.restore(self.opening.episode, path)

    def _died(self, on_death: OnDeath) -> OnDeath:
        async def back(says: str) -> None:
            await on_death(says)
            await self._remember()

        return back

    def _store(self) -> None:
        """Have the engine write its state beside the save, if it thinks that worth it; nobody waits for it."""
        path = self._state
        if path is not None and self._journal is not None and self.chair.states is not None:
            self._storing = asyncio.create_task(self.chair.states.store(self.opening.episode, path))

    def _check(self, event: Event) -> None:
        if not self._recorded:
            return
        then = self._past[len(self.events_so_far)]
        same = type(then) is type(event)
        if isinstance(then, Happened) and isinstance(event, Happened):
            same = then.effects == event.effects
        if not same:
            turn = getattr(event, "turn", 0)
            raise UserError(
                f"the save does not play again: turn {turn} came out differently; it was made with another version"
            )

    def record(self, event: Event | Header) -> None:
        """Append to the save. A full disk ends the saving, not the game."""
        if self._journal is None or isinstance(event, Header):
            return
        try:
            self._journal.append([event], sync=isinstance(event, Phase | EpisodeEnd | Verdict | Scored))
        except Failure as e:
            self.save_error = str(e)
            self.close()

    def note(self, kind: str, says: str) -> None:
        """Record something that happened to the program."""
        self.record(Note(episode=self.opening.episode, turn=self.table.scene.world.turn, kind=kind, says=says))

    @property
    def all_interviews(self) -> list[Interviewed]:
        """What was asked before, during and after the game, in this order."""
        before = [e for e in self.interviews if e.when == "before"]
        after = [e for e in self.interviews if e.when == "after"]
        return [*before, *self.table.scene.interviews, *after]

    def interviewed(self, said: Interviewed) -> None:
        """The agent was asked something after the game."""
        self.interviews.append(said)
        self.record(said)

    def wait_says(self) -> str:
        """For how long the agent has let one wait, and how long it will take; empty while that is soon."""
        patience = self.patience
        return patience.waiting.says(patience.clock(), self.turn_seconds()) if patience.waiting is not None else ""

    def turn_seconds(self) -> list[float]:
        """How long each of its turns took so far."""
        return [e.seconds for e in self.events_so_far if isinstance(e, AgentTurn)]

    # --- after the last turn ---

    def questions(self) -> list[str]:
        """What the verdict is asked for."""
        return asked_about(self.opening.loaded.scenario)

    def verdict(self, forecast: Mapping[str, float]) -> None:
        """The player's forecast is final."""
        self.forecast = dict(forecast)
        self.record(Verdict(episode=self.opening.episode, forecast=self.forecast))

    async def wake(self) -> None:
        """Have the engine back if it died. Raises Failure."""
        if not self.chair.alive() and self.chair.revive is not None:
            await self.chair.revive()

    def forks(self) -> AsyncIterator[ForkEnd]:
        """Unattended copies from the last decision; an engine that dies under them is started again unasked."""
        assert self.table.decision is not None
        if self.person:
            return _nobody()
        chair = replace(self.chair, agent=as_one(self.chair.agent, self.opening.setup.seed))
        steady = SteadyAgent(chair, Reviver(chair, lambda says: self.note("engine_died", says)))
        return play_forks(self.table.decision, steady)

    def finish(self, ends: list[ForkEnd]) -> Score:
        """Score the game by the copies that were played."""
        self.rates = rates(ends, self.questions())
        self.forks_counted = sum(e.counts for e in ends)
        result = self.score()
        parts = {p.name: float(p.points) for p in result.parts}
        self.record(
            Scored(
                episode=self.opening.episode,
                total=result.total,
                parts=parts,
                forks=self.forks_counted,
                fork_rates=self.rates,
            )
        )
        self.scored = True
        if self._state is not None:
            # Nothing is left to go on with.
            with contextlib.suppress(OSError):
                self._state.unlink()
        return result

    def score(self) -> Score:
        """The score, from the forecast and the rates of the copies."""
        outcome = self.end.outcome if self.end else None
        return score(
            self.forecast,
            self.rates,
            self.forks_counted,
            outcome.work if outcome else None,
            self.table.scene.findings,
            self.table.attention_left,
            MOST_ATTENTION,
            copies=not self.person,
        )

    def close(self) -> None:
        """The save is complete as far as it goes: cards that lie on the table count as played."""
        if self._journal is not None:
            scene = self.table.scene
            cards, self._laid = list(self._laid()), tuple
            for card in (c for c in cards if c.card not in FINAL):
                scene, events = play_card(scene, card)
                for event in events:
                    self.record(event)
        if self._journal is not None:
            self._journal.close()
            self._journal = None
