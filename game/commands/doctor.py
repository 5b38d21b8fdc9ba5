"""`parkbench doctor`: what works here, and what does not."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

LEAST = (80, 24)
"""Columns and lines of a terminal on which everything fits."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "doctor",
        help="what works here, and what does not",
        description="Look at this machine: Python, terminal, folders, memory, processor, engine, models.",
        epilog="example: parkbench doctor",
    )
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 if the game can be played here, 1 if something is in the way."""
    from game.text import one_line

    bad = 0
    for fine, what, says in checks():
        bad += not fine
        print(one_line(f"{'ok ' if fine else 'NO '} {what}: {says}"), flush=True)
    print("all well" if not bad else f"{bad} thing{'s' if bad > 1 else ''} in the way")
    return 1 if bad else 0


def checks() -> Iterator[tuple[bool, str, str]]:
    """Each check as it is made: whether it is fine, what was looked at, what was found."""
    from game import __version__

    yield True, "parkbench", __version__
    yield sys.version_info >= (3, 11), "python", f"{platform.python_version()} ({sys.executable})"
    yield True, "system", f"{platform.system()} {platform.release()} {platform.machine()}"
    yield from _terminal()
    yield from _folders()
    yield from _memory()
    yield from _engine()


def _terminal() -> Iterator[tuple[bool, str, str]]:
    if not sys.stdout.isatty():
        yield True, "terminal", "none (the output goes to a file or pipe); play needs one, or --plain"
        return
    from rich.console import Console

    size = shutil.get_terminal_size()
    colours = {None: "no colours", "standard": "16 colours", "256": "256 colours", "truecolor": "16 million colours"}
    found = colours.get(Console().color_system, "colours")
    if "NO_COLOR" in os.environ:
        found = "no colours (NO_COLOR is set)"
    small = "" if size >= LEAST else f"; {LEAST[0]} × {LEAST[1]} shows everything"
    yield True, "terminal", f"{size.columns} × {size.lines}, {found}{small}"


def _folders() -> Iterator[tuple[bool, str, str]]:
    from game import paths
    from game.errors import UserError
    from game.scenario.find import find, shipped

    saves = paths.saves()
    try:
        saves.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=saves):
            pass
        free = shutil.disk_usage(saves).free
        room = f"{free / 1e9:.1f} GB free" if free > 1e8 else f"only {free / 1e6:.0f} MB free; PARKBENCH_SAVES moves it"
        yield free > 50e6, "saves", f"{saves} ({room})"
    except OSError as e:
        says = "it is a file, not a folder" if isinstance(e, FileExistsError | NotADirectoryError) else e.strerror or e
        yield False, "saves", f"{saves} can't be written: {says}; PARKBENCH_SAVES names another folder"
    broken = []
    for folder in shipped():
        try:
            find(folder.name)
        except UserError as e:
            broken.append(str(e))
    number = len(shipped())
    if broken or not number:
        yield False, "scenarios", broken[0] if broken else f"none in {paths.scenarios()}; install parkbench again"
    else:
        yield True, "scenarios", f"{number} in {paths.scenarios()}"


def _memory() -> Iterator[tuple[bool, str, str]]:
    found = memory()
    if found is None:
        yield True, "memory", "this system does not tell"
        return
    total, free = found
    yield free > 0.5e9, "memory", f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free; a game on a shipped model needs 0.5"


def memory() -> tuple[int, int] | None:
    """Bytes of memory in all and available, where the system tells without help."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        fields = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in text.splitlines() if ":" in line}
        return fields["MemTotal"], fields["MemAvailable"]
    except (OSError, ValueError, KeyError, IndexError):
        pass
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        return page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _engine() -> Iterator[tuple[bool, str, str]]:
    import asyncio
    import importlib.metadata

    from game.agents.chair import all_models, check_shipped
    from game.engine import trial
    from game.engine.errors import EngineError
    from game.engine.header import read_header
    from game.errors import UserError
    from game.text import one_line

    name, flags = trial.processor()
    amx = any(f.startswith("amx") for f in flags or ())
    yield True, "processor", f"{name}, {os.cpu_count()} threads, " + ("has AMX" if amx else "no AMX seen")
    try:
        yield True, "llama-cpp-python", importlib.metadata.version("llama-cpp-python")
    except importlib.metadata.PackageNotFoundError:
        yield False, "llama-cpp-python", "not installed; install parkbench again"
        return
    try:
        models = all_models()
    except UserError as e:
        yield False, "models", str(e)
        return
    shipped = [m for m in models if m.shipped]
    yield bool(models), "models", ", ".join(m.name for m in models) or "none; put a GGUF into the models folder"
    for ref in models:
        assert ref.path is not None
        try:
            check_shipped(ref)
            header = read_header(ref.path)
        except (UserError, EngineError) as e:
            yield False, ref.name, one_line(e, 300)
            continue
        if ref not in (shipped or models)[:1]:
            continue
        if trial.at_risk(header, flags, platform.system(), platform.machine()):
            works = trial.extra_buffers(str(ref.path), header)
            yield True, "repacked weights", "work here" if works else "crash here, so they are switched off"
        try:
            yield True, ref.name, asyncio.run(_turn_of(ref.name))
        except UserError as e:
            yield False, ref.name, one_line(e, 300)


async def _turn_of(name: str) -> str:
    import time

    from game.agents.chair import open_agent
    from game.errors import Failure
    from game.lab.turn import one_turn

    began = time.monotonic()
    async with open_agent(name, sequences=1) as chair:
        loaded = time.monotonic() - began
        first = await one_turn(chair.agent, seed=1)
        if first.status:
            raise Failure(f"loads but does not play: {first.status}: {first.reason}")
    return f"loads in {loaded:.1f} s, its first turn takes {first.seconds:.2f} s ({first.tokens} tokens)"
