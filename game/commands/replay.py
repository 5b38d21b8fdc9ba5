"""`parkbench replay`: a journal as a story in plain lines, or verified move by move."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from functools import partial
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
        help="watch a journal, read it as a story, or verify it",
        description="Show an episode step by step on a terminal, with captions, or print it line by line; "
        "with --verify, play it again and compare.",
        epilog="example: parkbench replay saves/runs/monday.jsonl --episode sandwich/egg/0007",
    )
    p.add_argument("file", type=Path, metavar="FILE", help="a journal written by run or play")
    p.add_argument("--episode", metavar="ID", help="this one (the end of its id is enough if only one ends so)")
    p.add_argument("--verify", action="store_true", help="re-apply every recorded move and name the first divergence")
    p.add_argument("--plain", action="store_true", help="print it, also on a terminal")
    p.add_argument("--html", type=Path, metavar="OUT", help="write the debrief as one page to print or send")
    p.add_argument("--markdown", type=Path, metavar="OUT", help="the same as Markdown")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0: printed, or all as recorded; 1: an episode diverges."""
    from game.errors import UserError
    from game.journal.pick import matching
    from game.journal.read import Reader

    reader = Reader(args.file)
    pages = [p for p in (args.html, args.markdown) if p is not None]
    if args.verify and pages:
        raise UserError("--verify writes no page; leave out one of the two")
    if args.verify:
        return _verify(reader, args.episode)
    if pages:
        return _export(reader, args.episode, args.html, args.markdown)
    shown = not args.plain and sys.stdin.isatty() and sys.stdout.isatty()
    tell = partial(_show, reader) if shown else _tell
    if args.episode is None:
        return _tell_only_or_list(reader, tell)
    kept, found = matching(reader, args.episode)
    _notes(reader)
    tell(kept, found)
    return 0


def _show(reader: Reader, kept: dict[str, Recorded], episode: Recorded) -> None:
    """Step by step on the terminal."""
    from game.commands.play import show_reel
    from game.errors import UserError
    from game.events import EpisodeStart
    from game.journal.read import lineage
    from game.journal.scenarios import finder
    from game.play.show import recorded

    events = lineage(kept, episode.id)
    start = next((e for e in events if isinstance(e, EpisodeStart)), None)
    if start is None:
        raise UserError("an episode without its first event cannot be shown")
    show_reel(recorded(events, finder(reader.header)(start.scenario)))


def _tell_only_or_list(reader: Reader, tell: Callable[[dict[str, Recorded], Recorded], None]) -> int:
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
            tell({first.id: first}, first)
        return 0
    for e in chain([first, second], episodes):
        findings = len(e.end.findings) if e.end else 0
        state = f"{e.end.status}, {e.end.turns} turns, {findings} findings" if e.end else "not ended"
        print(f"{one_line(e.id)}: {state}")
    _notes(reader)
    print(one_line(f"read one: parkbench replay {reader.path} --episode {first.id}"), file=sys.stderr)
    return 0


def _tell(kept: dict[str, Recorded], episode: Recorded) -> None:
    from game.journal.read import lineage
    from game.journal.tell import tell
    from game.text import clean

    for event in lineage(kept, episode.id):
        for line in tell(event):
            print(clean(line, lines=False))


def _export(reader: Reader, wanted: str | None, html: Path | None, markdown: Path | None) -> int:
    """Write the debrief of an episode."""
    import asyncio

    from game.errors import UserError
    from game.events import EpisodeStart
    from game.journal.pick import matching
    from game.journal.read import lineage
    from game.journal.scenarios import finder
    from game.play.debrief import debrief_of, of_record
    from game.play.page import write_page

    if wanted is None:
        kept = {e.id: e for e in _first_two(reader)}
        if len(kept) != 1:
            raise UserError(f"{reader.path} has {'no episode' if not kept else 'several'}; name one with --episode")
        found = next(iter(kept.values()))
    else:
        kept, found = matching(reader, wanted)
        _notes(reader)
    events = lineage(kept, found.id)
    start = next((e for e in events if isinstance(e, EpisodeStart)), None)
    if start is None:
        raise UserError("an episode without its first event has no debrief")
    played = asyncio.run(of_record(events, finder(reader.header)(start.scenario)))
    if html is not None:
        write_page(debrief_of(played), html, "html")
    if markdown is not None:
        write_page(debrief_of(played), markdown, "markdown")
    return 0


def _first_two(reader: Reader) -> list[Recorded]:
    from itertools import islice

    return list(islice(reader.episodes(), 2))


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
        print(one_line(f"parkbench: {reader.path}: {note}"), file=sys.stderr)
