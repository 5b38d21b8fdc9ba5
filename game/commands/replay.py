"""`parkbench replay`: a journal as a story in plain lines, or verified move by move."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
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
    from game.journal.pick import matching
    from game.journal.read import Reader

    reader = Reader(args.file)
    if args.verify:
        return _verify(reader, args.episode)
    if args.episode is None:
        return _tell_only_or_list(reader)
    kept, found = matching(reader, args.episode)
    _notes(reader)
    _tell(kept, found)
    return 0


def _tell_only_or_list(reader: Reader) -> int:
    """A file with one episode is told, of others the episodes are listed (one at a time: files are big)."""
    from itertools import chain

    from game.text import one_line

    episodes = reader.episodes()
    first, second = next(episodes, None), next(episodes, None)
    if first is None or second is None:
        _notes(reader)
        if first is None:
            print("no episode in it")
        else:
            _tell({first.id: first}, first)
        return 0
    for e in chain([first, second], episodes):
        findings = len(e.end.findings) if e.end else 0
        state = f"{e.end.status}, {e.end.turns} turns, {findings} findings" if e.end else "not ended"
        print(f"{one_line(e.id)}: {state}")
    _notes(reader)
    print(f"read one: parkbench replay {reader.path} --episode {one_line(first.id)}", file=sys.stderr)
    return 0


def _tell(kept: dict[str, Recorded], episode: Recorded) -> None:
    from game.journal.read import lineage
    from game.journal.tell import tell
    from game.text import clean

    for event in lineage(kept, episode.id):
        for line in tell(event):
            print(clean(line, lines=False))


def _verify(reader: Reader, wanted: str | None) -> int:
    import asyncio

    from game.journal.pick import matching
    from game.journal.read import lineage
    from game.journal.scenarios import finder
    from game.journal.verify import verify
    from game.text import one_line

    checked = 0
    diverged = []
    load = finder(reader.header)
    past: dict[str, Recorded] = {}
    episodes: Iterable[Recorded] = reader.episodes()
    if wanted is not None:
        past, one = matching(reader, wanted)
        _notes(reader)
        episodes = [one]
    for episode in episodes:
        if reader.header.kind == "save":
            # A branch is played from its parent's beginning.
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
    if wanted is None:
        _notes(reader)
    print(f"{checked - len(diverged)} of {checked} episodes replay exactly as recorded")
    return 1 if diverged else 0


def _notes(reader: Reader) -> None:
    from game.text import one_line

    for note in reader.notes:
        print(f"parkbench: {reader.path}: {one_line(note)}", file=sys.stderr)
