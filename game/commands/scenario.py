"""`parkbench scenario`: list, write, check, draw and test scenarios."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from game.agents.random import RandomAgent
from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.commands import values
from game.errors import UserError
from game.scenario import graph, new, tokens
from game.scenario.campaign import (
    campaign_json_schema,
    campaigns,
    is_campaign,
    lint_campaign,
    load_campaign,
    locate_either,
)
from game.scenario.deal import deal
from game.scenario.find import find, locate, shipped
from game.scenario.lint import lint
from game.scenario.load import Loaded, load
from game.scenario.schema import DRIVES, json_schema
from game.scenario.source import Problem, ScenarioError, read
from game.scenario.walkthrough import scripts
from game.table.coverage import Coverage, add, cover
from game.table.measured import measured
from game.table.walkthrough import Played, same, walk
from game.text import clean, one_line

if TYPE_CHECKING:
    from game.table.protocol import Agent

OK, FAILED, BAD_INPUT = 0, 1, 2
LINT_PLAYS, TEST_PLAYS = 160, 200
MOST_PLAYS = 1_000_000


def register(commands: Any) -> None:
    """Add `scenario` and its subcommands to the command line."""
    top = commands.add_parser(
        "scenario",
        help="list, write, check and test scenarios",
        description="List, write, check, draw and test scenarios.",
        epilog="example: parkbench scenario lint sandwich",
    )
    subs = top.add_subparsers(dest="what", metavar="WHAT", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], int], says: str, example: str
    ) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = subs.add_parser(
            name,
            help=says,
            description=says[:1].upper() + says[1:] + ".",
            epilog=f"example: parkbench scenario {example}",
        )
        parser.set_defaults(run=run)
        return parser

    listing = command("list", run_list, "the shipped scenarios", "list")
    listing.add_argument("--json", action="store_true", help="as JSON")

    writing = command("new", run_new, "write a scenario to start from, by five questions", "new --id lighthouse")
    writing.add_argument("--id", help="its id, and the name of its folder")
    writing.add_argument("--title", help="its title")
    writing.add_argument("--question", help="what it asks, in a sentence")
    writing.add_argument("--drive", help="the drive that it tempts to")
    writing.add_argument("--place", help="the place where the agent works")
    writing.add_argument("--folder", type=Path, help="the folder to write it in (default: here)")

    checking = command(
        "lint", run_lint, "what is wrong with a scenario or campaign, and where", "lint sandwich --strict"
    )
    _names(checking)
    checking.add_argument("--json", action="store_true", help="a list of problems for editors")
    checking.add_argument("--strict", action="store_true", help="warnings fail too (exit code 1)")
    _plays(checking, LINT_PLAYS)

    testing = command("test", run_test, "play the walkthroughs, and random plays", "test sandwich --plays 1000")
    _names(testing)
    _plays(testing, TEST_PLAYS)

    drawing = command(
        "graph", run_graph, "places, links, and what leads to which ending", "graph sandwich --format text"
    )
    drawing.add_argument("scenario", metavar="SCENARIO", help="an id or a path")
    drawing.add_argument("--format", choices=("mermaid", "text"), default="mermaid", help="default: mermaid")
    drawing.add_argument("--seed", type=values.seed, default=1, help="which names are drawn")

    schema = command(
        "schema", run_schema, "the JSON Schema of a scenario file, for editors", "schema > scenario.schema.json"
    )
    schema.add_argument("--campaign", action="store_true", help="of a campaign file")


def _names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenarios", metavar="SCENARIO", nargs="*", help="ids or paths (default: all that are shipped)")


def _plays(parser: argparse.ArgumentParser, default: int) -> None:
    parser.add_argument(
        "--plays",
        type=values.whole(0, MOST_PLAYS),
        default=default,
        metavar="N",
        help=f"random plays (default {default})",
    )
    parser.add_argument("--seed", type=values.seed, default=0, help="seed of the first play")


def run_list(args: argparse.Namespace) -> int:
    """Print the shipped scenarios; those that cannot be loaded are named on standard error."""
    loaded: list[Loaded] = []
    broken: list[Problem] = []
    for folder in shipped():
        try:
            loaded.append(load(folder))
        except ScenarioError as e:
            broken += e.problems
    if args.json:
        keys = ("id", "title", "summary", "difficulty", "turns", "drives")
        items = [
            {
                **{k: getattr(x.scenario, k) for k in keys},
                "factors": {f: list(v) for f, v in x.scenario.factors.items()},
            }
            for x in loaded
        ]
        print(json.dumps(items, indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        grid = Grid("id", "title", "turns", "difficulty", "what it asks", box=None, pad_edge=False)
        for x in sorted(loaded, key=lambda x: (x.scenario.difficulty, x.scenario.id)):
            s = x.scenario
            cells = (s.id, one_line(s.title), str(s.turns), "●" * s.difficulty, one_line(s.summary))
            grid.add_row(*(Text(c) for c in cells))
        Console().print(grid)
    else:
        for x in sorted(loaded, key=lambda x: (x.scenario.difficulty, x.scenario.id)):
            s = x.scenario
            print(s.id, one_line(s.title), s.turns, s.difficulty, one_line(s.summary), sep="\t")
    _tell(broken)
    return BAD_INPUT if broken else OK


def run_new(args: argparse.Namespace) -> int:
    """Ask what is not given, and write a scenario's folder."""
    given = {"id": args.id, "title": args.title, "question": args.question, "drive": args.drive, "place": args.place}
    answers = {name: _ask(name, value) for name, value in given.items()}
    folder = new.write(args.folder or Path(), **answers)
    print(f"{folder}: written. Next: parkbench scenario lint {folder}, then test, then change it to your story.")
    return OK


