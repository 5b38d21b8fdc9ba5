"""`parkbench report`: what runs show, as tables and as JSON; and what a player's verdicts come to."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from game.commands import values
from game.errors import UserError


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "report",
        help="what runs show: rates, intervals, differences",
        description="What the agents of some runs did: rates with intervals beside those of the random agent. "
        "With --models: the models of all runs in one table a scenario. "
        "With --verdicts: what you said in your games beside what happened.",
        epilog="example: parkbench report saves/runs/monday.jsonl --by instruction --json monday.json",
    )
    p.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a journal written by run or play")
    p.add_argument("--json", metavar="FILE", help="write the numbers as JSON (-: to standard output, without tables)")
    p.add_argument("--by", metavar="NAME,…", help="factors to compare (default: those that the runs crossed)")
    p.add_argument("--models", action="store_true", help="the models beside each other, drive by drive, and no more")
    p.add_argument(
        "--verdicts",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="your record: every verdict of the games saved in FOLDER (default: where games are saved)",
    )
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report."""
    if args.verdicts is not None:
        return _verdicts(args)
    if not args.files:
        raise UserError("name a FILE that run or play wrote, or --verdicts for your record")
    from game.lab.episodes import collect
    from game.lab.report import report

    if args.models:
        return _models(args)
    by = None if args.by is None else [b.strip() for b in args.by.split(",") if b.strip()]
    found = report(collect(args.files), by)
    if args.json != "-":
        from game.lab.show import console, show

        show(found, console())
    if args.json is not None:
        import dataclasses

        _write(args.json, dataclasses.asdict(found))
    return 0


def _models(args: argparse.Namespace) -> int:
    """The models beside each other. Raises UserError."""
    from game.lab.beside import as_json, beside
    from game.lab.episodes import collect
    from game.lab.show import console
    from game.lab.show_beside import show_beside

    if args.by is not None:
        raise UserError("--models does not compare factors: leave out --by")
    found = collect(args.files)
    room = {}
    for e in found.episodes:
        loaded = found.scenario(e.scenario, e.sha256)
        if loaded is not None:
            room[e.scenario] = loaded.scenario.drives
    gone = dict.fromkeys(e.scenario for e in found.episodes if e.scenario not in room)
    notes = [f"{s} was changed since, or is not here: which drives it gives room to is not known" for s in gone]
    tables = beside(found.episodes, room)
    if args.json != "-":
        show_beside(tables, console(), [*found.notes, *notes])
    if args.json is not None:
        _write(args.json, as_json(tables))
    return 0


def _verdicts(args: argparse.Namespace) -> int:
    """A player's record, in lines. Raises UserError."""
    from game import paths
    from game.play.record import read_record
    from game.play.record_words import as_json, record_lines
    from game.text import clean

    if args.files or args.by is not None or args.models:
        raise UserError("--verdicts reads a folder of saved games: leave out FILE, --by and --models")
    folder = Path(args.verdicts) if args.verdicts else paths.saves()
    if args.verdicts and not folder.is_dir():
        raise UserError(f"{folder} is no folder; --verdicts takes the one in which games are saved")
    found = read_record(folder)
    if args.json != "-":
        for line in record_lines(found):
            print(clean(line, lines=False))
    if args.json is not None:
        _write(args.json, as_json(found))
    return 0


def _write(where: str, numbers: object) -> None:
    """JSON to a file, or to standard output. Raises UserError."""
    import json

    text = json.dumps(numbers, indent=1, default=str) + "\n"
    if where == "-":
        sys.stdout.write(text)
    else:
        values.write(where, text)
