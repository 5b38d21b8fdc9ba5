"""`parkbench bench`: what the engine does on this machine, in numbers."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from game.commands import values
from game.commands.engine import add_options, engine_of

if TYPE_CHECKING:
    from rich.table import Table

    from game.lab.bench import Bench, Kept


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "bench",
        help="measure the engine on this machine",
        description="Play episodes, one at a time and many side by side, and measure where the time goes: prompts, "
        "decoding, masks, propensities, episodes a minute, memory. egg takes a minute; for a larger model say "
        "fewer --sequences, and --turns 2.",
        epilog="example: parkbench bench --model egg --json bench.json",
    )
    p.add_argument("--model", metavar="M", help="a shipped model, or a path to a GGUF (default: the first there is)")
    p.add_argument(
        "--sequences",
        type=_numbers,
        default=None,
        metavar="N,N",
        help="episodes side by side (default 1,4,16,64), two rounds of each",
    )
    p.add_argument(
        "--turns",
        type=values.whole(1),
        default=0,
        metavar="N",
        help="end every episode after N turns (default: when it ends)",
    )
    p.add_argument(
        "--json", metavar="FILE", help="write the numbers as JSON (-: to standard output, without the table)"
    )
    add_options(p)
    p.set_defaults(run=run)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(values.whole(1, 64)(part) for part in text.split(","))


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    import asyncio
    import dataclasses
    import json
    import os
    import platform

    from rich.console import Console

    from game.agents.chair import all_models, find_model
    from game.errors import UserError
    from game.lab.bench import SEQUENCES, bench

    models = all_models()
    if args.model is None and not models:
        raise UserError("no model is here; name one: --model FILE.gguf")
    ref = find_model(args.model) if args.model is not None else models[0]
    if ref.path is None:
        raise UserError(f"{ref.name} is a script; bench measures models (a GGUF)")

    def say(what: str) -> None:
        if sys.stderr.isatty():
            print(f"measuring: {what} …", file=sys.stderr)

    found = asyncio.run(bench(ref, args.sequences or SEQUENCES, args.turns, say, engine_of(args)))
    data = {
        **dataclasses.asdict(found),
        "batching": found.batching,
        "machine": {"system": platform.platform(), "processor": platform.processor(), "threads": os.cpu_count()},
    }
    text = json.dumps(data, indent=1) + "\n"
    if args.json == "-":
        sys.stdout.write(text)
        return 0
    if args.json is not None:
        values.write(args.json, text)
    for name, value in _rows(found):
        print(f"{name:30}{value}")
    print()
    Console().print(_table(found))
    return 0


def _rows(found: Bench) -> list[tuple[str, str]]:
    from game.text import one_line

    speed = found.prompt_per_second
    return [
        ("model", one_line(f"{found.model} ({found.build}), context {found.context:,}, {found.memory}")),
        ("prompt", "–" if speed is None else f"{speed:.0f} tokens/s"),
        ("prompt tokens evaluated", f"{found.prompt_overhead:.3f} of the least possible"),
        ("mask of a token", f"{found.mask_microseconds:.0f} µs"),
        (
            "propensities of a decision",
            f"as much as {found.propensity_steps:.1f} decode steps, for {found.options:.0f} tokens of legal moves",
        ),
        ("state of a save", _state(found.state)),
    ]


def _state(kept: Kept | None) -> str:
    if kept is None:
        return "–"
    again = "" if kept.evaluate_seconds is None else f", evaluated again in {kept.evaluate_seconds:.2f} s"
    times = f"written in {kept.write_seconds:.3f} s, read in {kept.read_seconds:.3f} s"
    return f"{kept.tokens:,} tokens, {kept.size / 1e6:.1f} MB: {times}{again}"


def _table(found: Bench) -> Table:
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for name in (
        "side by\nside",
        "decode\ntokens/s",
        "all work\ntokens/s",
        "llama\n.cpp",
        "masks",
        "samp-\nling",
        "rest",
        "episodes\na minute",
        "memory\nMB",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for x in found.levels:
        shares = (f"{100 * share:.1f}%" for share in (x.llama, x.masks, x.samples, x.rest))
        minute = "–" if x.episodes_per_minute is None else f"{x.episodes_per_minute:.1f}"
        table.add_row(
            str(x.sequences),
            f"{x.decode_per_second:.0f}",
            f"{x.tokens_per_second:.0f}",
            *shares,
            minute + (f" ({x.odd_episodes} odd)" if x.odd_episodes else ""),
            "–" if x.memory is None else f"{x.memory / 1e6:.0f}",
        )
    return table
