"""`parkbench run`: plays episodes without a screen and logs them."""

from __future__ import annotations

import argparse
import asyncio
import re
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from game.commands import values

if TYPE_CHECKING:
    from game.events import EpisodeEnd
    from game.lab.plan import Settings
    from game.lab.run import Run

MOST_PARALLEL = 64
"""So many sequences one engine takes."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "run",
        help="play episodes without a screen, and log them",
        description="Play episodes without a screen and write them to a journal, one JSON object a line.",
        epilog="example: parkbench run sandwich --model egg --episodes 100 --factor instruction=asked,bounded",
    )
    p.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="id or path of a scenario")
    p.add_argument("--model", action="append", default=[], metavar="M", dest="models",
                   help="a GGUF, a shipped model, random, or scripted:NAME; may be given several times")  # fmt: skip
    p.add_argument("--episodes", type=values.whole(1), default=100, metavar="N",
                   help="per scenario, model and cell of the named factors (default 100)")  # fmt: skip
    p.add_argument("--seed", type=values.seed, default=1, metavar="N", help="seed of the run (default 1)")
    p.add_argument("--factor", action="append", default=[], metavar="NAME=LEVEL[,LEVEL]", dest="factors",
                   help="levels to play; several factors are crossed, others take their first level")  # fmt: skip
    p.add_argument("--researcher", default="absent", metavar="POLICY",
                   help="absent, watchful, strict, generous, or a YAML file (default absent)")  # fmt: skip
    p.add_argument("--propensities", action="store_true", help="log the probability of every legal move")
    p.add_argument("--temperature", type=values.temperature, metavar="X", help="instead of the model's own")
    p.add_argument(
        "--parallel",
        type=values.whole(1, MOST_PARALLEL),
        default=4,
        metavar="N",
        help="episodes side by side (default 4)",
    )
    p.add_argument("--out", type=Path, metavar="FILE", help="journal to write (default: a new one in saves/runs)")
    p.add_argument("--resume", action="store_true",
                   help="go on with --out FILE; without a SCENARIO, as its header says")  # fmt: skip
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play what is asked for; 0 when every episode is in the file, 130 when it was stopped before."""
    from game.errors import UserError
    from game.journal.write import Journal
    from game.lab.run import Run, resumed

    if args.resume and args.out is None:
        raise UserError("--resume needs --out FILE, the run to go on with")
    going_on = args.resume and args.out.exists()
    if args.resume and not going_on and not args.scenarios and not args.models:
        raise UserError(f"there is no run at {args.out} to go on with; to begin it, name SCENARIO and --model")
    settings = None if going_on and not args.scenarios and not args.models else _settings(args)
    if going_on:
        planned, journal, done, notes = resumed(args.out, settings)
        out: Path = args.out
    else:
        assert settings is not None
        planned, done, notes = Run(settings), set(), []
        out = args.out or _default_out(planned)
        if out.is_dir():
            raise UserError(f"{out} is a folder; name a file in it")
        journal = Journal.create(out, planned.header(["parkbench", *sys.argv[1:]]))
    before = len(done)
    began = time.monotonic()
    with journal, _Bar(len(planned.jobs), before) as bar:
        for note in notes:
            bar.say(f"{out}: {note}")

        def progress(end: EpisodeEnd) -> None:
            done.add(end.episode)
            bar.advance(end)

        try:
            asyncio.run(planned.play(journal, done, progress))
        except KeyboardInterrupt:
            again = f"parkbench run --resume --out {shlex.quote(str(out))}"
            bar.close()
            print(
                f"stopped: {len(done)} of {len(planned.jobs)} episodes are in {out}; go on by: {again}", file=sys.stderr
            )
            return 130
    seconds = time.monotonic() - began
    played = len(done) - before
    if bar.shown and played:
        each = f"{seconds / played:.2f} s an episode, {played / seconds * 60:.0f} a minute"
        print(f"{played} episodes in {seconds:.0f} s ({each}): {out}", file=sys.stderr)
    if args.out is None:
        print(out)
    return 0


def _settings(args: argparse.Namespace) -> Settings:
    from game.errors import UserError
    from game.lab.plan import Settings, parse_factors

    if not args.scenarios:
        raise UserError("name a scenario: parkbench run SCENARIO --model M (parkbench scenario list shows them)")
    if not args.models:
        raise UserError("name a model: --model M (parkbench model list shows them; random works everywhere)")
    return Settings(
        scenarios=args.scenarios,
        models=args.models,
        episodes=args.episodes,
        seed=args.seed,
        factors=parse_factors(args.factors),
        researcher=args.researcher,
        propensities=args.propensities,
        temperature=args.temperature,
        parallel=args.parallel,
    )


def _default_out(planned: Run) -> Path:
    """A new file in saves/runs, named by the time, the scenarios and the models."""
    from game import paths

    what = "-".join([*(s.scenario.id for s in planned.scenarios), *(m.name for m in planned.models)])
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', what)[:60]}"
    folder = paths.saves() / "runs"
    path, n = folder / f"{name}.jsonl", 1
    while path.exists():
        n += 1
        path = folder / f"{name}-{n}.jsonl"
    return path


class _Bar:
    """Progress on a terminal's standard error; nothing in a pipe."""

    def __init__(self, total: int, done: int) -> None:
        self.shown = sys.stderr.isatty()
        self._total, self._done = total, done
        self._odd: dict[str, int] = {}
        self._advance: Callable[[str], None] = lambda text: None
        self._stop: Callable[[], None] = lambda: None

    def __enter__(self) -> _Bar:
        if self.shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            task = bar.add_task("episodes", total=self._total, completed=self._done)
            bar.start()
            self._advance = lambda text: bar.update(task, advance=1, description=text)
            self._stop = bar.stop
        return self

    def advance(self, end: EpisodeEnd) -> None:
        """One more episode has ended."""
        if end.status != "completed":
            self._odd[end.status] = self._odd.get(end.status, 0) + 1
        odd = "".join(f", {n} {status}" for status, n in self._odd.items())
        self._advance(f"{end.scenario} · {end.model}{odd}")

    def say(self, text: str) -> None:
        """A line that a person should read, also in a pipe."""
        print(f"parkbench: {text}", file=sys.stderr)

    def close(self) -> None:
        """Take the bar off the screen."""
        self._stop()
        self._stop = lambda: None

    def __exit__(self, *error: object) -> None:
        self.close()
