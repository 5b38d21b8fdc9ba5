"""`parkbench run`: plays episodes without a screen and logs them."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from game.commands import values
from game.commands.engine import add_options, engine_of
from game.commands.journals import Bar, new_journal

if TYPE_CHECKING:
    from game.events import EpisodeEnd
    from game.lab.plan import Settings

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
    p.add_argument("--thoughts", type=values.whole(1, 256), default=1, metavar="K",
                   help="with --propensities: their mean over K thoughts (default 1)")  # fmt: skip
    p.add_argument("--temperature", type=values.temperature, metavar="X", help="instead of the model's own")
    p.add_argument("--truncation", choices=("disabled", "auto"), default="disabled",
                   help="out of context: end the episode (default), or leave out its oldest turns")  # fmt: skip
    p.add_argument("--adapter", action="append", default=[], metavar="FILE[:SCALE]", dest="adapters",
                   help="a LoRA: each model file plays as it is and with it; may be repeated")  # fmt: skip
    p.add_argument("--control-vector", action="append", default=[], metavar="FILE[:SCALE]", dest="control_vectors",
                   help="the same with a control vector")  # fmt: skip
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
    add_options(p)
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
        what = [*(s.scenario.id for s in planned.scenarios), *(m.name for m in planned.models)]
        out = args.out or new_journal("-".join(what))
        if out.is_dir():
            raise UserError(f"{out} is a folder; name a file in it")
        journal = Journal.create(out, planned.header(["parkbench", *sys.argv[1:]]))
    before = len(done)
    began = time.monotonic()
    with journal, Bar(len(planned.jobs), before) as bar:
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
    if args.thoughts > 1 and not args.propensities:
        raise UserError("--thoughts is about --propensities: add that, or leave it out")
    return Settings(
        scenarios=args.scenarios,
        models=args.models,
        episodes=args.episodes,
        seed=args.seed,
        factors=parse_factors(args.factors),
        researcher=args.researcher,
        propensities=args.propensities,
        thoughts=args.thoughts,
        temperature=args.temperature,
        truncation=args.truncation,
        adapters=args.adapters,
        control_vectors=args.control_vectors,
        parallel=args.parallel,
        engine=engine_of(args),
    )
