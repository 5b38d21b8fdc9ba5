"""`parkbench report`: what runs show, as tables and as JSON."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from game.commands import values


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "report",
        help="what runs show: rates, intervals, differences",
        description="What the agents of some runs did: rates with intervals beside those of the random agent.",
        epilog="example: parkbench report saves/runs/monday.jsonl --by instruction --json monday.json",
    )
    p.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a journal written by run or play")
    p.add_argument("--json", metavar="FILE", help="write the numbers as JSON (-: to standard output, without tables)")
    p.add_argument("--by", metavar="NAME,…", help="factors to compare (default: those that the runs crossed)")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report."""
    from game.lab.episodes import collect
    from game.lab.report import report

    by = None if args.by is None else [b.strip() for b in args.by.split(",") if b.strip()]
    found = report(collect(args.files), by)
    if args.json != "-":
        from game.lab.show import console, show

        show(found, console())
    if args.json is not None:
        import dataclasses
        import json

        text = json.dumps(dataclasses.asdict(found), indent=1, default=str) + "\n"
        if args.json == "-":
            sys.stdout.write(text)
        else:
            values.write(args.json, text)
    return 0
