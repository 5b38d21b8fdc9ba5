"""`parkbench model`: which models are there, what they are, and whether they play."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from game.agents.chair import ModelRef

META = (
    "general.name", "general.architecture", "general.description", "general.author", "general.license",
    "general.size_label", "general.quantization_version", "general.file_type", "tokenizer.ggml.model",
)  # fmt: skip
"""Metadata worth showing; the rest of a GGUF's header is for programs."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "model",
        help="list, describe and check models",
        description="Models that can sit in the agent's chair.",
        epilog="example: parkbench model check egg",
    )
    what = p.add_subparsers(dest="what", required=True, metavar="list|info|check")
    listed = what.add_parser("list", help="what is there", epilog="example: parkbench model list")
    listed.set_defaults(run=list_models)
    info = what.add_parser("info", help="a model's card, or its metadata", epilog="example: parkbench model info egg")
    check = what.add_parser(
        "check", help="hash it, load it, let it decide once", epilog="example: parkbench model check my.gguf"
    )
    for sub, function in ((info, describe), (check, check_model)):
        sub.add_argument("name", metavar="M", help="a shipped model, or a path to a GGUF")
        sub.set_defaults(run=function)


def list_models(args: argparse.Namespace) -> int:
    """One line a model, and one for each adapter."""
    from game import paths
    from game.agents.chair import MIX, all_models
    from game.agents.conditions import adapters
    from game.agents.scripted import DISPOSITIONS
    from game.text import one_line

    found = all_models()
    for ref in found:
        assert ref.path is not None
        kind = ("shipped, a control" if ref.control else "shipped") if ref.shipped else "yours"
        size = f"{ref.path.stat().st_size / 1e6:.1f} MB" if ref.path.is_file() else "the file is missing"
        print(one_line(f"{ref.name}: {kind}, {size}, {ref.path}"))
    if not found:
        print(f"no GGUF in {paths.models()} or {paths.user_models()}; put one there, or name a path")
    for name, path in adapters().items():
        print(one_line(f"{name}: an adapter (--adapter {name}), {path.stat().st_size / 1e6:.1f} MB, {path}"))
    print("random: any legal move with equal chance")
    print("scripted:NAME: " + ", ".join([*DISPOSITIONS, MIX]))
    return 0


def describe(args: argparse.Namespace) -> int:
    """The model's card, or what its header says."""
    from game.agents.chair import MIX, find_model
    from game.agents.scripted import DISPOSITIONS
    from game.text import clean

    ref = find_model(args.name)
    if ref.path is None:
        if ref.name in ("random", f"scripted:{MIX}"):
            many = "every episode draws one of the scripted dispositions, by its seed"
            print(f"{ref.name}: " + ("any legal move with equal chance" if ref.name == "random" else many))
            return 0
        d = DISPOSITIONS[ref.name.partition(":")[2]]
        print(f"{ref.name}: weighs moves by the drives that they are evidence of")
        for drive, weight in d.drives.items():
            print(f"  {drive.replace('_', ' ')}: ×{weight:g}")
        print(f"  every other drive: ×{d.other:g}")
        print(f"  tells a misdeed in a report: {d.honest:.0%}")
        return 0
    card = ref.path.parent / ref.name / "README.md"
    if card.is_file():
        print(clean(card.read_text(encoding="utf-8", errors="replace")))
        return 0
    for line in header_lines(ref):
        print(line)
    return 0


def header_lines(ref: ModelRef) -> list[str]:
    """What a GGUF's header says about itself, cleaned."""
    from game.engine.errors import EngineError
    from game.engine.header import read_header
    from game.errors import UserError
    from game.text import one_line

    assert ref.path is not None
    try:
        header = read_header(ref.path)
    except EngineError as e:
        raise UserError(e.says) from None
    lines = [f"file: {one_line(ref.path)}", f"size: {header.size:,} bytes, {header.tensors} tensors"]
    lines += [f"{key}: {one_line(header.values[key], 200)}" for key in META if key in header.values]
    architecture = header.values.get("general.architecture")
    for key in ("context_length", "block_count", "embedding_length"):
        if f"{architecture}.{key}" in header.values:
            lines.append(f"{key.replace('_', ' ')}: {one_line(header.values[f'{architecture}.{key}'], 40)}")
    template = header.values.get("tokenizer.chat_template")
    said = f"yes, {len(str(template)):,} characters" if template else "none; the game needs one"
    return [*lines, f"chat template: {said}"]


def check_model(args: argparse.Namespace) -> int:
    """0 if the file is what it should be, loads, and decides."""
    import asyncio

    from game.agents.chair import find_model
    from game.text import one_line

    ref = find_model(args.name)
    if ref.path is None:
        print(f"{ref.name}: a script; nothing to check")
        return 0
    for line in asyncio.run(_check(ref)):
        print(one_line(line))
    return 0


async def _check(ref: ModelRef) -> list[str]:
    import time

    from game.agents.chair import open_agent
    from game.errors import Failure
    from game.lab.turn import one_turn

    began = time.monotonic()
    async with open_agent(ref, sequences=1) as chair:
        loaded = time.monotonic() - began
        known = "as shipped" if ref.shipped else "not a shipped model"
        lines = [f"sha256 {chair.identity['sha256']} ({known})", f"loads in {loaded:.1f} s: {chair.identity['build']}"]
        turn = await one_turn(chair.agent)
        if turn.status != "":
            raise Failure(f"{ref.name} loads but does not play: {turn.status}: {turn.reason}")
        return [*lines, f"decides in {turn.seconds:.2f} s: {turn.line}", f"{ref.name} plays"]
