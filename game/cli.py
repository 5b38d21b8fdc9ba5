"""The command line: `parkbench COMMAND …`. Each command is a module of `game/commands`."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import io
import os
import sys
from collections.abc import Sequence

from game import __version__
from game.errors import Failure, UserError

COMMANDS = {
    "play": "watch an agent, with cards in your hand",
    "run": "play episodes without a screen, and log them",
    "fork": "play an episode on from one decision, many times",
    "report": "what runs show: rates, intervals, differences",
    "replay": "read a journal as a story, or verify it",
    "scenario": "list, check, draw and begin scenarios",
    "model": "list, describe and check models",
    "serve": "the game in a browser, for a room",
    "forge": "make models whose disposition is known",
    "bench": "measure the engine on this machine",
    "doctor": "what works here, and what does not",
}
OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
WRONG_PLACE = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
"""Errors of the system that a better path mends."""


def parser(wanted: str | None = None) -> argparse.ArgumentParser:
    """The parser of the command line; only the module of the command `wanted` is imported."""
    root = argparse.ArgumentParser(
        prog="parkbench",
        description="Watch what a local language model does in a sandbox that it could get out of.",
        epilog="example: parkbench play sandwich    (without a command: the title screen)",
    )
    root.add_argument("--version", action="version", version=f"parkbench {__version__}")
    commands = root.add_subparsers(dest="command", metavar="COMMAND")
    for name, does in COMMANDS.items():
        module = f"game.commands.{name}"
        if name == wanted:
            importlib.import_module(module).register(commands)
        elif importlib.util.find_spec(module) is not None:
            commands.add_parser(name, help=does, add_help=False)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code (0 done, 1 it ran and failed, 2 bad usage or input)."""
    _streams()
    given = list(sys.argv[1:] if argv is None else argv)
    first = next((a for a in given if not a.startswith("-")), None)
    wanted = first if first in COMMANDS and importlib.util.find_spec(f"game.commands.{first}") else None
    try:
        args = parser(wanted).parse_args(given)
        if args.command is None:
            from game.commands.play import title

            return title()
        return int(args.run(args) or OK)
    except Failure as e:
        return _fail(str(e), FAILED)
    except UserError as e:
        return _fail(str(e), BAD_INPUT)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`parkbench … | head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as e:
        where = f" ({e.filename})" if e.filename else ""
        return _fail(f"{e.strerror or e}{where}", BAD_INPUT if isinstance(e, WRONG_PLACE) else FAILED)
    except RecursionError:
        return _fail("the input is nested too deeply", BAD_INPUT)
    except Exception as e:
        from game.errors import fault

        return _fail(fault(e), FAILED)


def _streams() -> None:
    """Standard streams that are closed become empty ones; a character that an encoding lacks becomes `?`."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for good
        elif isinstance(stream, io.TextIOWrapper) and name != "stdin":
            stream.reconfigure(errors="replace")


def _fail(says: str, code: int) -> int:
    """One line on standard error; what came from a file is cleaned first."""
    from game.text import one_line

    print(f"parkbench: {one_line(says, 1000)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
