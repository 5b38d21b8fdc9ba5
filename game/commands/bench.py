"""`parkbench bench`: what the engine does on this machine, in numbers."""

from __future__ import annotations

import argparse
import sys

from game.commands import values


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "bench",
        help="measure the engine on this machine",
        description="Play some episodes and measure: prompt, decoding, propensities, episodes a minute, memory.",
        epilog="example: parkbench bench --model egg --json bench.json",
    )
    p.add_argument("--model", metavar="M", help="a shipped model, or a path to a GGUF (default: the first there is)")
    p.add_argument(
        "--episodes",
        type=values.whole(1, 10_000),
        default=8,
        metavar="N",
        help="episodes played side by side (default 8)",
    )
    p.add_argument(
        "--json", metavar="FILE", help="write the numbers as JSON (-: to standard output, without the table)"
    )
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    import asyncio
    import dataclasses
    import json
    import os
    import platform

    from game.agents.chair import all_models, find_model
    from game.errors import UserError
    from game.lab.bench import bench

    models = all_models()
    if args.model is None and not models:
        raise UserError("no model is here; name one: --model FILE.gguf")
    ref = find_model(args.model) if args.model is not None else models[0]
    if ref.path is None:
        raise UserError(f"{ref.name} is a script; bench measures models (a GGUF)")
    found = asyncio.run(bench(ref, args.episodes))
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
    one, most = min(found.decode_per_second), max(found.decode_per_second)
    rows = [
        ("model", f"{found.model} ({found.build})"),
        ("prompt", "–" if found.prompt_per_second is None else f"{found.prompt_per_second:.0f} tokens/s"),
        (f"decode, {one} sequence", f"{found.decode_per_second[one]:.0f} tokens/s"),
        (f"decode, {most} sequences", f"{found.decode_per_second[most]:.0f} tokens/s (×{found.batching:.2f})"),
        (
            "propensities of a decision",
            _steps(found.propensity_steps),
        ),
        (
            "episodes",
            f"{found.episodes_per_minute:.1f} a minute ({found.episodes} played, {found.odd_episodes} not to an end)",
        ),
        ("peak memory", "–" if found.peak_memory is None else f"{found.peak_memory / 1e6:.0f} MB with the engine"),
    ]
    from game.text import one_line

    for name, value in rows:
        print(f"{name:28}{one_line(value)}")
    return 0


def _steps(number: float | None) -> str:
    if number is None:
        return "–"
    # They are the difference of two times; on a busy machine it can drown.
    return f"as much as {number:.1f} decode steps" if number > 0 else "too little to tell here"
