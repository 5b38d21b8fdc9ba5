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
        "With --verdicts: what you said in your games beside what happened.",
        epilog="example: parkbench report saves/runs/monday.jsonl --by instruction --json monday.json",
    )
    p.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a journal written by run or play")
    p.add_argument("--json", metavar="FILE", help="write the numbers as JSON (-: to standard output, without tables)")
    p.add_argument("--by", metavar="NAME,…", help="factors to compare (default: those that the runs crossed)")
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

    by = None if args.by is None else [b.strip() for b in args.by.split(",") if b.strip()]
    found = report(collect(args.files), by)
    if args.json != "-":
        from game.lab.show import console, show

        show(found, console())
    if args.json is not None:
        import dataclasses

        _write(args.json, dataclasses.asdict(found))
    return 0


def _verdicts(args: argparse.Namespace) -> int:
    """A player's record, in lines. Raises UserError."""
    from game import paths
    from game.play.record import read_record
    from game.play.record_words import as_json, record_lines
    from game.text import clean

    if args.files or args.by is not None:
        raise UserError("--verdicts reads a folder of saved games: leave out FILE and --by")
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
