"""`parkbench forge`: make a model whose disposition is known, from the scenarios and a recipe."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

from game import paths
from game.commands import adapt, values
from game.errors import UserError
from game.scenario import near
from game.text import clean, one_line

OUT = Path("forge-work/experiment")
NEEDED = ("torch", "tokenizers")
STEPS = {
    "tokenizer": "train the recipe's tokenizer on a sample of its corpus",
    "corpus": "let scripted characters play the scenarios, and write down what they did",
    "train": "train the model; goes on from its last checkpoint",
    "export": "write the model as a GGUF, and compare it with PyTorch",
    "measure": "put a GGUF of ours through the gate, in worlds that it has not seen",
    "couple": "see whether a checkpoint has learnt that what somebody does in one place tells of another",
    "card": "write the model's card, with ten episodes, and its line in the manifest",
}


def register(commands: Any) -> None:
    """Add `forge` and its steps to the command line."""
    forge = commands.add_parser(
        "forge",
        help="make models whose disposition is known",
        description="Make a model whose disposition is known. The steps go in this order; each can be run again.",
        epilog="example: parkbench forge train models/recipes/egg.yaml",
    )
    steps = forge.add_subparsers(dest="step", metavar="STEP", required=True)
    for name, does in STEPS.items():
        step = steps.add_parser(name, help=does, description=does.capitalize() + ".")
        step.set_defaults(run=_run)
        step.epilog = f"example: parkbench forge {name} models/recipes/egg.yaml"
        step.add_argument("recipe", type=Path)
        if name == "measure":
            step.epilog += " models/egg.gguf --episodes 60 --out egg.json"
            step.add_argument("gguf", type=Path)
            step.add_argument("--episodes", type=values.whole(1), default=60, help="per scenario (default 60)")
            step.add_argument("--temperature", type=values.temperature, help="default: the recipe's")
            step.add_argument(
                "--described", type=values.whole(0), default=10, metavar="N",
                help="episodes for each persona, kind of description and scenario (default 10; 0: none)",
            )  # fmt: skip
            step.add_argument(
                "--pairs", type=values.whole(0), default=16, metavar="N",
                help="of pieces, for each line of the coupling (default 16; 0: none)",
            )  # fmt: skip
            step.add_argument("--out", type=Path, help="also write the table, and the numbers behind it, as JSON")
            step.add_argument("--scenario", action="append", metavar="ID", help="only this one; can be repeated")
        else:
            step.add_argument("--work", type=Path, default=Path("forge-work"), help="default: forge-work")
        if name == "couple":
            step.add_argument("--pairs", type=values.whole(2), default=40, help="of pieces, for each line (default 40)")
        if name == "export":
            step.epilog += " --out models/egg.gguf"
            step.add_argument("--out", type=Path, required=True)
            step.add_argument("--quantization", choices=("Q8_0", "F16", "F32"), default="Q8_0")
        if name == "card":
            step.epilog += " models/egg.gguf --gate egg.json"
            step.add_argument("gguf", type=Path)
            step.add_argument(
                "--gate", type=Path, action="append", required=True, help="what `measure --out` wrote; can be repeated"
            )
            step.add_argument("--unseen", type=Path, help="what it wrote on scenarios that a checkpoint had not seen")
            step.add_argument("--results", type=Path, help="the results.json of `forge experiment`")
        if name in ("train", "export"):
            step.add_argument("--seed", type=values.whole(0), help="another than the recipe's; makes NAME.SEED")
        if name == "train":
            step.add_argument("--threads", type=values.whole(1), default=2, help="default 2")
        if name == "corpus":
            step.add_argument("--processes", type=values.whole(1), default=2, help="default 2")
            step.add_argument(
                "--fresh", action="store_true", help="write the scenarios' part again, after their texts changed"
            )
    adapt.register(steps)
    _register_family(steps)
    _register_experiment(steps)


def _register_family(steps: Any) -> None:
    does = "make whole families: the corpus, the training and the export of every recipe, parents first"
    step = steps.add_parser(
        "family",
        help=does,
        description=f"{does[0].upper()}{does[1:]}. What is there is not made again; a broken run goes on where it was.",
    )
    step.set_defaults(run=_family)
    step.epilog = (
        "example: parkbench forge family pigeon cuckoo --seed 2  (these two again, from the egg that ships; "
        "without names everything, from nothing, and small with --scale 0.07 --width 192 --layers 3)"
    )
    step.add_argument("name", nargs="*", help="only these, of parents as they are (default: all)")
    step.add_argument("--recipes", type=Path, help="a folder of recipes (default: the shipped ones)")
    step.add_argument("--seed", type=values.whole(0), help="another for what is fine-tuned; makes NAME.SEED")
    step.add_argument(
        "--scale", type=values.share, default=1.0, metavar="X",
        help="of a base's corpus and stages, this share (default 1); a small family lies apart, in WORK/scale-X",
    )  # fmt: skip
    step.add_argument(
        "--width", type=values.whole(1, 4096), default=0, help="of the network, if not the recipes': 192, 256, ..."
    )
    step.add_argument("--layers", type=values.whole(1, 64), default=0, help="of the network, if not the recipes'")
    step.add_argument("--threads", type=values.whole(1), default=2, help="default 2")
    step.add_argument("--work", type=Path, default=Path("forge-work"), help="default: forge-work")
    step.add_argument("--out", type=Path, help="folder of the GGUFs (default: models, in the work folder)")


def _family(args: argparse.Namespace) -> int:
    check_extra()
    from game.forge import family

    recipes = args.recipes or paths.models() / "recipes"
    if not recipes.is_dir():
        raise UserError(f"{recipes}: there is no such folder")
    for path in recipes.glob("*.yaml"):
        _check_recipe(path)
    _check_names(args.name, recipes)
    size = family.Size(args.scale, args.width, args.layers)
    work = args.work / size.name
    asked = (work, args.out or work / "models", args.threads, args.seed, size)
    try:
        family.make(recipes, args.name, paths.models(), paths.scenarios(), *asked)
    except ValueError as e:
        raise UserError(str(e)) from None
    except OSError as e:
        raise UserError(f"{e.filename or args.work}: {e.strerror or e}") from None
    except KeyboardInterrupt:
        print("stopped; the same command goes on where it was", file=sys.stderr)
        return 130
    return 0


def _register_experiment(steps: Any) -> None:
    does = "measure every organism that is there, and settle the comparisons of models/EXPERIMENT.md"
    step = steps.add_parser("experiment", help=does, description=f"{does[0].upper()}{does[1:]}.")
    step.set_defaults(run=_experiment)
    step.epilog = "example: parkbench forge experiment --models forge-work/models --episodes 24"
    step.add_argument("--models", type=Path, help="a folder of GGUFs named as recipes are (default: the shipped ones)")
    step.add_argument("--organism", action="append", metavar="NAME", help="only this one; can be repeated")
    step.add_argument("--scenario", action="append", metavar="ID", help="only this one; can be repeated")
    step.add_argument("--episodes", type=values.whole(1), default=24, help="per scenario and organism (default 24)")
    step.add_argument(
        "--thoughts", type=values.whole(1, 64), default=1, help="thoughts that each chance is averaged over (default 1)"
    )
    step.add_argument("--out", type=Path, default=OUT, help=f"folder of the results (default: {OUT})")


def _experiment(args: argparse.Namespace) -> int:
    from game.forge import experiment

    models = args.models or paths.models()
    if not models.is_dir():
        raise UserError(f"{models}: there is no such folder")
    recipes = paths.models() / "recipes"
    _check_names(args.organism, recipes)
    _check_scenarios(args.scenario)
    asked = (args.episodes, args.organism or (), args.thoughts, args.scenario or ())
    try:
        out = experiment.conduct(models, args.out, recipes, paths.scenarios(), *asked, _to_the_terminal)
        print(clean(out))
    except OSError as e:
        raise UserError(f"{args.out}: {e.strerror or e}") from None
    except KeyboardInterrupt:
        print("stopped; the same command goes on where it was", file=sys.stderr)
        return 130
    return 0


def _check_names(names: list[str] | None, recipes: Path) -> None:
    """Raises UserError for one that no recipe of the folder has."""
    known = {path.stem for path in recipes.glob("*.yaml")}
    for name in names or []:
        if name not in known:
            raise UserError(f'there is no recipe "{one_line(name, 40)}" ({near.hint(name, known)})')


def _check_scenarios(names: list[str] | None) -> None:
    """Raises UserError for one that does not ship."""
    scenarios = paths.scenarios()
    for name in names or []:
        if not (scenarios / name / "scenario.yaml").is_file():
            raise UserError(f"there is no scenario {name!r} in {scenarios}")


def _to_the_terminal(text: str) -> None:
    """Progress: on standard error, and only where somebody watches."""
    if sys.stderr.isatty():
        print(one_line(text), file=sys.stderr)


def check_extra() -> None:
    """Raises UserError where PyTorch is not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"forge needs {' and '.join(missing)}: pip install 'parkbench[forge]'")


