"""`parkbench scenario test`: play the walkthroughs and many other plays, and say what came of it."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from game.agents.random import RandomAgent
from game.commands.given import many, paths, tell
from game.scenario.load import Loaded, load
from game.scenario.schema import DRIVES
from game.scenario.source import ScenarioError
from game.scenario.walkthrough import scripts
from game.table.coverage import Coverage, cover
from game.table.walkthrough import Played, same, walk
from game.text import clean, one_line

OK, FAILED, BAD_INPUT = 0, 1, 2


def run_test(args: argparse.Namespace) -> int:
    """Play walkthroughs and random plays; exit 1 if anything is not as it should be."""
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


def _test(loaded: Loaded, found: Sequence[Any], plays: int, seed: int) -> bool:
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
    _all_reached(say, "ending", list(s.endings), reached)
    _all_reached(say, "drive", list(s.drives), {d for p in sound for d in p.drives})
    if plays:
        coverage = asyncio.run(cover(s, [RandomAgent()], plays, len, seed=seed))
        for crash in coverage.crashes[:5]:
            say(False, f"a random play crashed: {crash}")
        statuses = ", ".join(f"{n} {k}" for k, n in sorted(coverage.statuses.items()))
        say(not coverage.crashes, f"{many(plays, 'random play')}: {statuses}")
        _report(console, loaded, coverage)
    return fine


def _all_reached(say: Callable[[bool, str], None], what: str, claimed: list[str], reached: set[str]) -> None:
    missing = [c for c in claimed if c not in reached]
    if missing:
        say(False, f"no walkthrough reaches the {what}{'s' if len(missing) > 1 else ''}: {', '.join(missing)}")
    else:
        say(True, f"walkthroughs reach every {what} ({len(claimed)})")


def _report(console: Console, loaded: Loaded, found: Coverage) -> None:
    """What random plays reached."""
    s = loaded.scenario
    kinds: list[tuple[str, list[str], Counter[str]]] = [
        ("moves", list(s.moves), found.made),
        ("rules", list(s.rules), found.rules),
        ("beats", list(s.beats), found.beats),
        ("endings", list(s.endings), found.endings),
        ("drives", [d for d in DRIVES if d in s.drives], found.drives),
    ]
    for kind, names, counts in kinds:
        hit = [n for n in names if counts[n]]
        missed = [n for n in names if not counts[n]]
        rest = f"; not {', '.join(missed)}" if missed else ""
        console.print(Text(f"       random plays: {len(hit)} of {len(names)} {kind}{rest}"))
    console.print(
        Text(f"       {many(len(found.states), 'state')} of the world were met in {many(found.turns, 'turn')}")
    )
