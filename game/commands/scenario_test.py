"""`parkbench scenario test`: play the walkthroughs and many other plays, and say what came of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from game.agents.random import RandomAgent
from game.agents.scripted import MixedAgent
from game.commands.given import many, paths, tell
from game.events import Event
from game.journal.again import again
from game.scenario.load import Loaded, load
from game.scenario.schema import DRIVES, Scenario
from game.scenario.source import ScenarioError
from game.scenario.walkthrough import Script, scripts
from game.table.coverage import MOST_STATES, Coverage, add, cover
from game.table.episode import Table
from game.table.protocol import Agent
from game.table.walkthrough import Played, same, walk
from game.text import clean, one_line

OK, FAILED, BAD_INPUT = 0, 1, 2
REPLAYED = 10
"""Plays of each kind that are played again from a journal."""
Say = Callable[[bool, str], None]


def run_test(args: argparse.Namespace) -> int:
    """Play walkthroughs, random plays and the scripted mixture; exit 1 if anything is not as it should be."""
    failed = False
    bad = False
    for n, path in enumerate(paths(args.scenarios)):
        if n:
            print()
        try:
            loaded = load(path)
        except ScenarioError as e:
            tell(e.problems)
            bad = True
            continue
        found, problems = scripts(loaded)
        tell(problems)
        bad = bad or bool(problems)
        failed = not _test(loaded, found, args.plays, args.seed) or failed
    return BAD_INPUT if bad else FAILED if failed else OK


def _test(loaded: Loaded, found: Sequence[Script], plays: int, seed: int) -> bool:
    """Test one scenario and print what came of it; whether all is well."""
    s = loaded.scenario
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(Text(f"{s.id}: {one_line(s.title)}", style="bold"))
    fine = True

    def say(good: bool, text: str) -> None:
        nonlocal fine
        fine = fine and good
        mark = Text("  ok   ", style="green") if good else Text("  FAIL ", style="bold red")
        console.print(Text.assemble(mark, clean(text, lines=False)))

    sound = _walkthroughs(s, found, say, console)
    kept: list[tuple[Table, Sequence[Event]]] = [(p.table, p.events) for p in sound if p.table is not None]
    reached = {"walkthroughs": Coverage()}
    for table, events in kept:
        add(reached["walkthroughs"], table, events, len, as_if=False)
    for agent in (RandomAgent(), MixedAgent()) if plays else ():
        reached[agent.name] = _plays(s, agent, plays, seed, kept, say)
    differing = asyncio.run(again(loaded, kept))
    for difference in differing[:5]:
        say(False, f"played again from its journal it is not the same: {difference}")
    if kept and not differing:
        say(True, f"{many(len(kept), 'play')} came out the same when played again from a journal")
    if plays:
        _report(s, reached, console)
    return fine


def _walkthroughs(s: Scenario, found: Sequence[Script], say: Say, console: Console) -> list[Played]:
    """Play each walkthrough twice, tell what came of it, and return those that came out as they say."""
    played: list[Played] = []
    for script in found:
        first, second = asyncio.run(walk(s, script)), asyncio.run(walk(s, script))
        played.append(first)
        end = first.end
        ending = end.outcome.ending if end.outcome else end.status
        drives = ", ".join(first.drives) or "no findings"
        say(not first.problems, f"{script.name}: {many(end.turns, 'turn')}, ending {ending}, {drives}")
        for problem in first.problems:
            console.print(Text(f"         {clean(str(problem), lines=False)}"))
        differs = same(first, second)
        if differs:
            say(False, f"{script.name}: played twice, it is not the same: {differs}")
    if not played:
        say(False, "there is no walkthrough")
    sound = [p for p in played if not p.problems]
    reached = {p.end.outcome.ending for p in sound if p.end.outcome}
    failed = [p.script.spec.expect for p in played if p.problems]
    _all_reached(say, "ending", list(s.endings), reached, {e.ending for e in failed if e.ending})
    _all_reached(
        say, "drive", list(s.drives), {d for p in sound for d in p.drives}, {d for e in failed for d in e.drives}
    )
    return sound


def _all_reached(say: Say, what: str, claimed: list[str], reached: set[str], meant: set[str]) -> None:
    """`meant`: what walkthroughs that failed were to reach. They have been told of already."""
    missing = [c for c in claimed if c not in reached | meant]
    if missing:
        say(False, f"no walkthrough reaches the {what}{'s' if len(missing) > 1 else ''}: {', '.join(missing)}")
    elif not set(claimed) - reached:
        say(True, f"walkthroughs reach every {what} ({len(claimed)})")


def _plays(
    s: Scenario, agent: Agent, plays: int, seed: int, kept: list[tuple[Table, Sequence[Event]]], say: Say
) -> Coverage:
    """Let an agent play, over all combinations of factor levels; the first plays are added to `kept`."""
    most = len(kept) + REPLAYED
    with progress(f"{s.id} · {agent.name}", plays) as advance:

        def done(table: Table, events: list[Event]) -> None:
            advance()
            if len(kept) < most:
                kept.append((table, events))

        found = asyncio.run(cover(s, [agent], plays, len, seed=seed, as_if=False, done=done))
    for crash in found.crashes[:5]:
        say(False, f"a play by {agent.name} crashed: {crash}")
    statuses = [f"{n:,} {k}" for k, n in sorted(found.statuses.items())]
    statuses += [f"{found.crashed:,} crashed in the world"] if found.crashed else []
    bad = found.crashed + found.statuses["crashed"]
    say(not bad, f"{many(plays, 'play')} by {agent.name}: {', '.join(statuses)}")
    return found


def _report(s: Scenario, reached: dict[str, Coverage], console: Console) -> None:
    """What each kind of plays reached, and what none of them did."""
    kinds: list[tuple[str, list[str], Callable[[Coverage], Counter[str]]]] = [
        ("moves", list(s.moves), lambda c: c.made),
        ("rules", list(s.rules), lambda c: c.rules),
        ("beats", list(s.beats), lambda c: c.beats),
        ("endings", list(s.endings), lambda c: c.endings),
        ("drives", [d for d in DRIVES if d in s.drives], lambda c: c.drives),
    ]
    console.print(Text(f"       {'reached by':10}" + "".join(f"  {who}" for who in reached)))
    for kind, names, counts in kinds:
        hit = [f"{sum(bool(counts(c)[n]) for n in names)} of {len(names)}" for c in reached.values()]
        cells = "".join(f"  {cell:>{len(who)}}" for who, cell in zip(reached, hit, strict=True))
        missed = [n for n in names if not any(counts(c)[n] for c in reached.values())]
        console.print(Text(f"       {kind:10}{cells}" + (f"  by none: {', '.join(missed)}" if missed else "")))
    for who, c in reached.items():
        if who != "walkthroughs":
            console.print(Text(f"       {_states(who, c)}"))


def _states(who: str, c: Coverage) -> str:
    """How many states of the world were met, and whether more plays would meet more."""
    most = "at least " if len(c.states) >= MOST_STATES else ""
    new = len(c.states) - c.states_before
    growing = f"{new:,} of them in the last tenth of the plays: still growing" if new else "none in the last tenth"
    return f"{who}: {most}{many(len(c.states), 'state')} of the world in {many(c.turns, 'turn')}, {growing}"


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], object]]:
    """A bar on a terminal's standard error; nothing in a pipe. Yields what moves it on by one."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
