"""The agent's chair by name: `random`, `scripted:NAME`, a shipped model, or a path to a GGUF."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.metadata
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from game import paths
from game.agents.random import RandomAgent
from game.agents.scripted import DISPOSITIONS, MixedAgent, ScriptedAgent
from game.errors import Failure, UserError
from game.scenario import near
from game.table.protocol import Agent
from game.text import one_line

MIX = "mix"
"""`scripted:mix`: every episode draws its disposition, by its seed."""


@dataclass(frozen=True)
class ModelRef:
    """Who is meant by a name, found without loading anything. `path` is None for scripts."""

    name: str
    """Short, one word: what reports call it."""
    path: Path | None = None
    sha256: str = ""
    """Of a shipped model, as the manifest has it; else empty until it is hashed."""
    shipped: bool = False
    scenarios: tuple[str, ...] = ()
    """Of a shipped model: the scenarios that it was trained on."""


@dataclass
class Chair:
    """Someone who can sit in the agent's chair of any number of episodes at once."""

    agent: Agent
    ref: ModelRef
    identity: dict[str, Any] = field(default_factory=dict)
    alive: Callable[[], bool] = lambda: True
    """Whether the engine behind it is still there."""
    revive: Callable[[], Awaitable[None]] | None = None
    """Starts a dead engine again."""


def find_model(name: str) -> ModelRef:
    """Who `name` is. Raises UserError with the nearest right name."""
    if name == "random":
        return ModelRef("random")
    kind, _, which = name.partition(":")
    if kind == "scripted":
        known = [*DISPOSITIONS, MIX]
        if which not in known:
            raise UserError(f'there is no scripted disposition "{one_line(which, 40)}" ({near.hint(which, known)})')
        return ModelRef(name)
    found = {ref.name: ref for ref in reversed(all_models())}
    if name in found:
        return found[name]
    path = Path(name or "?").expanduser()
    if path.suffix == ".gguf" or path.exists():
        if path.is_dir():
            raise UserError(f"{name} is a folder; name a GGUF file in it")
        if not path.is_file():
            raise UserError(f"there is no model file at {name}")
        resolved = path.resolve()
        same = [ref for ref in found.values() if ref.path is not None and ref.path.resolve() == resolved]
        return same[0] if same else ModelRef(_word(path.stem), path)
    known = ["random", *(f"scripted:{d}" for d in [*DISPOSITIONS, MIX]), *found]
    raise UserError(f'there is no model "{one_line(name, 60)}" ({near.hint(name, known)}); a path to a GGUF works too')


def all_models() -> list[ModelRef]:
    """The models that are there: shipped ones first, then further GGUFs in the two model folders."""
    shipped = _manifest()
    out = list(shipped.values())
    taken = {ref.name for ref in out}
    files = {ref.path for ref in out}
    for folder in (paths.models(), paths.user_models()):
        if not folder.is_dir():
            continue
        for path in sorted(folder.rglob("*.gguf")):
            name = _word(path.stem)
            if path not in files and name not in taken:
                out.append(ModelRef(name, path))
                taken.add(name)
    return out


def check_shipped(ref: ModelRef) -> str:
    """The sha256 of a model's file. Raises UserError if a shipped file is missing or not what was shipped."""
    assert ref.path is not None
    digest = sha256_of(ref.path)
    if ref.shipped and digest != ref.sha256:
        raise UserError(
            f"{ref.path} is not the {ref.name} that was shipped (sha256 {digest[:12]}, "
            f"the manifest says {ref.sha256[:12]}); install parkbench again, or rename the file"
        )
    return digest


def sha256_of(path: Path) -> str:
    """The sha256 of a file. Raises UserError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as e:
        raise UserError(f"{path} can't be read: {e.strerror or e}") from None


def identity_of(ref: ModelRef) -> dict[str, Any]:
    """What is needed to know this agent again: its kind, and for a model file, sha256 and llama.cpp build."""
    if ref.path is None:
        return {"kind": ref.name.partition(":")[0]}
    return {
        "kind": "gguf",
        "file": ref.path.name,
        "sha256": check_shipped(ref),
        "size": ref.path.stat().st_size,
        "llama_cpp_python": importlib.metadata.version("llama-cpp-python"),
    }


def script(ref: ModelRef) -> Agent | None:
    """The agent of a name that needs no engine; None for a model file."""
    if ref.path is not None:
        return None
    if ref.name == "random":
        return RandomAgent()
    which = ref.name.partition(":")[2]
    return MixedAgent() if which == MIX else ScriptedAgent(DISPOSITIONS[which])


@contextlib.asynccontextmanager
async def open_agent(
    name: str | ModelRef, *, sequences: int = 4, context: int = 0, temperature: float | None = None
) -> AsyncIterator[Chair]:
    """Seat an agent; its engine, if it needs one, lives as long as the context.

    Raises UserError for a name or file that is wrong, Failure where the engine will not start.
    """
    ref = find_model(name) if isinstance(name, str) else name
    agent = script(ref)
    if agent is not None:
        yield Chair(agent, ref, identity_of(ref))
        return
    # The engine's client is imported only where a model is loaded: scripts start at once.
    from game.agents.llama import LlamaAgent
    from game.engine.client import EngineClient, EngineError
    from game.engine.protocol import LoadSettings

    # Gigabytes are hashed beside the loop: a screen goes on meanwhile.
    identity = await asyncio.to_thread(identity_of, ref)
    client = EngineClient()
    try:
        try:
            info = await client.start(LoadSettings(path=str(ref.path), sequences=sequences, context=context))
        except EngineError as e:
            kind = Failure if e.kind in ("died", "internal") else UserError
            raise kind(one_line(e.says, 400)) from None
        identity = {**identity, "build": one_line(info.build, 120), "context": info.context}

        async def revive() -> None:
            try:
                await client.restart()
            except EngineError as e:
                raise Failure(f"the engine could not be started again: {one_line(e.says, 300)}") from None

        chair = LlamaAgent(client, info, temperature=temperature, name=ref.name)
        yield Chair(chair, ref, identity, lambda: client.alive, revive)
    finally:
        client.close()


def _manifest() -> dict[str, ModelRef]:
    path = paths.models() / "manifest.json"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as e:
        raise UserError(f"{path} can't be read: {e.strerror or e}") from None
    try:
        models = json.loads(text)["models"]
        return {
            str(name): ModelRef(
                str(name),
                path.parent / str(entry["file"]),
                str(entry["sha256"]),
                shipped=True,
                scenarios=tuple(str(s) for s in entry.get("scenarios", ())),
            )
            for name, entry in models.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is not a manifest of models; install parkbench again") from None


def _word(stem: str) -> str:
    """A file's stem as one word without separators that mean something in an episode's id."""
    return one_line(stem).replace(" ", "_").replace("/", "_") or "model"
