"""Both protocols of the table: who sits in the agent's chair, and who in the researcher's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from game.events import Counts, Propensities, Scalar, Token, Truncation
from game.world.moves import Free, GroundedMove

__all__ = [
    "FORCE", "NOTHING_TO_SAY", "Agent", "AgentError", "CardPlay", "ChatMessage", "Free", "GroundedMove", "Question",
    "Reply", "Researcher", "Turn", "View",
]  # fmt: skip

if TYPE_CHECKING:
    from game.table.scene import Scene


@dataclass(frozen=True)
class ChatMessage:
    """One message of the agent's transcript: `system`, `user` (the world) or `assistant` (the agent)."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class View:
    """All that an agent may know when it decides, as chat messages and as a menu."""

    episode: str
    seed: int
    turn: int
    turns: int
    messages: tuple[ChatMessage, ...]
    moves: tuple[GroundedMove, ...]
    want_propensities: bool = False
    thoughts: int = 1
    """Over how many sampled thoughts the propensities are averaged, where the agent has thoughts."""
    truncation: Truncation = "disabled"
    """Whether a model may leave out the oldest turns where it runs out of context."""
    scene: Scene | None = field(default=None, repr=False)
    """The truth behind the view: for scripted policies only, which play by knowing it."""


@dataclass(frozen=True)
class Turn:
    """A decision: `move` indexes `view.moves`."""

    move: int
    thought: str
    free: dict[str, str]
    text: str
    reasoning: str = ""
    seed: int = 0
    sampler: dict[str, Scalar] = field(default_factory=dict)
    token_ids: tuple[int, ...] = ()
    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    propensities: Propensities | None = None
    dropped: int = 0
    """The oldest turns that it no longer read."""


@dataclass(frozen=True)
class Question:
    """An interview question, with its fixed answers (id to text).

    In words of the researcher's own it has neither id nor answers: what is said is all that comes back.
    """

    id: str
    ask: str
    answers: dict[str, str]
    hear: Callable[[str], None] | None = field(default=None, compare=False, repr=False)
    """Told what is said piece by piece, where an agent's words come so."""


@dataclass(frozen=True)
class Reply:
    """The answer to a question: `answer` is one of its ids (empty without any), `p` the probability of each."""

    answer: str
    say: str
    p: dict[str, float]


NOTHING_TO_SAY = "I have nothing to say to that."
"""What scripts answer to a question without fixed answers."""


class AgentError(Exception):
    """An agent could not act. `status` says how the episode ends: truncated, invalid or crashed."""

    def __init__(self, status: Literal["truncated", "invalid", "crashed"], says: str) -> None:
        super().__init__(says)
        self.status: Literal["truncated", "invalid", "crashed"] = status
        self.says = says


class Agent(Protocol):
    """Who sits in the agent's chair. The loop cannot tell a model from a script or a person."""

    name: str
    sha256: str

    def act(self, view: View) -> AsyncIterator[Token | Turn]:
        """Stream the answer's pieces, then yield exactly one `Turn`. Raises `AgentError`."""
        ...

    async def ask(self, view: View, question: Question) -> Reply:
        """Answer an interview question in a fork of the conversation. Raises `AgentError`."""
        ...

    async def propensities(self, view: View) -> Propensities:
        """The probabilities of the legal moves at this decision. Raises `AgentError`."""
        ...

    def end(self, episode: str) -> None:
        """The episode is over: what was kept for it may go."""
        ...


FORCE = "force"
"""No card of the game: a facilitator has the beat `target` happen now. It costs nothing."""


@dataclass(frozen=True)
class CardPlay:
    """One card of the researcher: its kind, what it is played on, and a text where it takes one."""

    card: str
    target: str = ""
    text: str = ""


class Researcher(Protocol):
    """Who sits in the researcher's chair. `respond` is called until it returns no card."""

    name: str

    async def respond(self, view: Any) -> list[CardPlay]:
        """Cards to play now (a `game.table.keyhole.ResearcherView` comes in). Empty: go on."""
        ...
