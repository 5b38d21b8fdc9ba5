"""The messages between the program and the engine's worker process.

A *form* is what an answer has to look like: a free line, then one of a list of options,
some of which go on with free texts. A turn is a form (THOUGHT, then MOVE), an interview
question is another (SAY, then ANSWER). The worker keeps many sequences; every request
names its own, and answers to different requests may interleave.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    # The worker starts without the events and what they import.
    from game.events import Truncation


@dataclass(frozen=True)
class Message:
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class FreeText:
    """A free text behind an option, written as ` name="…"`; at most `limit` characters, one line."""

    name: str
    limit: int = 160


@dataclass(frozen=True)
class Option:
    """One legal answer: its canonical text, and the free texts that follow it in order."""

    text: str
    free: tuple[FreeText, ...] = ()


@dataclass(frozen=True)
class Form:
    """`LEAD: <free line>` newline `PICK: <one of options>[ name="free"]…`, then end of turn."""

    options: tuple[Option, ...]
    lead: str = "THOUGHT"
    pick: str = "MOVE"
    lead_limit: int = 240


@dataclass(frozen=True)
class Sampler:
    """How tokens are drawn. `temperature` 0 is greedy; `top_k` 0, `top_p` 1, `min_p` 0 are off.

    The options are drawn by `temperature` alone (so that `p_play` is exact); the other
    settings shape the free texts.
    """

    temperature: float = 0.7
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Weights:
    """A part of a weight-level condition: a LoRA adapter or a control vector over the model, times `scale`."""

    kind: Literal["adapter", "control"]
    path: str
    scale: float = 1.0


@dataclass(frozen=True)
class LoadSettings:
    """How a model is loaded. `sequences`: how many run side by side; `context`: tokens each may use."""

    path: str
    sequences: int = 4
    context: int = 0
    """0: the model's own training context, at most 8,192; 4,096 where that gives each sequence a cache of its own."""
    threads: int = 0
    """0: one per physical core, and one for models of under 20 million parameters."""
    gpu_layers: int | None = None
    """None: all of them where this llama.cpp uses a GPU."""
    kv_type: Literal["auto", "f32", "f16", "q8_0"] = "auto"
    """How keys and values are kept. auto: f32 for weights in F32, else f16."""
    flash_attention: Literal["auto", "on", "off"] = "auto"
    """auto: only where `kv_type` needs it."""
    mmap: Literal["auto", "on", "off"] = "auto"
    """Whether the file is mapped into memory. auto: llama.cpp decides."""
    extra_buffers: bool | None = None
    """Whether llama.cpp may repack weights. None: found out by a trial (see `engine/trial.py`)."""
    weights: tuple[tuple[Weights, ...], ...] = ()
    """Conditions to have at hand, each a set that is put over the model at once, with a context of its own."""
    bare: bool = True
    """Whether the model as it is has a context, too."""


@dataclass(frozen=True)
class Choice:
    """One setting as it is in effect, and why."""

    name: str
    value: str
    why: str


@dataclass(frozen=True)
class ModelInfo:
    """What a loaded model is. `context` is the number of tokens that one sequence may use."""

    path: str
    name: str
    architecture: str
    parameters: int
    size: int
    sha256: str
    context: int
    vocabulary: int
    has_template: bool
    build: str
    """llama-cpp-python version and how its matrices are run (`extra buffers` or not)."""
    choices: tuple[Choice, ...] = ()
    """What it runs with, and why."""
    memory: str = ""
    """How keys and values are kept: what one context hands over, another takes back only if it is the same."""
    sampler: dict[str, float] = field(default_factory=dict)
    """Sampler settings the GGUF recommends (`general.sampling.*` keys), e.g. temperature."""


# --- to the worker ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    id: int
    settings: LoadSettings


@dataclass(frozen=True)
class Answer:
    """Answer `messages` in the shape of `form`. `sequence` names the conversation whose cache to reuse."""

    id: int
    sequence: str
    messages: tuple[Message, ...]
    form: Form
    sampler: Sampler
    propensities: bool = False
    constrained: bool = True
    """False: no mask at all (to measure how often a model is legal by itself); `choice` may be -1."""
    max_tokens: int = 512
    weights: tuple[Weights, ...] = ()
    """Under which of the loaded conditions; none: the model as it is."""
    scores_only: bool = False
    """End with the scores: no option is drawn (`choice` is -1). Needs `propensities`."""
    truncation: Truncation = "disabled"
    """What is done where the conversation does not fit: nothing (it fails), or see `engine/truncation.py`."""


