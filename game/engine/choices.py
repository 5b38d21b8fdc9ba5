"""What a model runs with here, and why: settings that are left open are found out for the machine and the model."""

from __future__ import annotations

from collections.abc import Iterator

from game.engine.llama import TINY, Model
from game.engine.protocol import Choice, LoadSettings

ALL = 999
"""More layers than any model has."""


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