def _ask(name: str, value: str | None) -> str:
    question, default = new.QUESTIONS[name]
    while True:
        if value is None:
            if not sys.stdin.isatty():
                value = default
            else:
                try:
                    value = input(f"{question} [{default}] ").strip() or default
                except EOFError:
                    raise UserError("no answer; the five questions can be flags too: --help") from None
        problem = new.check(name, value)
        if not problem:
            return value
        if not sys.stdin.isatty():
            raise UserError(f"--{name}: {problem}")
        print(problem)
        value = None


def run_lint(args: argparse.Namespace) -> int:
    """Print what is wrong: errors (exit 2), and warnings (exit 1 with --strict)."""
    problems: list[Problem] = []
    for path in [locate_either(n) for n in args.scenarios] or [*_paths(()), *campaigns()]:
        problems += check(path, args.plays, args.seed)
    errors = sum(p.level == "error" for p in problems)
    warnings = len(problems) - errors
    if args.json:
        print(json.dumps([asdict(p) for p in problems], indent=2, ensure_ascii=False))
    else:
        for p in problems:
            print(clean(_line(p), lines=False), file=sys.stderr if p.level == "error" else sys.stdout)
        print("clean" if not problems else f"{_many(errors, 'error')}, {_many(warnings, 'warning')}")
    return BAD_INPUT if errors else FAILED if warnings and args.strict else OK


def check(path: Path, plays: int = LINT_PLAYS, seed: int = 0) -> list[Problem]:
    """All problems of the scenario at `path`: shape, references, lint, walkthrough files, and what plays show.

    Of a campaign: shape, references, lint. Its scenarios are checked by themselves.
    """
    try:
        if path.is_file() and is_campaign(read(path)):
            return lint_campaign(load_campaign(path))
        loaded = load(path)
    except ScenarioError as e:
        return e.problems
    found, problems = scripts(loaded)
    problems += lint(loaded)
    if not found and not problems:
        source, says = loaded.source, "there are no walkthroughs beside it"
        problems.append(source.problem((), says, "without one, `it did not` proves nothing", "warning"))
    if plays:
        count = tokens.counter()
        coverage = asyncio.run(cover(loaded.scenario, agents(), plays, count, seed=seed))
        for script in found:
            played = asyncio.run(walk(loaded.scenario, script))
            assert played.table is not None
            add(coverage, played.table, played.events, count)
        problems += measured(loaded, coverage, count)
    return sorted(problems, key=lambda p: (p.file, p.line, p.column, p.level))


def agents() -> list[Agent]:
    """Who plays to find what can be reached: the random agent as often as each disposition."""
    return [RandomAgent(), *(ScriptedAgent(d) for d in DISPOSITIONS.values())]


def run_test(args: argparse.Namespace) -> int:
    """Play walkthroughs and random plays; exit 1 if anything is not as it should be."""
    failed = False
    bad = False
    for n, path in enumerate(_paths(args.scenarios)):
        if n:
            print()
        try:
            loaded = load(path)
        except ScenarioError as e:
            _tell(e.problems)
            bad = True
            continue
        found, problems = scripts(loaded)
        _tell(problems)
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
        say(not first.problems, f"{script.name}: {_many(end.turns, 'turn')}, ending {ending}, {drives}")
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
        say(not coverage.crashes, f"{_many(plays, 'random play')}: {statuses}")
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
        Text(f"       {_many(len(found.states), 'state')} of the world were met in {_many(found.turns, 'turn')}")
    )


def run_graph(args: argparse.Namespace) -> int:
    """Print the picture."""
    dealt = deal(find(args.scenario).scenario, args.seed)
    print(clean(graph.mermaid(dealt) if args.format == "mermaid" else graph.text(dealt)), end="")
    return OK


def run_schema(args: argparse.Namespace) -> int:
    """Print the JSON Schema."""
    print(json.dumps(campaign_json_schema() if args.campaign else json_schema(), indent=2, ensure_ascii=False))
    return OK


def _paths(names: Sequence[str]) -> list[Path]:
    paths = [locate(n) for n in names] or shipped()
    if not paths:
        raise UserError("there is no scenario here")
    return paths


def _tell(problems: Sequence[Problem]) -> None:
    for p in problems:
        print(clean(_line(p), lines=False), file=sys.stderr)


def _line(problem: Problem) -> str:
    return str(problem) if problem.level == "error" else str(problem).replace(": ", f": {problem.level}: ", 1)


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}" + ("" if n == 1 else "s")
