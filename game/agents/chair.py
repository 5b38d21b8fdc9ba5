"""The agent's chair by name: `random`, `scripted:NAME`, a shipped model, or a path to a GGUF."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.metadata
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from game import paths
from game.agents import conditions
from game.agents.random import RandomAgent
from game.agents.scripted import DISPOSITIONS, MixedAgent, ScriptedAgent
from game.engine import address
from game.engine.errors import EngineError
from game.engine.protocol import LoadSettings, ModelInfo, Weights
from game.errors import Failure, UserError
from game.scenario import near
from game.settings import EngineSettings, read_settings
from game.table.protocol import Agent
from game.text import clean, one_line

if TYPE_CHECKING:
    from game.agents.llama import LlamaAgent
    from game.engine.client import EngineClient

PORTRAIT = (12, 4)
"""Most columns and lines of a portrait."""
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
    portrait: tuple[str, ...] = ()
    """Of a shipped model: a few lines of characters."""
    line: str = ""
    """Of a shipped model: who it is, and nothing of what it would do."""
    raised: str = ""
    """Of a shipped model: what it has learnt."""
    control: bool = False
    """Of a shipped model: it is there for the experiment alone."""
    weights: tuple[Weights, ...] = ()
    """LoRA adapters and control vectors over it, all at once."""


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
    info: ModelInfo | None = None
    """What its engine has loaded."""
    shared: bool = False
    """The engine is somebody else's, who starts it again unasked."""
    beside: dict[str, Agent] = field(default_factory=dict)
    """Others on the same engine, by name: the same model under weight-level conditions."""
    states: LlamaAgent | None = None
    """Who stores and restores what its engine has evaluated; nobody where there is no engine, or it is a secret."""
    measure: Callable[..., Awaitable[dict[str, float]]] | None = None
    """What its engine has spent (`EngineClient.measure`)."""

    def seat(self, ref: ModelRef) -> Agent:
        """The agent of this name: the chair's own, or one beside it."""
        return self.beside.get(ref.name, self.agent)


def find_model(name: str) -> ModelRef:
    """Who `name` is. Raises UserError with the nearest right name."""
    name, parts = conditions.parts_of(name)
    if parts:
        model = find_model(name)
        if model.path is None:
            raise UserError(f"{model.name} is a script; adapters and control vectors change the weights of a GGUF")
        return replace(model, name=model.name + conditions.short(parts), weights=parts)
    if name == "random":
        return ModelRef("random")
    kind, _, which = name.partition(":")
    if name == "scripted":
        return ModelRef(f"scripted:{MIX}")
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


def find_models(names: Sequence[str], adapters: Sequence[str], controls: Sequence[str]) -> list[ModelRef]:
    """Each model as it is, then under each adapter and each control vector, written `FILE` or `FILE:SCALE`.

    Raises UserError for a name or a file that is wrong, and for conditions without a model file.
    """
    parts = [conditions.weights_of("adapter", text) for text in adapters]
    parts += [conditions.weights_of("control", text) for text in controls]
    models = [find_model(name) for name in names]
    if parts and not any(m.path for m in models):
        raise UserError("--adapter and --control-vector change the weights of a GGUF; name one by --model")
    out: list[ModelRef] = []
    for model in models:
        out.append(model)
        for part in parts if model.path is not None else ():
            out.append(replace(model, name=model.name + conditions.short([part]), weights=(*model.weights, part)))
    return out


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
            if path not in files and name not in taken and path.parent.name != conditions.ADAPTERS:
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
    out: dict[str, Any] = {
        "kind": "gguf",
        "file": ref.path.name,
        "sha256": check_shipped(ref),
        "size": ref.path.stat().st_size,
        "llama_cpp_python": importlib.metadata.version("llama-cpp-python"),
    }
    if ref.weights:
        out["weights"] = [
            {"kind": w.kind, "file": Path(w.path).name, "sha256": sha256_of(Path(w.path)), "scale": w.scale}
            for w in ref.weights
        ]
    return out


def repeats(ref: ModelRef) -> str:
    """How far the same seeds give the same again, in the words that docs/engine.md explains."""
    return "exact" if ref.path is None else "same draws, probabilities to rounding"


def digest_of(identity: dict[str, Any]) -> str:
    """What stands for the weights that play: the file's sha256; of a model under a condition, that of all."""
    if "weights" not in identity:
        return str(identity.get("sha256", ""))
    over = "".join(f" {w['sha256']} {w['scale']}" for w in identity["weights"])
    return hashlib.sha256(f"{identity['sha256']}{over}".encode()).hexdigest()


