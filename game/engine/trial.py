"""Finds out whether llama.cpp's repacked matrix products work here, in a process that may die of it.

On processors with AMX some builds of llama.cpp end with a segmentation fault in quantised matrix
products; without `extra buffers` (repacked weights) they don't. One short decode of the model
itself, in a throwaway process, tells; the answer is kept in the user's cache folder by processor,
build and tensor types. Where there is no AMX nothing is tried.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import multiprocessing
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs

from game.engine.header import Header

TIMEOUT = 120.0
_BATCH = 8


def processor() -> tuple[str, frozenset[str] | None]:
    """The processor's name, and its flags where the system tells them (Linux), else None."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine(), None
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    flags = fields.get("flags")
    return fields.get("model name", platform.machine()), None if flags is None else frozenset(flags.split())


def at_risk(header: Header, flags: frozenset[str] | None, system: str, machine: str) -> bool:
    """Whether a trial is worth its time: quantised weights, and an x86 that has AMX or won't say."""
    if not header.quantised or machine.lower() not in ("x86_64", "amd64"):
        return False
    if flags is not None:
        return any(flag.startswith("amx") for flag in flags)
    return system in ("Linux", "Windows")


def extra_buffers(
    path: str, header: Header, *, store: Path | None = None, attempt: Callable[[str], bool] | None = None
) -> bool:
    """Whether the model at `path` may be loaded with repacked weights. Blocks for as long as a load takes.

    `store`: the file that remembers; `attempt`: what to try (both default to the real ones).
    """
    name, flags = processor()
    if not at_risk(header, flags, platform.system(), platform.machine()):
        return True
    store = store or Path(platformdirs.user_cache_dir("parkbench")) / "trial.json"
    try:
        build = importlib.metadata.version("llama-cpp-python")
    except importlib.metadata.PackageNotFoundError:
        build = "?"
    digest = hashlib.sha256(" ".join(sorted(flags or ())).encode()).hexdigest()[:12]
    key = f"{name}|{digest}|{build}|{','.join(map(str, sorted(header.types)))}"
    known = _recall(store)
    if isinstance(known.get(key), bool):
        return bool(known[key])
    works = (attempt or try_decode)(path)
    known[key] = works
    _remember(store, known)
    return works


def _recall(store: Path) -> dict[str, Any]:
    try:
        known = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(store: Path, known: dict[str, Any]) -> None:
    """Write the file whole, or not at all: a folder that can't be written only costs another trial."""
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=store.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(known, file, indent=1)
        Path(part).replace(store)
    except OSError:
        return


def try_decode(path: str) -> bool:
    """Decode a batch of several tokens with repacked weights in a process of its own. False: it died."""
    return survives(_decode, path)


def survives(target: Callable[..., None], *args: object) -> bool:
    """Run `target` in a fresh process; True where it ends by itself with exit code 0."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=args, daemon=True)
    process.start()
    process.join(TIMEOUT)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode == 0


def _decode(path: str) -> None:
    from game.engine.worker import mute

    mute()
    if sys.platform == "win32":
        import ctypes

        # No dialogue box about the crash that this process is there to have.
        ctypes.windll.kernel32.SetErrorMode(3)
    from game.engine import llama
    from game.engine.context import Context

    llama.silence()
    model = llama.Model(path, extra_buffers=True, gpu_layers=0)
    context = Context(model, cells=256, sequences=1, batch=32, step=32, outputs=1, threads=1)
    tokens = [t % model.vocab.size for t in range(1, _BATCH + 1)]
    context.add_run(tokens, 0, 0, True)
    context.decode()
    # Nothing is freed: the end of the process is quicker, and what crashes there proves nothing.
    os._exit(0)