@dataclass(frozen=True)
class Cancel:
    id: int


@dataclass(frozen=True)
class Forget:
    """A conversation has ended: its cache may go."""

    sequence: str


@dataclass(frozen=True)
class OnDisk:
    """What is asked about a conversation's state in a file. Answered by `Stored`.

    `key` says who plays; `secret` is what `engine/state.py` proves a file with.
    """

    id: int
    sequence: str
    path: str
    key: str
    secret: bytes = field(repr=False)
    weights: tuple[Weights, ...] = ()


@dataclass(frozen=True)
class Store(OnDisk):
    """Write the state to the file, if that is worth it; `force`: worth it or not."""

    force: bool = False


@dataclass(frozen=True)
class Restore(OnDisk):
    """Read the state from the file, if it is one that we wrote for this model."""


@dataclass(frozen=True)
class Listen:
    """Let others attach over a local socket if they know `token`. Answered by `Listening`."""

    id: int
    token: bytes


@dataclass(frozen=True)
class Attach:
    """What is loaded? The first question of a client that did not load it. Answered by `Loaded`."""

    id: int


@dataclass(frozen=True)
class Look:
    """How busy is the worker? Answered by `Statistics`."""

    id: int


@dataclass(frozen=True)
class Quit:
    pass


@dataclass(frozen=True)
class Measure:
    """Ask for `Spent`, and begin to measure anew. `audit`: from now on also count distinct prefixes (slow)."""

    id: int
    audit: bool = False


ToWorker = Load | Answer | Cancel | Forget | Store | Restore | Listen | Attach | Look | Measure | Quit


# --- from the worker --------------------------------------------------------------------------


@dataclass(frozen=True)
class Loaded:
    id: int
    info: ModelInfo


@dataclass(frozen=True)
class Listening:
    id: int
    port: int


@dataclass(frozen=True)
class Statistics:
    """What a worker holds. `attached`: clients beside the one that started it."""

    id: int
    attached: int
    running: int
    """Requests whose answers are being written."""
    waiting: int
    conversations: int
    """Of which something is in the cache."""
    tokens: int
    """Of all conversations together; what they share is counted for each."""


@dataclass(frozen=True)
class Piece:
    """Text as it is decoded. `part`: reasoning (the model's own markers), lead, pick, or free."""

    id: int
    part: Literal["reasoning", "lead", "pick", "free"]
    text: str


@dataclass(frozen=True)
class Scores:
    """Per option, in order: `p_play` and `p_model` (DESIGN section 4), and the mass off the menu."""

    p_play: tuple[float, ...]
    p_model: tuple[float, ...]
    off_menu: float


@dataclass(frozen=True)
class Answered:
    """A whole answer. `choice` indexes `form.options`; `text` is what was written, without markers."""

    id: int
    choice: int
    lead: str
    free: dict[str, str]
    text: str
    reasoning: str
    token_ids: tuple[int, ...]
    prompt_tokens: int
    cached_tokens: int
    generated_tokens: int
    seconds: float
    scores: Scores | None = None
    dropped: int = 0
    """The oldest turns of the conversation that were left out (`truncation`)."""


@dataclass(frozen=True)
class Failed:
    """A request that got no answer. `kind` is fixed vocabulary; `says` is one clear line for a person."""

    id: int
    kind: Literal["model", "template", "truncated", "cancelled", "request", "internal"]
    says: str


@dataclass(frozen=True)
class Stored:
    """A state was written, or read. `tokens`: 0 where there was none, or it was not worth it."""

    id: int
    tokens: int
    size: int = 0
    """Bytes of the state."""


@dataclass(frozen=True)
class Spent:
    """The sums of `meter.Meter` since the last `Measure`, by name, over all loaded conditions."""

    id: int
    sums: dict[str, float]


FromWorker = Loaded | Listening | Statistics | Piece | Answered | Failed | Stored | Spent
