"""`parkbench replay`: a journal as a story in plain lines, or verified move by move."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from game.journal.read import Reader, Recorded

SHOWN = 10
"""Divergent episodes that are named; the others are counted."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "replay",
        help="read a journal as a story, or verify it",
        description="Print what happened in an episode, line by line; with --verify, play it again and compare.",
        epilog="example: parkbench replay saves/runs/monday.jsonl --episode sandwich/egg/0007",
    )
    p.add_argument("file", type=Path, metavar="FILE", help="a journal written by run or play")
    p.add_argument("--episode", metavar="ID", help="this one (the end of its id is enough if only one ends so)")
    p.add_argument("--verify", action="store_true", help="re-apply every recorded move and name the first divergence")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0: printed, or all as recorded; 1: an episode diverges."""
    from game.journal.read import Reader

    reader = Reader(args.file)
    if args.verify:
        return _verify(reader, args.episode)
    episodes = list(reader.episodes())
    _notes(reader)
    if args.episode is None and len(episodes) != 1:
        return _list(episodes, args.file)
    chosen = episodes[0] if args.episode is None else _one(episodes, args.episode)
    from game.journal.read import lineage
    from game.journal.tell import tell
    from game.text import clean

    for event in lineage({e.id: e for e in episodes}, chosen.id):
        for line in tell(event):
            print(clean(line, lines=False))
    return 0


def _list(episodes: list[Recorded], file: Path) -> int:
    from game.text import one_line

    for e in episodes:
        findings = len(e.end.findings) if e.end else 0
        state = f"{e.end.status}, {e.end.turns} turns, {findings} findings" if e.end else "not ended"
        print(f"{one_line(e.id)}: {state}")
    if episodes:
        print(f"read one: parkbench replay {file} --episode {one_line(episodes[0].id)}", file=sys.stderr)
    return 0


def _one(episodes: list[Recorded], wanted: str) -> Recorded:
    from game.errors import UserError
    from game.scenario import near
    from game.text import one_line

    exact = [e for e in episodes if e.id == wanted]
    found = exact or [e for e in episodes if e.id.endswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f'{len(found)} episodes end in "{wanted}", e.g. {one_line(found[0].id)}; write more of the id')
    tip = one_line(near.hint(wanted, [e.id for e in episodes]), 300)
    raise UserError(f'there is no episode "{one_line(wanted, 80)}" in the file ({tip})')


def _verify(reader: Reader, wanted: str | None) -> int:
    import asyncio

    from game.journal.read import lineage
    from game.journal.scenarios import finder
    from game.journal.verify import verify
    from game.text import one_line

    checked = 0
    diverged = []
    load = finder(reader.header)
    past: dict[str, Recorded] = {}
    # One episode at a time in a run; a save's branches need their parents.
    episodes = reader.episodes() if wanted is None else iter([_one(list(reader.episodes()), wanted)])
    for episode in episodes:
        if reader.header.kind == "save":
            past[episode.id] = episode
        events = episode.events if episode.branch is None else lineage(past, episode.id)
        found = asyncio.run(verify(events, load))
        checked += 1
        if found is not None:
            diverged.append(found)
            if len(diverged) <= SHOWN:
                print(f"diverges: {one_line(found)}")
    if len(diverged) > SHOWN:
        print(f"… and {len(diverged) - SHOWN} more")
    _notes(reader)
    print(f"{checked - len(diverged)} of {checked} episodes replay exactly as recorded")
    return 1 if diverged else 0


def _notes(reader: Reader) -> None:
    from game.text import one_line

    for note in reader.notes:
        print(f"parkbench: {reader.path}: {one_line(note)}", file=sys.stderr)