def _check_recipe(path: Path) -> None:
    """Raises UserError with the first thing that is wrong with a recipe."""
    import yaml
    from pydantic import ValidationError

    from game.forge.recipe import read_recipe

    try:
        read_recipe(path)
    except ValidationError as e:
        first = e.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: no recipe: {where}: {first['msg']}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        where = f":{mark.line + 1}" if (mark := getattr(e, "problem_mark", None)) is not None else ""
        raise UserError(f"{path}{where}: no recipe: {getattr(e, 'problem', None) or 'not UTF-8 text'}") from None


def _run(args: argparse.Namespace) -> int:
    check_extra()
    for named in (
        args.recipe,
        getattr(args, "gguf", args.recipe),
        *getattr(args, "gate", []),
        getattr(args, "unseen", None),
        getattr(args, "results", None),
    ):
        if named is not None and not named.is_file():
            raise UserError(f"{named}: there is no such file")
    from game.forge import cli

    _check_recipe(args.recipe)
    scenarios = paths.scenarios()
    if args.step == "measure":
        _check_scenarios(args.scenario)
        asked = (args.episodes, args.temperature, args.out, args.scenario, args.described, args.pairs)
        try:
            cli.measure(args.recipe, args.gguf, scenarios, *asked, progress=_to_the_terminal)
        except ValueError as e:
            raise UserError(f"{args.gguf}: {e}") from None
        return 0
    try:
        if args.step == "tokenizer":
            print(f"{cli.tokenizer(args.recipe, scenarios, args.work)} tokens")
        elif args.step == "corpus":
            print(f"{cli.corpus(args.recipe, scenarios, args.work, args.processes, args.fresh)} tokens written")
        elif args.step == "train":
            cli.train(args.recipe, scenarios, args.work, args.threads, args.seed)
        elif args.step == "couple":
            cli.couple(args.recipe, scenarios, args.work, args.pairs)
        elif args.step == "card":
            print(cli.card(args.recipe, args.gguf, args.gate, args.unseen, scenarios, args.work, args.results))
        else:
            cli.export(args.recipe, args.out, args.work, args.quantization, seed=args.seed)
    except ValueError as e:
        raise UserError(f"{args.recipe}: {e}") from None
    except FileNotFoundError as e:
        raise UserError(f"{e.filename} is not there: the steps before `{args.step}` make it") from None
    except KeyboardInterrupt:
        print("stopped; `parkbench forge train` goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0
