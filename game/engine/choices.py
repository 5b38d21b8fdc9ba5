"""What a model runs with here, and why: settings that are left open are found out for the machine and the model."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from game.engine.protocol import Choice, LoadSettings

if TYPE_CHECKING:
    from game.engine.llama import Model

TINY = 20_000_000
"""Parameters below which threads wait for each other longer than they compute."""
ALL = 999
"""More layers than any model has."""


def default_threads(parameters: int) -> int:
    """One thread per physical core that this process may use, as far as can be told; one for a tiny model.

    llama.cpp's threads wait for each other in busy loops many times a token. On a machine that does
    something else, too, two threads made a tiny model thirty times slower; alone they make one of
    four million parameters a sixth faster at decoding.
    """
    if parameters < TINY:
        return 1
    if not hasattr(os, "sched_getaffinity"):
        logical = os.cpu_count() or 1
        # Apple's own processors have one thread a core; elsewhere two are usual.
        return logical if platform.machine() == "arm64" else max(1, logical // 2)
    cores: set[str] = set()
    for cpu in os.sched_getaffinity(0):
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text(encoding="ascii").strip())
        except OSError:
            cores.add(str(cpu))
    return max(1, len(cores))


def gpu_layers(asked: int | None, *, can: bool) -> int:
    """How many layers go to the GPU. `can`: whether this llama.cpp uses one."""
    return asked if asked is not None else ALL if can else 0


def chosen(settings: LoadSettings, model: Model, *, threads: int, context: int, split: bool, gpu: bool) -> list[Choice]:
    """Each setting with its value and the reason. `split`: each conversation has a cache of its own."""
    return list(_chosen(settings, model, threads, context, split, gpu))


def _chosen(
    settings: LoadSettings, model: Model, threads: int, context: int, split: bool, gpu: bool
) -> Iterator[Choice]:
    asked = "as the settings say"
    tiny = "a tiny model waits longer for its threads than it computes"
    found = tiny if model.parameters < TINY else "one for each physical core"
    yield Choice("threads", str(threads), asked if settings.threads else found)
    caches = "each conversation has a cache of its own" if split else "all conversations share one cache"
    why = f"at most {model.trained_context:,} were trained; {caches}"
    yield Choice("context", f"{context:,} tokens", f"{asked}; {caches}" if settings.context == context else why)
    whole = "its weights are F32" if model.whole else "half the memory of F32, and no worse where it was measured"
    yield Choice("keys and values", model.kv, asked if settings.kv_type != "auto" else whole)
    if settings.flash_attention != "auto":
        why = asked
    else:
        why = "q8_0 values need it" if model.flash else "with it a probability depends on who else is playing"
    yield Choice("flash attention", "on" if model.flash else "off", why)
    none = "this llama.cpp was built without a GPU"
    given = gpu_layers(settings.gpu_layers, can=gpu)
    layers = f"{'all' if given > model.layers else given} of {model.layers}" if given and gpu else "none"
    why = none if not gpu else asked if settings.gpu_layers is not None else "this llama.cpp uses one"
    yield Choice("GPU layers", layers, why)
    mapped = "llama.cpp decides for the device; a mapped file is shared between processes"
    yield Choice("memory map", settings.mmap, asked if settings.mmap != "auto" else mapped)
