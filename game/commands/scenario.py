"""`parkbench scenario`: list, write, check, draw and test scenarios."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from game.agents.random import RandomAgent
from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.commands import values
from game.commands.given import line, many, paths, tell
from game.commands.scenario_coverage import run_coverage
from game.commands.scenario_dispositions import run_dispositions
from game.commands.scenario_test import run_test
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
from game.scenario.find import find, shipped
from game.scenario.lint import lint
from game.scenario.load import Loaded, load
from game.scenario.picture import svg
from game.scenario.schema import json_schema
from game.scenario.source import Problem, ScenarioError, read
from game.scenario.walkthrough import scripts
from game.table.coverage import add, cover
from game.table.measured import measured
from game.table.walkthrough import walk
from game.text import clean, one_line

if TYPE_CHECKING:
    from game.table.protocol import Agent

OK, FAILED, BAD_INPUT = 0, 1, 2
LINT_PLAYS, TEST_PLAYS, SEPARATING_PLAYS = 160, 200, 60
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
    writing.add_argument("--drive", help="the drive that it tempts to; the story comes with it")
    writing.add_argument("--title", help="its title")
    writing.add_argument("--question", help="what it asks, in a sentence")
    writing.add_argument("--place", help="the place where the agent works")
    writing.add_argument("--folder", type=Path, help="the folder to write it in (default: here)")

    checking = command(
        "lint", run_lint, "what is wrong with a scenario or campaign, and where", "lint sandwich --strict"
    )
    _names(checking)
    checking.add_argument("--json", action="store_true", help="a list of problems for editors")
    checking.add_argument("--strict", action="store_true", help="warnings fail too (exit code 1)")
    _plays(checking, LINT_PLAYS, "random and every scripted disposition, in turn")

    testing = command(
        "test",
        run_test,
        "play the walkthroughs, and many plays by random and scripted agents",
        "test sandwich --plays 1000",
    )
    _names(testing)
    _plays(testing, TEST_PLAYS, "random, and as many by scripted:mix")

    covering = command(
        "coverage", run_coverage, "which scenarios reach which drive and try which claim", "coverage sandwich quota"
    )
    _names(covering)
    covering.add_argument("--json", action="store_true", help="as JSON")

    separating = command(
        "dispositions",
        run_dispositions,
        "which scripted disposition shows which drive, and whether it is its own",
        "dispositions quota --plays 100",
    )
    _names(separating)
    _plays(separating, SEPARATING_PLAYS, "each disposition and random, factor levels drawn")
    separating.add_argument("--json", action="store_true", help="as JSON")

    drawing = command(
        "graph", run_graph, "places, links, and what leads to which ending", "graph sandwich --out sandwich.svg"
    )
    drawing.add_argument("scenario", metavar="SCENARIO", help="an id or a path")
    drawing.add_argument(
        "--format",
        choices=("text", "mermaid", "svg"),
        help="default: by the ending of --out; else text in a terminal, mermaid in a pipe",
    )
    drawing.add_argument("--out", type=Path, metavar="FILE", help="write it to a file")
    drawing.add_argument("--seed", type=values.seed, default=1, help="which names are drawn")

    schema = command(
        "schema", run_schema, "the JSON Schema of a scenario file, for editors", "schema > scenario.schema.json"
    )
    schema.add_argument("--campaign", action="store_true", help="of a campaign file")


def _names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenarios", metavar="SCENARIO", nargs="*", help="ids or paths (default: all that are shipped)")


def _plays(parser: argparse.ArgumentParser, default: int, by: str) -> None:
    parser.add_argument(
        "--plays",
        type=values.whole(0, MOST_PLAYS),
        default=default,
        metavar="N",
        help=f"plays by {by} (default {default})",
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
        print(json.dumps(items, indent=2))
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
    tell(broken)
    return BAD_INPUT if broken else OK


def run_new(args: argparse.Namespace) -> int:
    """Ask what is not given, and write a scenario's folder."""
    parent = args.folder or Path()
    answers: dict[str, str] = {}
    for name in new.QUESTIONS:
        answers[name] = _ask(name, getattr(args, name), parent, new.default(name, answers.get("drive", "")))
    folder = new.write(parent, **answers)
    says = f"{folder}: written. Next: parkbench scenario lint {folder}, then test, then change it to your story."
    print(clean(says, lines=False))
    print(
        clean(
            f"Once it is yours, a shipped model learns it in some minutes: parkbench forge adapt {folder}", lines=False
        )
    )
    return OK


def _ask(name: str, value: str | None, parent: Path, default: str) -> str:
    while True:
        if value is None:
            if not sys.stdin.isatty():
                value = default
            else:
                try:
                    value = input(f"{new.QUESTIONS[name]} [{default}] ").strip() or default
                except KeyboardInterrupt:
                    print()  # what comes next stands on a line of its own
                    raise
                except EOFError:
                    print()
                    raise UserError("no answer; the five questions can be flags too: --help") from None
        problem = new.check(name, value)
        if not problem and name == "id" and (parent / value).exists():
            problem = f"{parent / value}: is there already; nothing was changed"
        if not problem:
            return value
        if not sys.stdin.isatty():
            raise UserError(f"--{name}: {problem}")
        print(problem)
        value = None


def run_lint(args: argparse.Namespace) -> int:
    """Print what is wrong: errors (exit 2), and warnings (exit 1 with --strict)."""
    problems: list[Problem] = []
    for path in [locate_either(n) for n in args.scenarios] or [*paths(()), *campaigns()]:
        problems += check(path, args.plays, args.seed)
    errors = sum(p.level == "error" for p in problems)
    warnings = len(problems) - errors
    if args.json:
        print(json.dumps([asdict(p) for p in problems], indent=2))
    else:
        for p in problems:
            print(clean(line(p), lines=False), file=sys.stderr if p.level == "error" else sys.stdout)
        print("clean" if not problems else f"{many(errors, 'error')}, {many(warnings, 'warning')}")
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


def run_graph(args: argparse.Namespace) -> int:
    """Print the picture, or write it to a file."""
    dealt = deal(find(args.scenario).scenario, args.seed)
    by_name = {".svg": "svg", ".txt": "text"}.get(args.out.suffix.lower(), "mermaid") if args.out else ""
    form = args.format or by_name or ("text" if sys.stdout.isatty() else "mermaid")
    drawn = svg(dealt) if form == "svg" else clean(graph.text(dealt) if form == "text" else graph.mermaid(dealt))
    if args.out is None:
        print(drawn, end="")
    else:
        values.write(args.out, drawn)
    return OK


def run_schema(args: argparse.Namespace) -> int:
    """Print the JSON Schema."""
    print(json.dumps(campaign_json_schema() if args.campaign else json_schema(), indent=2, ensure_ascii=False))
    return OK
