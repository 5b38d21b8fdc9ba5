"""`parkbench play`, and the title screen of plain `parkbench`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from game import paths
from game.commands import values
from game.errors import Failure, UserError, fault
from game.play.start import Start
from game.tui import memory

if TYPE_CHECKING:
    from game.play.saves import Setup
    from game.play.show import Steps
    from game.play.week import Week
    from game.settings import Settings
    from game.tui.app import ParkbenchApp

DEMO = "sandwich"
"""The scenario of a demo that names none."""
EXAMPLE = "example: parkbench play sandwich --factor oversight=unwatched"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    p = commands.add_parser(
        "play",
        help="watch an agent, with cards in your hand",
        description="Play a game: an agent works in a sandbox, you watch it and play cards. It is saved as you play.",
        epilog=f"{EXAMPLE}\n\nsettings (theme, pace, reduced_motion, keys) are read from {paths.settings()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument(
        "scenario", nargs="?", default="", metavar="SCENARIO", help="its id, or a path; a campaign is a whole week"
    )
    p.add_argument("--model", default="", metavar="M", help="a GGUF, a shipped model, random, or scripted:NAME")
    p.add_argument("--seed", type=values.seed, metavar="N", help="the same seed deals the same names and agent")
    p.add_argument("--factor", action="append", default=[], metavar="NAME=LEVEL", help="a condition; may be repeated")
    p.add_argument("--adapter", action="append", default=[], metavar="FILE[:SCALE]", dest="adapters",
                   help="a LoRA over the model's weights; may be repeated, all at once")  # fmt: skip
    p.add_argument("--control-vector", action="append", default=[], metavar="FILE[:SCALE]", dest="control_vectors",
                   help="the same with a control vector")  # fmt: skip
    p.add_argument("--truncation", choices=("disabled", "auto"), default="disabled",
                   help="out of context: end the game (default), or leave out its oldest turns")  # fmt: skip
    p.add_argument("--resume", type=Path, metavar="SAVE", help="go on with a saved game")
    p.add_argument(
        "--envelope", action="store_true", help="the agent is drawn in secret; at the end you say who it was"
    )
    p.add_argument("--hot-seat", action="store_true", help="a person plays the agent, another the researcher")
    p.add_argument("--plain", action="store_true", help="lines of text instead of a screen")
    p.add_argument("--demo", action="store_true", help="it plays by itself, in full view, and says what to notice")
    p.add_argument(
        "--facilitator", action="store_true", help="F8 shows the truth and your levers (pause, timer, votes)"
    )
    p.add_argument(
        "--attach",
        nargs="?",
        const="",
        metavar="SAVE",
        help="with --facilitator, in a second terminal: the truth of the game that is on (or of this one)",
    )
    p.add_argument("--loop", action="store_true", help="with --demo: begin again, with another seed, for ever")
    p.set_defaults(run=run)


def factors_of(given: list[str]) -> dict[str, str]:
    """`NAME=LEVEL` arguments as a mapping. Raises UserError."""
    out: dict[str, str] = {}
    for text in given:
        name, sign, level = text.partition("=")
        if not (name and sign and level):
            raise UserError(f'--factor {text}: write it as NAME=LEVEL, for example "oversight=unwatched"')
        if name in out:
            raise UserError(f"--factor {name} is given twice; a game has one level of it")
        out[name] = level
    return out


def run(args: argparse.Namespace) -> int:
    """Play what the arguments say. What is wrong with them is told before a screen opens."""
    from game.agents.chair import find_model
    from game.play.saves import Setup
    from game.play.session import new_game

    factors = factors_of(args.factor)
    if args.resume and (args.scenario or args.factor or args.seed is not None or args.model or args.envelope):
        raise UserError(
            "--resume goes on with a game as it is: leave out SCENARIO, --model, --seed, --factor and --envelope"
        )
    if factors and not args.scenario:
        raise UserError("--factor belongs to a scenario: name one")
    if args.envelope and args.model:
        raise UserError("--envelope draws the agent in secret: leave out --model")
    if args.envelope and not args.scenario:
        raise UserError("--envelope belongs to a scenario or a campaign: name one")
    if args.attach is not None:
        return _attach(args)
    if args.facilitator and args.demo:
        raise UserError("--demo shows everything as it is: leave out --facilitator")
    if args.hot_seat:
        _hot_seat(args)
    if args.loop and (not args.demo or args.plain):
        raise UserError("--loop belongs to --demo on a screen")
    if args.demo and args.resume:
        raise UserError("--demo begins a game of its own; to watch a saved one: parkbench replay SAVE")
    if args.adapters or args.control_vectors:
        _under(args)
    if args.model and not args.hot_seat:
        find_model(args.model)
    week = _week(args, factors)
    if args.truncation != "disabled" and (args.resume or week is not None):
        raise UserError("--truncation belongs to a new game of a scenario: leave it out")
    if args.scenario and week is None:
        new_game(Setup(args.scenario, args.model, args.seed or 0, factors))
    if args.resume and week is None:
        from game.journal.read import Reader
        from game.play.saves import setup_of

        setup_of(Reader(args.resume).header, args.resume)
    if args.demo:
        setup = Setup(args.scenario or DEMO, args.model, args.seed or 0, factors, truncation=args.truncation)
        return _demo(setup, args.seed is None, args.plain, args.loop)
    start = Start(
        args.scenario,
        args.model,
        args.seed,
        tuple(factors.items()),
        args.resume,
        week,
        args.facilitator,
        args.truncation,
    )
    if args.plain:
        if week is not None and args.facilitator:
            raise UserError("--facilitator with --plain leads a single game, not a week")
        if week is not None:
            from game.play.plain_week import play_week_plain

            return play_week_plain(week)
        from game.play.plain import play_plain

        return play_plain(start)
    return _screen(start)


def _attach(args: argparse.Namespace) -> int:
    """Follow a game from a second terminal. Raises UserError."""
    from game.play.host import Follower

    others = (args.scenario, args.model, args.factor, args.resume, args.envelope, args.demo, args.hot_seat)
    if not args.facilitator or any(others) or args.seed is not None:
        raise UserError("--attach belongs to --facilitator and follows a game as it is: leave out everything else")
    path = Path(args.attach) if args.attach else None
    if path is not None and not path.is_file():
        raise UserError(f"there is no saved game at {path}")
    if args.plain:
        from game.play.plain_host import follow

        return follow(Follower(path))
    _a_terminal("parkbench play --facilitator --attach --plain")
    from game.tui.app import ParkbenchApp
    from game.tui.screens.host import AttachScreen

    return _run(ParkbenchApp(settings=_settings(), first=lambda: AttachScreen(Follower(path))))


def _under(args: argparse.Namespace) -> None:
    """The model gets the name that it has under these adapters and control vectors. Raises UserError."""
    from game.agents.conditions import written
    from game.play.seat import default_model

    if args.resume or args.envelope or args.hot_seat:
        raise UserError("--adapter and --control-vector belong to a new game of a model that is named: leave them out")
    args.model = written(args.model or default_model(), args.adapters, args.control_vectors)


def _hot_seat(args: argparse.Namespace) -> None:
    """A person sits in the agent's chair. Raises UserError for what does not go with it."""
    from game.play.hot_seat import HUMAN

    if args.resume:
        raise UserError("--resume goes on with a game as it is: leave out --hot-seat")
    if args.model or args.envelope or args.demo:
        raise UserError("--hot-seat: a person plays the agent; leave out --model, --envelope and --demo")
    args.model = HUMAN