def script(ref: ModelRef) -> Agent | None:
    """The agent of a name that needs no engine; None for a model file."""
    if ref.path is not None:
        return None
    if ref.name == "random":
        return RandomAgent()
    which = ref.name.partition(":")[2]
    return MixedAgent() if which == MIX else ScriptedAgent(DISPOSITIONS[which])


def load_settings(
    ref: ModelRef,
    engine: EngineSettings,
    sequences: int,
    weights: tuple[tuple[Weights, ...], ...] = (),
    bare: bool = True,
) -> LoadSettings:
    """How the engine is told to load a model."""
    path = str(Path(str(ref.path)).resolve())
    return LoadSettings(path=path, sequences=sequences, weights=weights, bare=bare, **engine.model_dump())


@contextlib.asynccontextmanager
async def open_agent(
    name: str | ModelRef,
    *,
    sequences: int = 4,
    engine: EngineSettings | None = None,
    temperature: float | None = None,
    beside: Sequence[ModelRef] = (),
) -> AsyncIterator[Chair]:
    """Seat an agent; its engine, if it needs one, lives as long as the context.

    Where the environment names a shared worker with the same model (`engine/address.py`), that is used.
    `engine`: how it runs; without it, as the settings file says (a shared worker runs as it was started).
    `beside`: the same model under other conditions, to run on the same engine (`Chair.seat`).

    Raises UserError for a name or file that is wrong, Failure where the engine will not start.
    """
    ref = find_model(name) if isinstance(name, str) else name
    agent = script(ref)
    if agent is not None:
        yield Chair(agent, ref, identity_of(ref))
        return
    # The engine's client is imported only where a model is loaded: scripts start at once.
    from game.agents.llama import LlamaAgent
    from game.engine.client import EngineClient

    # Gigabytes are hashed beside the loop: a screen goes on meanwhile.
    identity = await asyncio.to_thread(identity_of, ref)
    client = EngineClient()
    try:
        try:
            over = tuple(r.weights for r in (ref, *beside) if r.weights)
            bare = any(not r.weights for r in (ref, *beside))
            info = None if over else await _shared(client, ref)
            shared = info is not None
            if info is None:
                info = await client.start(
                    load_settings(
                        ref, read_settings(paths.settings()).engine if engine is None else engine, sequences, over, bare
                    )
                )
        except EngineError as e:
            kind = Failure if e.kind in ("died", "internal") else UserError
            raise kind(one_line(e.says, 400)) from None
        identity = {**identity, "build": one_line(info.build, 120), "context": info.context, "memory": info.memory}

        async def revive() -> None:
            try:
                await client.restart()
            except EngineError as e:
                raise Failure(f"the engine could not be started again: {one_line(e.says, 300)}") from None

        agents: dict[str, LlamaAgent] = {}
        for r in (ref, *beside):
            digest = digest_of(identity if r is ref else await asyncio.to_thread(identity_of, r))
            agents[r.name] = LlamaAgent(
                client, info, temperature=temperature, name=r.name, sha256=digest, weights=r.weights
            )
        yield Chair(
            agents[ref.name],
            ref,
            identity,
            lambda: client.alive,
            revive,
            info,
            shared,
            dict(agents),
            agents[ref.name],
            client.measure,
        )
    finally:
        client.close()


async def _shared(client: EngineClient, ref: ModelRef) -> ModelInfo | None:
    """What is loaded in the shared worker, if there is one and it is this model; the client is attached to it then."""
    file = address.named()
    if file is None or ref.path is None:
        return None
    info = await client.attach(file)
    if Path(info.path).resolve() == ref.path.resolve():
        return info
    client.close()
    return None


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
                portrait=tuple(_row(row) for row in entry.get("portrait", ())[: PORTRAIT[1]]),
                line=one_line(entry.get("line", ""), 100),
                raised=one_line(entry.get("raised", ""), 100),
                control=entry.get("control", False) is True,
            )
            for name, entry in models.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is not a manifest of models; install parkbench again") from None


def _row(row: object) -> str:
    """A row of a portrait."""
    return clean(row, lines=False)[: PORTRAIT[0] - 1]


def _word(stem: str) -> str:
    """A file's stem as one word without separators that mean something in an episode's id."""
    return one_line(stem).replace(" ", "_").replace("/", "_") or "model"
