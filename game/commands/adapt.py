"""`parkbench forge adapt`: teach a model that ships a scenario of one's own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from game import paths
from game.commands import values
from game.errors import UserError
from game.text import clean, one_line

DOES = "teach a shipped model a scenario of your own, in some minutes"


def register(steps: Any) -> None:
    """Add the step to `parkbench forge`."""
    p = steps.add_parser(
        "adapt",
        help=DOES,
        description=f"{DOES.capitalize()}: scripts play it, the model is trained on that and on what it knows already,"
        " and both models are measured.",
        epilog="example: parkbench forge adapt my_scenarios/spare_key --model egg",
    )
    p.add_argument("scenario", metavar="SCENARIO", help="its folder or file")
    p.add_argument("--model", default="egg", metavar="NAME", help="a model that forge made (default: egg)")
    p.add_argument("--out", type=Path, help=f"the new GGUF (default: {paths.user_models()}/NAME-SCENARIO.gguf)")
    p.add_argument("--minutes", type=values.whole(1, 600), default=8, help="of training, at most (default 8)")
    p.add_argument("--episodes", type=values.whole(1), default=24, help="to measure with, a scenario (default 24)")
    p.add_argument("--threads", type=values.whole(1), default=2, help="default 2")
    p.add_argument("--work", type=Path, default=Path("forge-work"), help="default: forge-work")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Adapt, and print what it gave. Raises UserError."""
    from game.agents.chair import find_model
    from game.commands.forge import check_extra
    from game.scenario.find import find, shipped

    check_extra()
    new = find(args.scenario)
    ref = find_model(args.model)
    if ref.path is None or ref.weights:
        raise UserError(f"{ref.name} is not a model file of its own; name one that forge made, for example egg")
    name = f"{ref.name}-{new.scenario.id}"
    out = args.out or paths.user_models() / f"{name}.gguf"
    if out.exists() and out.samefile(ref.path):
        raise UserError(f"--out {out} is the model itself; name another file")
    from game.forge import adapt

    old = tuple(p for p in shipped() if p.name != new.scenario.id and (not ref.scenarios or p.name in ref.scenarios))
    try:
        if adapt.ROWS % args.threads:
            raise UserError(f"--threads has to divide {adapt.ROWS}")
        task = adapt.Task(new, old, ref.path, args.work / name, out, args.minutes, args.threads, args.episodes)
        found = adapt.adapt(task, _say)
    except ValueError as e:
        raise UserError(f"{ref.path}: {one_line(e)}") from None
    except OSError as e:
        raise UserError(f"{e.filename or args.work}: {e.strerror or e}") from None
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    print(clean("\n".join(adapt.table(found, new.scenario.id, adapt.unread(task.folder)))))
    print(f"\n{clean(str(out))}: parkbench play {clean(args.scenario)} --model {clean(str(args.out or name))}")
    return 0


def _say(text: str) -> None:
    print(one_line(text), file=sys.stderr, flush=True)
