"""An agent drawn in secret: the draw, its commitment, the seal in the week's journal, and the veil over the agent.

The commitment is sha256("NAME SALT"). It is shown before the first turn; name and salt are shown at the end, so that
anybody can check that the name was not chosen afterwards. The seal only keeps the name out of sight: whoever wants
to break it can, with this file.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from game.agents.chair import Chair, ModelRef, all_models, open_agent
from game.agents.scripted import DISPOSITIONS
from game.errors import Failure, UserError
from game.events import Propensities, Token
from game.play.seat import Opener
from game.scenario.load import Loaded
from game.table.protocol import Agent, Question, Reply, Turn, View

ENVELOPE = "envelope"
"""What the agent is called until it is opened."""
_PAD = 64
"""Names are padded to this before they are sealed: their length tells nothing."""
_CANNOT = "the agent in the envelope cannot sit down; `parkbench model check` says which model file is at fault"


@dataclass(frozen=True)
class Envelope:
    """One name out of `names`, with the salt that hides it."""

    names: tuple[str, ...]
    name: str
    salt: str

    @property
    def commitment(self) -> str:
        return commitment(self.name, self.salt)


def commitment(name: str, salt: str) -> str:
    """What is shown at the start: the sha256 of name, a space and salt, in hex."""
    return hashlib.sha256(f"{name} {salt}".encode()).hexdigest()


def names_for(scenarios: Iterable[str]) -> tuple[str, ...]:
    """Who may be in an envelope: the shipped models that know these scenarios; under two of them, the scripts.

    No controls: nobody could tell them from those that they are controls of.
    """
    wanted = set(scenarios)
    models = [ref.name for ref in all_models() if ref.shipped and not ref.control and wanted <= set(ref.scenarios)]
    return tuple(models) if len(models) > 1 else tuple(f"scripted:{d}" for d in DISPOSITIONS)


def draw(names: Sequence[str], pick: Callable[[Sequence[str]], str] = secrets.choice, salt: str = "") -> Envelope:
    """Draw one. Not by the game's seed, which the player knows."""
    return Envelope(tuple(names), pick(names), salt or secrets.token_hex(16))


def seal(envelope: Envelope) -> str:
    """Name and salt as text that cannot be read at a glance."""
    data = json.dumps([envelope.name, envelope.salt]).ljust(_PAD).encode()
    return base64.urlsafe_b64encode(_mask(data, envelope.commitment)).decode()


def unseal(sealed: str, names: Sequence[str], committed: str) -> Envelope:
    """The envelope again. Raises ValueError if it is not what was committed to."""
    name, salt = json.loads(_mask(base64.urlsafe_b64decode(sealed), committed))
    envelope = Envelope(tuple(names), str(name), str(salt))
    if envelope.commitment != committed or envelope.name not in envelope.names:
        raise ValueError("the seal does not fit the commitment")
    return envelope


def _mask(data: bytes, key: str) -> bytes:
    stream = b"".join(hashlib.sha256(f"{key}/{n}".encode()).digest() for n in range(len(data) // 32 + 1))
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


class Veiled:
    """An agent without its name, hash and sampler settings: nothing that it hands on says who it is."""

    name = ENVELOPE
    sha256 = ""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        async for item in self._agent.act(view):
            yield replace(item, sampler={}) if isinstance(item, Turn) else item

    async def ask(self, view: View, question: Question) -> Reply:
        return await self._agent.ask(view, question)

    async def propensities(self, view: View) -> Propensities:
        return await self._agent.propensities(view)

    def end(self, episode: str) -> None:
        self._agent.end(episode)


def veiled(chair: Chair) -> Chair:
    """The same chair with a veil over it; errors of its engine name no file."""
    ref = ModelRef(ENVELOPE, chair.ref.path, shipped=chair.ref.shipped)
    return Chair(Veiled(chair.agent), ref, {"kind": ENVELOPE}, chair.alive, _hushed(chair.revive))


def _hushed(revive: Callable[[], Awaitable[None]] | None) -> Callable[[], Awaitable[None]] | None:
    if revive is None:
        return None

    async def quietly() -> None:
        try:
            await revive()
        except UserError:
            raise Failure(_CANNOT) from None

    return quietly


def opener(envelope: Envelope, inner: Opener = open_agent) -> Opener:
    """Opens the agent that was drawn, whatever name it is asked for."""

    @contextlib.asynccontextmanager
    async def open_(_: str) -> AsyncIterator[Chair]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                chair = await stack.enter_async_context(inner(envelope.name))
            except Exception:
                raise Failure(_CANNOT) from None
            yield veiled(chair)

    return open_


def without_probe(loaded: Loaded) -> Loaded:
    """The scenario without the card that would read the agent's mind: the file, and its hash, are the same."""
    cards = {name: card for name, card in loaded.scenario.cards.items() if name != "probe"}
    return replace(loaded, scenario=loaded.scenario.model_copy(update={"cards": cards}))
