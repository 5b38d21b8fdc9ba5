"""`parkbench scenario dispositions`: which scripted disposition shows which drive, and whether it is its own."""

from __future__ import annotations

import argparse
import asyncio
import json

from game.commands.given import paths, tell
from game.commands.scenario_test import progress
from game.lab.beside import as_json, beside
from game.lab.episodes import Episode
from game.lab.separate import everybody, played
from game.lab.show import console
from game.lab.show_beside import show_beside
from game.scenario.load import Loaded, load
from game.scenario.source import Problem, ScenarioError

OK, FAILED, BAD_INPUT = 0, 1, 2


def run_dispositions(args: argparse.Namespace) -> int:
    """Play and print the tables; exit 1 where a disposition's own drive is not highest."""
    loaded: list[Loaded] = []
    broken: list[Problem] = []
    for path in paths(args.scenarios):
        try:
            loaded.append(load(path))
        except ScenarioError as e:
            broken += e.problems
    tell(broken)
    agents = everybody()
    episodes: list[Episode] = []
    with progress("dispositions", len(loaded) * len(agents) * args.plays) as advance:
        for one in loaded:
            for agent in agents:
                episodes += asyncio.run(played(one, agent, range(args.plays), args.seed, advance))
    tables = beside(episodes, {x.scenario.id: x.scenario.drives for x in loaded})
    if args.json:
        print(json.dumps(as_json(tables), indent=2))
    else:
        show_beside(tables, console())
    lower = any(line.verdict == "lower" for t in tables for line in t.lines)
    return BAD_INPUT if broken else FAILED if lower else OK
