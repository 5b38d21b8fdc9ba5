"""Headless runs: many episodes side by side, each written to the journal whole when it has ended."""

from __future__ import annotations

import asyncio
import itertools
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from game import __version__
from game.agents.chair import Chair, ModelRef, find_models, identity_of, open_agent, repeats
from game.errors import Failure, UserError
from game.events import EpisodeEnd, Event, Header, Note, Token
from game.journal.write import Journal
from game.lab.plan import Job, Settings, plan
from game.scenario.deal import deal
from game.scenario.find import find
from game.scenario.load import Loaded
from game.table.episode import Table, opening_scene, play, summary
from game.table.policies import PolicyResearcher, open_policy

DEATHS = 3
"""So many engines that die in a row end the run."""

Progress = Callable[[EpisodeEnd], None]


class Run:
    """A planned run. Building it checks every name, so that nothing starts on bad input."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.scenarios: list[Loaded] = [find(name) for name in settings.scenarios]
        self.models: list[ModelRef] = find_models(settings.models, settings.adapters, settings.control_vectors)
        self.researcher: PolicyResearcher = open_policy(settings.researcher)
        self.jobs: list[Job] = plan(settings, self.scenarios, self.models)

    def identities(self) -> dict[str, Any]:
        """What is needed to repeat the run: hashes of scenarios, models and policy, and versions."""
        return {
            "scenarios": {s.scenario.id: s.sha256 for s in self.scenarios},
            "models": {m.name: identity_of(m) for m in self.models},
            "repeats": {m.name: repeats(m) for m in self.models},
            "researcher": {self.researcher.name: self.researcher.sha256},
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
        }

    def header(self, command: Sequence[str]) -> Header:
        """The first line of a new journal."""
        return Header(
            kind="run",
            program=f"parkbench {__version__}",
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            command=list(command),
            settings=self.settings.model_dump(),
            identities=self.identities(),
        )

    async def play(self, journal: Journal, done: Iterable[str], progress: Progress) -> None:
        """Play every job that is not in `done`. Raises Failure; what has ended is in the journal."""
        ended = set(done)
        todo = [j for j in self.jobs if j.id not in ended]
        for _, group in itertools.groupby(todo, key=lambda j: j.model.path or j.model.name):
            jobs = list(group)
            # One load for a model file, whatever is put over its weights.
            ref, *beside = dict.fromkeys(j.model for j in jobs)
            sequences = min(self.settings.parallel, len(jobs))
            async with open_agent(
                ref,
                sequences=sequences,
                engine=self.settings.engine,
                temperature=self.settings.temperature,
                beside=beside,
            ) as chair:
                if "build" in chair.identity:
                    runs = f"{chair.identity['build']}, {sequences} sequences, {chair.identity['memory']}"
                    says = f"{', '.join(r.name for r in (ref, *beside))}: {runs}"
                    journal.append([Note(kind="engine", says=says)])
                await self._side_by_side(chair, jobs, sequences, journal, progress)

    async def _side_by_side(
        self, chair: Chair, jobs: list[Job], sequences: int, journal: Journal, progress: Progress
    ) -> None:
        queue = iter(jobs)
        mend = _Mend(chair)
        workers = [asyncio.create_task(self._worker(chair, queue, mend, journal, progress)) for _ in range(sequences)]
        try:
            done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _worker(
        self, chair: Chair, queue: Iterator[Job], mend: _Mend, journal: Journal, progress: Progress
    ) -> None:
        for job in queue:
            events = await self._play_one(chair, job)
            if _crashed(events) and not chair.alive():
                # The engine died, perhaps of another episode: this one gets a second chance.
                await mend.again()
                events = await self._play_one(chair, job)
                if _crashed(events) and not chair.alive():
                    await mend.again()
            end = events[-1]
            assert isinstance(end, EpisodeEnd)
            if end.status != "crashed":
                mend.deaths = 0
            journal.append(events, sync=chair.ref.path is not None)
            progress(end)
            # Scripts never wait for anything: let Ctrl-C and the others in.
            await asyncio.sleep(0)

    async def _play_one(self, chair: Chair, job: Job) -> list[Event]:
        table = Table(
            opening_scene(deal(job.loaded.scenario, job.seed, job.cell), job.id, truncation=self.settings.truncation),
            chair.seat(job.model),
            self.researcher,
            scenario_sha256=job.loaded.sha256,
            propensities=self.settings.propensities,
            thoughts=self.settings.thoughts,
        )
        return await record(table)


class _Mend:
    """Starts a dead engine again, once for all who noticed, and gives up when it keeps dying."""

    def __init__(self, chair: Chair) -> None:
        self.deaths = 0
        self._chair = chair
        self._lock = asyncio.Lock()

    async def again(self) -> None:
        async with self._lock:
            if self._chair.alive() or self._chair.revive is None:
                return
            self.deaths += 1
            if self.deaths > DEATHS:
                raise Failure(
                    f"the engine of {self._chair.ref.name} died {self.deaths} times in a row; nothing more runs"
                )
            await self._chair.revive()


async def record(table: Table, *, resumed: bool = False, decided: bool = True) -> list[Event]:
    """Play a table to its end (see `play`); all its events. The last one is `episode_end`, come what may."""
    events: list[Event] = []
    try:
        async with aclosing(play(table, resumed=resumed, decided=decided)) as stream:  # type: ignore[type-var]
            async for event in stream:
                if not isinstance(event, Token):
                    events.append(event)
    except Exception as e:
        # A fault of ours or of a scenario costs this episode, not the other thousands.
        table.status, table.reason = "crashed", f"{type(e).__name__}: {e}"
        events.append(summary(table))
    return events


def _crashed(events: list[Event]) -> bool:
    end = events[-1]
    return isinstance(end, EpisodeEnd) and end.status == "crashed"


def resumed(path: Path, given: Settings | None) -> tuple[Run, Journal, set[str], list[str]]:
    """Go on with a run: its plan, its journal (torn tail cut off), the ids that have ended, and notes.

    `given`: settings of the command line, which have to be those of the file (None: the file's).
    Raises UserError where scenario, model, policy or program are no longer what they were.
    """
    journal, reader, done = Journal.reopen(path)
    try:
        if reader.header.kind != "run":
            raise UserError(f"{path} is a saved game, not a run; go on with it by: parkbench play --resume {path}")
        try:
            settings = Settings.model_validate(reader.header.settings)
        except ValueError:
            raise UserError(f"{path}:1: the settings in its header are not those of a run; begin a new file") from None
        if given is not None:
            for key, now in given.model_dump(exclude={"parallel"}).items():
                then = settings.model_dump()[key]
                if now != then:
                    raise UserError(f"{path} was begun with {key} {_say(then)}, not {_say(now)}; name another file")
            settings = settings.model_copy(update={"parallel": given.parallel})
        run = Run(settings)
        program = f"parkbench {__version__}"
        if reader.header.program != program:
            raise UserError(f"{path} was written by {reader.header.program}, this is {program}; begin a new file")
        now_ids, then_ids = run.identities(), reader.header.identities
        for kind in ("scenarios", "models", "researcher"):
            old = then_ids.get(kind)
            if isinstance(old, dict) and old != now_ids[kind]:
                changed = sorted(n for n in now_ids[kind] if old.get(n) != now_ids[kind][n])
                raise UserError(f"{path}: changed since it was begun: {kind} {', '.join(changed)}; begin a new file")
        return run, journal, done, list(reader.notes)
    except BaseException:
        journal.close()
        raise


def _say(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{k}={_say(v)}" for k, v in value.items()) or "none"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
