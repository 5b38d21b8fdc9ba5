"""The engine's settings as options of a command; what is not named comes from the settings file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from game.commands import values

if TYPE_CHECKING:
    from game.settings import EngineSettings

OPTIONS = ("context", "kv_type", "flash_attention", "threads", "gpu_layers", "mmap")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    p = parser.add_argument_group("engine", "parkbench doctor shows what is used here and why; `engine:` in the "
                                  "settings file sets it for every command")  # fmt: skip
    p.add_argument("--context", type=values.whole(0), metavar="N", help="tokens that an episode may use")
    p.add_argument("--kv-type", choices=("auto", "f32", "f16", "q8_0"), help="how keys and values are kept")
    p.add_argument("--flash-attention", choices=("auto", "on", "off"), help="less memory; less exact beside others")
    p.add_argument("--threads", type=values.whole(0, 512), metavar="N", help="0: found out")
    p.add_argument("--gpu-layers", type=values.whole(0, 999), metavar="N", help="layers on the GPU")
    p.add_argument("--mmap", choices=("auto", "on", "off"), help="map the file into memory, or read it")


def engine_of(args: argparse.Namespace) -> EngineSettings:
    """The settings file's, and over it what the command line names. Raises UserError."""
    from game import paths
    from game.settings import read_settings

    given = {name: getattr(args, name) for name in OPTIONS if getattr(args, name) is not None}
    return read_settings(paths.settings()).engine.model_copy(update=given)
