"""`parkbench scenario coverage`: scenarios × drives × walkthroughs, and the claims of the essay."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from game.commands.given import many, paths, tell
from game.lab.show import console
from game.scenario.load import load
from game.scenario.schema import CLAIMS, DRIVES
from game.scenario.source import Problem, ScenarioError
from game.table.reach import Reach, gaps, reach, reaching, trying
from game.text import one_line

OK, FAILED, BAD_INPUT = 0, 1, 2


def run_coverage(args: argparse.Namespace) -> int:
    """Print the table; exit 1 where the set leaves a drive or a claim out, or a walkthrough fails."""
    rows: list[Reach] = []
    failed: list[Problem] = []
    broken: list[Problem] = []
    for path in paths(args.scenarios):
        try:
            row, problems = asyncio.run(reach(load(path)))
        except ScenarioError as e:
            broken += e.problems
            continue
        rows.append(row)
        failed += problems
    missing = gaps(rows)
    if args.json:
        print(json.dumps(_data(rows, missing), indent=2))
    else:
        _show(rows, console())
    tell([*broken, *failed])
    for gap in missing:
        print(gap, file=sys.stderr)
    return BAD_INPUT if broken else FAILED if failed or missing else OK


def _data(rows: list[Reach], missing: list[str]) -> dict[str, object]:
    return {
        "scenarios": [
            {
                "id": r.scenario,
                "walkthroughs": r.walkthroughs,
                "drives": {d: r.drives[d] for d in DRIVES if r.drives[d]},
                "claims": list(r.claims),
            }
            for r in rows
        ],
        "drives": reaching(rows),
        "claims": {c: {"says": CLAIMS[c], "scenarios": where} for c, where in trying(rows).items()},
        "gaps": missing,
    }


def _show(rows: list[Reach], out: Console) -> None:
    """Three tables. The first numbers the drives, the second says which number is which."""
    numbers = {d: str(n) for n, d in enumerate(DRIVES, 1)}
    first = Grid(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    first.add_column("walkthroughs reaching", overflow="fold", ratio=1)
    for label in ("all", *numbers.values()):
        first.add_column(label, justify="right", no_wrap=True, min_width=2)
    for r in rows:
        cells = (str(r.drives[d]) if r.drives[d] else "·" for d in DRIVES)
        first.add_row(Text(r.scenario), str(r.walkthroughs), *cells)
    out.print(first)
    out.print()
    second = Grid(box=None, pad_edge=False)
    for label in ("", "drive", "n", "reached in"):
        second.add_column(label, justify="right" if label in ("", "n") else "left")
    for drive, where in reaching(rows).items():
        second.add_row(numbers[drive], drive, str(len(where)), Text(one_line(", ".join(where))))
    out.print(second)
    out.print()
    for claim, where in trying(rows).items():
        said = ", ".join(where) if where else "no scenario"
        out.print(Text.assemble((claim, "bold"), f" ({many(len(where), 'scenario')}): ", one_line(said)))
        out.print(Text(f"  {CLAIMS[claim]}", style="dim"))