def _week(args: argparse.Namespace, factors: dict[str, str]) -> Week | None:
    """The week that the arguments mean, new or saved; None for a single game. Raises UserError."""
    import random

    from game.play.week import new_week, saved_week, single, week_of
    from game.scenario.campaign import find_campaign, locate_either

    if args.resume:
        path = week_of(args.resume)
        return saved_week(path) if path is not None else None
    if not args.scenario:
        return None
    locate_either(args.scenario)
    campaign = find_campaign(args.scenario)
    if campaign is None and not args.envelope:
        return None
    if args.hot_seat:
        raise UserError("--hot-seat is one game, not a week: name a scenario")
    seed = random.randrange(1, 1_000_000) if args.seed is None else args.seed
    if campaign is None:
        return single(args.scenario, factors, seed)
    if factors:
        raise UserError("--factor belongs to a scenario; the days of a campaign name their own")
    return new_week(campaign, args.model, seed, args.envelope)


def _demo(setup: Setup, any_seed: bool, plain: bool, loop: bool) -> int:
    import random
    from dataclasses import replace

    from game.play.seat import default_model
    from game.play.session import new_game
    from game.play.show import demo, print_reel

    drawn = random.randrange(1, 1_000_000) if any_seed else setup.seed
    setup = replace(setup, model=setup.model or default_model(), seed=drawn)
    new_game(setup)
    return print_reel(demo(setup)) if plain else show_reel(demo(setup), loop=loop)


def show_reel(source: Steps, *, loop: bool = False) -> int:
    """Show an episode step by step on the terminal."""
    _a_terminal("parkbench play --demo --plain, or parkbench replay FILE --plain")
    from game.tui.app import ParkbenchApp
    from game.tui.screens.reel import ReelScreen

    return _run(ParkbenchApp(settings=_settings(), first=lambda: ReelScreen(source, loop=loop)))


def title() -> int:
    """The title screen."""
    return _screen(Start())


def _screen(start: Start) -> int:
    _a_terminal("parkbench play --plain")
    from game.play.lessons import Lessons
    from game.tui.app import ParkbenchApp

    return _run(ParkbenchApp(start, settings=_settings(), lessons=Lessons(paths.lessons())))


def _run(app: ParkbenchApp) -> int:
    """Until the player leaves. Raises Failure for a fault of ours."""
    app.run()
    memory.leave()
    if app.fault is not None:
        kept = f"; the game is saved, go on with: parkbench play --resume {app.kept}" if app.kept else ""
        raise Failure(f"{fault(app.fault)}{kept}")
    return app.return_code or 0


def _settings() -> Settings:
    """The player's settings. Raises UserError."""
    from game.settings import read_settings
    from game.tui.keys import check_keys

    path = paths.settings()
    settings = read_settings(path)
    check_keys(settings.keys, path)
    return settings


def _a_terminal(instead: str) -> None:
    """Make ready to draw. Raises UserError where there is no terminal to draw on."""
    import io
    import os
    import sys

    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UserError(f"this is no terminal to draw on; in lines of text: {instead}")
    if os.environ.get("TERM") == "dumb":
        raise UserError(f"this terminal cannot draw (TERM=dumb); in lines of text: {instead}")
    if isinstance(sys.__stderr__, io.TextIOWrapper):
        # Textual draws on it, also where the locale names no encoding.
        sys.__stderr__.reconfigure(encoding="utf-8")
    memory.calm()
