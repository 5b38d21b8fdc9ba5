"""The command line: `parkbench COMMAND …`. Each command is a module of `game/commands`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from game import __version__
from game.errors import UserError

COMMANDS = ("play", "run", "report", "replay", "scenario", "model", "forge", "bench", "doctor")
OK, FAILED, BAD_INPUT = 0, 1, 2


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    root = argparse.ArgumentParser(
        prog="parkbench",
        description="Watch what a local language model does in a sandbox that it could get out of.",
        epilog="example: parkbench play sandwich    (without a command: the title screen)",
    )
    root.add_argument("--version", action="version", version=f"parkbench {__version__}")
    commands = root.add_subparsers(dest="command", metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"game.commands.{name}").register(commands)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code (0 done, 1 it ran and failed, 2 bad usage or input)."""
    args = parser().parse_args(argv)
    try:
        if args.command is None:
            from game.commands.play import title

            return title()
        return int(args.run(args) or OK)
    except UserError as e:
        print(f"parkbench: {e}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`parkbench … | head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as e:
        where = f" ({e.filename})" if e.filename else ""
        print(f"parkbench: {e.strerror or e}{where}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
