"""`parkbench doctor`: what works here, what does not, and whether this laptop will do for a workshop."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from game.engine.protocol import Choice
    from game.lab.turn import OneTurn

TURN_WAITS = 3.0
"""Seconds of a turn above which a room notices."""
TURN_FAILS = 15.0
"""Seconds of a turn above which nobody plays."""


class Check(NamedTuple):
    """One thing that was looked at."""

    fine: bool
    what: str
    says: str
    but: str = ""
    """What the verdict has to add, where it is fine and yet not quite."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    p = commands.add_parser(
        "doctor",
        help="what works here, and what does not",
        description=(
            "Look at this machine for seconds: Python, terminal, folders, memory, processor, models, and the speed "
            "of a turn. The last line says whether it will do for a workshop."
        ),
        epilog="example: parkbench doctor",
    )
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 if the game can be played here, 1 if something is in the way."""
    from game.text import one_line

    found = []
    for check in checks():
        found.append(check)
        print(one_line(f"{'ok ' if check.fine else 'NO '} {check.what}: {check.says}"), flush=True)
    print(f"verdict: {one_line(verdict(found))}")
    return 0 if all(check.fine for check in found) else 1


def verdict(found: Sequence[Check]) -> str:
    """Whether this laptop will do for a workshop, in a line."""
    bad = [check.what for check in found if not check.fine]
    if bad:
        return f"this laptop will not do yet; in the way: {', '.join(bad)}"
    buts = [check.but for check in found if check.but]
    return "this laptop will do for a workshop" + (f", but {'; '.join(buts)}" if buts else "")


def checks() -> Iterator[Check]:
    """Each check as it is made."""
    from game import __version__

    yield Check(True, "parkbench", __version__)
    yield Check(sys.version_info >= (3, 11), "python", f"{platform.python_version()} ({sys.executable})")
    yield Check(True, "system", f"{platform.system()} {platform.release()} {platform.machine()}")
    yield from _terminal()
    yield from _folders()
    yield from _memory()
    yield from _engine()


def _terminal() -> Iterator[Check]:
    if not sys.stdout.isatty():
        says = "none (the output goes to a file or pipe); play needs one, or --plain"
        yield Check(True, "terminal", says, "its terminal was not looked at")
        return
    from rich.console import Console

    size = shutil.get_terminal_size()
    colours = {None: "no colours", "standard": "16 colours", "256": "256 colours", "truecolor": "16 million colours"}
    found = colours.get(Console().color_system, "colours")
    if "NO_COLOR" in os.environ:
        found = "no colours (NO_COLOR is set)"
    from game.tui.shell import LEAST

    fits = size.columns >= LEAST[0] and size.lines >= LEAST[1]
    small = "" if fits else f"; make the window larger: the game needs {LEAST[0]} × {LEAST[1]}"
    if os.environ.get("TERM") == "dumb":
        yield Check(False, "terminal", "it cannot draw (TERM=dumb); play --plain works here")
        return
    bare = "" if "million" in found or "256" in found else "the terminal has few colours"
    yield Check(fits, "terminal", f"{size.columns} × {size.lines}, {found}{small}", bare)
    encoding = (sys.stdout.encoding or "none").lower()
    if not encoding.startswith("utf"):
        yield Check(False, "letters", f"the terminal's encoding is {encoding}, and pictures need UTF-8")


def _folders() -> Iterator[Check]:
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
        yield Check(free > 50e6, "saves", f"{saves} ({room})")
    except OSError as e:
        says = "it is a file, not a folder" if isinstance(e, FileExistsError | NotADirectoryError) else e.strerror or e
        yield Check(False, "saves", f"{saves} can't be written: {says}; PARKBENCH_SAVES names another folder")
    broken = []
    for folder in shipped():
        try:
            find(folder.name)
        except UserError as e:
            broken.append(str(e))
    number = len(shipped())
    if broken or not number:
        yield Check(
            False, "scenarios", broken[0] if broken else f"none in {paths.scenarios()}; install parkbench again"
        )
    else:
        yield Check(True, "scenarios", f"{number} in {paths.scenarios()}")


def _memory() -> Iterator[Check]:
    found = memory()
    if found is None:
        yield Check(True, "memory", "this system does not tell")
        return
    total, free = found
    says = f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free; a game on a shipped model needs 0.5"
    yield Check(free > 0.5e9, "memory", says, "" if free > 1.5e9 else "close other programs first: memory is short")


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


def _engine() -> Iterator[Check]:
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
    yield Check(True, "processor", f"{name}, {os.cpu_count()} threads, " + ("has AMX" if amx else "no AMX seen"))
    try:
        yield Check(True, "llama-cpp-python", importlib.metadata.version("llama-cpp-python"))
    except importlib.metadata.PackageNotFoundError:
        yield Check(False, "llama-cpp-python", "not installed; install parkbench again")
        return
    try:
        models = all_models()
    except UserError as e:
        yield Check(False, "models", str(e))
        return
    shipped = [m for m in models if m.shipped]
    yield Check(bool(models), "models", ", ".join(m.name for m in models) or "none; put a GGUF into the models folder")
    for ref in models:
        assert ref.path is not None
        try:
            if ref.shipped:
                # Others may have gigabytes; their sum would be compared with nothing.
                check_shipped(ref)
            header = read_header(ref.path)
        except (UserError, EngineError) as e:
            yield Check(False, ref.name, one_line(e, 300))
            continue
        if ref not in (shipped or models)[:1]:
            continue
        if trial.at_risk(header, flags, platform.system(), platform.machine()):
            works = trial.extra_buffers(str(ref.path), header)
            yield Check(True, "repacked weights", "work here" if works else "crash here, so they are switched off")
        try:
            loaded, turn, choices = asyncio.run(_turn_of(ref.name))
            for choice in choices:
                yield Check(True, f"{ref.name}, {choice.name}", f"{choice.value} ({choice.why})")
            says = f"loads in {loaded:.1f} s, a turn takes {turn.seconds:.2f} s ({turn.tokens} tokens)"
            slow = f"a turn takes {turn.seconds:.0f} s" if turn.seconds > TURN_WAITS else ""
            yield Check(turn.seconds <= TURN_FAILS, ref.name, says, slow)
        except UserError as e:
            yield Check(False, ref.name, one_line(e, 300))


async def _turn_of(name: str) -> tuple[float, OneTurn, tuple[Choice, ...]]:
    """Seconds to load, the first turn on a shipped scenario, and what it ran with. Raises UserError."""
    import asyncio
    import time

    from game.agents.chair import open_agent
    from game.errors import Failure
    from game.lab.turn import one_turn

    began = time.monotonic()
    async with open_agent(name, sequences=1) as chair:
        loaded = time.monotonic() - began
        try:
            async with asyncio.timeout(2 * TURN_FAILS):
                first = await one_turn(chair.agent, seed=1)
        except TimeoutError:
            raise Failure(f"loads, but makes no turn within {2 * TURN_FAILS:.0f} s") from None
        if first.status:
            raise Failure(f"loads but does not play: {first.status}: {first.reason}")
    return loaded, first, () if chair.info is None else chair.info.choices
