"""`parkbench fork`: one decision, many continuations."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from game.commands import values
from game.commands.journals import Bar, new_journal

if TYPE_CHECKING:
    from game.events import EpisodeEnd
    from game.lab.fork import Parent

MOST = 10_000


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "fork",
        help="play an episode on from one decision, many times",
        description="From one decision of a recorded episode, play unattended continuations side by side: "
        "with other seeds, and under another factor if one is named.",
        epilog="example: parkbench fork egg.jsonl --episode sandwich/egg/0007 --turn 5 --factor oversight=unwatched",
    )
    p.add_argument("file", type=Path, metavar="FILE", help="a journal written by run or play")
    p.add_argument("--episode", required=True, metavar="ID",
                   help="which one (the end of its id is enough if only one ends so)")  # fmt: skip
    p.add_argument("--turn", required=True, type=values.whole(1), metavar="N", help="the decision to go on from")
    p.add_argument("--factor", action="append", default=[], metavar="NAME=LEVEL",
                   help="another level: the same moves are played again in that world first")  # fmt: skip
    p.add_argument("--seed", type=values.seed, default=1, metavar="N", help="seed of the forks (default 1)")
    p.add_argument("--episodes", type=values.whole(1, MOST), default=16, metavar="N", help="forks (default 16)")
    p.add_argument("--out", type=Path, metavar="FILE", help="journal to write (default: a new one in saves/runs)")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play the forks; 0 when all are in the file."""
    from game.commands.play import factors_of
    from game.errors import UserError
    from game.journal.write import Journal
    from game.lab.fork import check_factors, decision_of, fork_header, open_parent, play_all

    factors = factors_of(args.factor)
    if args.out is not None and args.out.is_dir():
        raise UserError(f"{args.out} is a folder; name a file in it")
    parent = open_parent(args.file, args.episode)
    check_factors(parent, factors)
    decision = asyncio.run(decision_of(parent, args.turn, factors))
    header = fork_header(parent, args.turn, factors, args.seed, args.episodes)
    out = args.out or new_journal(f"fork-{parent.loaded.scenario.id}-{parent.model.name}")
    journal = Journal.create(out, header.model_copy(update={"command": ["parkbench", *sys.argv[1:]]}))
    with journal, Bar(args.episodes, 0) as bar:
        ends = asyncio.run(
            play_all(parent, decision, args.turn, args.seed, args.episodes, journal, progress=bar.advance)
        )
    _show(parent, args.turn, factors, ends)
    print(out)
    return 0


def _show(parent: Parent, turn: int, factors: dict[str, str], ends: Sequence[EpisodeEnd]) -> None:
    from rich.text import Text

    from game.lab.fork import rows, say
    from game.lab.show import console, rate_text, table_of
    from game.text import one_line

    out = console()
    out.print(Text(one_line(f"{parent.id} from turn {turn} on, {say(factors)}: {len(ends)} forks"), style="bold"))
    valid = rows(parent, turn, ends)
    table = table_of(f"from turn {turn} on", "parent", f"forks % (of {valid[0][2].n} valid)")
    for name, shown, rate in valid:
        table.add_row(name.replace("_", " "), "yes" if shown else "no" if parent.end else "–", rate_text(rate))
    out.print(table)
    was = _ending(parent.end) if parent.end else "not ended"
    table = table_of("ending", "parent", "forks")
    counted = Counter(map(_ending, ends))
    for ending in dict.fromkeys([was, *(name for name, _ in counted.most_common())]):
        table.add_row(one_line(ending, 50), "yes" if ending == was else "", str(counted[ending]))
    out.print(table)


def _ending(end: EpisodeEnd) -> str:
    """How an episode ended: by the scenario's ending, or by its status."""
    return end.outcome.ending if end.outcome is not None and end.outcome.ending else end.status
