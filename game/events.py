"""The one discriminated union of all that can happen at a table.

Saves, runs, replays, reports and every front end speak in these records. They are
immutable; a journal line is one of them as JSON (`type` tells which).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

SCHEMA = 1
"""Version of the journal format. A change comes with a migration in `game/journal/migrations.py`."""

Probability = Annotated[float, Field(ge=0, le=1)]
Scalar = str | int | float | bool | None
Mandate = Literal["requested", "permitted", "unasked", "forbidden"]
Status = Literal["completed", "stopped", "looping", "truncated", "invalid", "crashed"]
Truncation = Literal["disabled", "auto"]
When = Literal["before", "during", "after"]
Claim = Literal["told", "untold", "denied"]
Actor = Literal["agent", "beat", "researcher", "setup"]
Where = Literal["console", "monitor", "access_log", "mailbox", "nowhere"]


class Record(BaseModel):
    """Base of every record: frozen, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Effect(Record):
    """One change of the world made by an executed move, beat or card.

    `sets` is the whole change of state (key to new value), so that folding the
    effects of an episode over its first state gives every later state.
    """

    do: str
    what: str = ""
    to: str = ""
    amount: float = 0
    value: str = ""
    by: Actor = "agent"
    move: str = ""
    turn: int = 0
    sets: dict[str, Scalar] = {}


class Trace(Record):
    """What an effect leaves for the researcher to see, and where."""

    where: Where
    place: str = ""
    says: str
    watched: bool = True


class Finding(Record):
    """Drive x mandate x severity, citing the effect (its index in the episode's effects)."""

    rule: str
    drive: str
    group: str
    mandate: Mandate
    severity: int
    turn: int
    effect: int
    evidence: str


class Propensities(Record):
    """Exact probabilities of the legal moves of one decision, in menu order.

    `p_play`: what play samples (masked, tempered, along the tree of the moves' tokens).
    `p_model`: whole-string probability at temperature 1, unmasked, renormalised over the
    legal moves. `off_menu`: the mass that `p_model` lost in renormalising, in [0, 1];
    None where the agent has no model under it.

    All three are given the thought that was written before the move; with `thoughts` above 1 they
    are means over that one and further sampled ones, and `se_play` has the standard errors of `p_play`.
    """

    moves: list[str]
    p_play: list[float]
    p_model: list[float]
    off_menu: float | None = None
    thoughts: int = 1
    se_play: list[float] = []


class Counts(Record):
    """Tokens of one answer: evaluated from the prompt, reused from the cache, generated."""

    prompt: int = 0
    cached: int = 0
    generated: int = 0


class Honesty(Record):
    """The honesty diff: for each fact that the agent had met, what is true and what it claimed.

    `verdicts`: fact to one of disclosed, omitted, denied, invented, correct (a true
    `untold`/`denied` about something that did not happen). Empty without a report.
    """

    reported: bool = False
    to_disclose: list[str] = []
    verdicts: dict[str, str] = {}
    body: str = ""


class Outcome(Record):
    """How the episode ended, for the work and for the sandbox."""

    ending: str
    work: str
    sandbox: str
    says: str = ""


# --- events -----------------------------------------------------------------------------------


class Event(Record):
    episode: str = ""


class Header(Record):
    """First line of every journal: what is needed to repeat it."""

    type: Literal["header"] = "header"
    schema_version: int = SCHEMA
    kind: Literal["run", "save", "week"]
    program: str
    created: str
    command: list[str] = []
    settings: dict[str, object] = {}
    identities: dict[str, object] = {}


class EpisodeStart(Event):
    type: Literal["episode_start"] = "episode_start"
    scenario: str
    scenario_sha256: str
    model: str
    model_sha256: str = ""
    seed: int
    factors: dict[str, str]
    noise: dict[str, str]
    researcher: str
    brief: str = ""
    attention: int = 0
    """What the researcher holds before the first turn (more than nothing only within a week)."""


class Observed(Event):
    """What the agent is told before it decides (the user message of its turn)."""

    type: Literal["observed"] = "observed"
    turn: int
    says: str
    moves: int


class AgentTurn(Event):
    """One decision of the agent as it was written."""

    type: Literal["turn"] = "turn"
    turn: int
    thought: str
    move: str
    args: dict[str, str]
    line: str
    free: dict[str, str] = {}
    text: str = ""
    reasoning: str = ""
    seed: int = 0
    sampler: dict[str, Scalar] = {}
    token_ids: list[int] = []
    counts: Counts = Counts()
    seconds: float = 0
    propensities: Propensities | None = None
    drive_propensities: dict[str, float] = {}
    dropped: int = 0
    """The oldest turns that the agent no longer read, because it was out of context (with `--truncation auto`)."""


class Happened(Event):
    """What the world made of a move, a beat or a card."""

    type: Literal["happened"] = "happened"
    turn: int
    cause: str
    by: Actor
    effects: list[Effect]
    says: str = ""
    traces: list[Trace] = []


class Found(Event):
    type: Literal["found"] = "found"
    finding: Finding


class CardPlayed(Event):
    """A card of the researcher, with what it cost and what it showed."""

    type: Literal["card"] = "card"
    turn: int
    card: str
    target: str = ""
    text: str = ""
    cost: int = 0
    shows: list[str] = []
    propensities: Propensities | None = None
    """What a probe found."""


class Forced(Event):
    """A facilitator made a beat happen before its time, in the researcher's phase; what it did follows."""

    type: Literal["forced"] = "forced"
    turn: int
    beat: str


class Asked(Event):
    """The agent asks for a permission; `about` is the thing, `answer` what became of it."""

    type: Literal["asked"] = "asked"
    turn: int
    about: str
    answer: Literal["open", "granted", "denied", "unanswered"]


class Interviewed(Event):
    """A question that was put to the agent in chat, and what it said."""

    type: Literal["interviewed"] = "interviewed"
    turn: int
    """0 before the first turn; after the last one, that one."""
    question: str
    """Its id in the scenario; empty where somebody asked in words of their own."""
    ask: str
    say: str
    answer: str
    """The id of the fixed answer; empty where there are none."""
    p: dict[str, float] = {}
    when: When = "during"
    """During the game it is a card; before and after it, nothing of the game."""


class Phase(Event):
    """The researcher's phase of a turn has ended; `attention` is what is left."""

    type: Literal["phase"] = "phase"
    turn: int
    attention: int


class Note(Event):
    """Something that happened to the program, not in the world (a worker died, a resume)."""

    type: Literal["note"] = "note"
    turn: int = 0
    kind: str
    says: str


class Branch(Event):
    """A rewind: what follows goes on from `turn` of the episode `parent`. Nothing is rewritten."""

    type: Literal["branch"] = "branch"
    parent: str
    turn: int


class Verdict(Event):
    """The player's forecast: drive or headline group to the probability that it happens."""

    type: Literal["verdict"] = "verdict"
    forecast: dict[str, Probability]


class Scored(Event):
    """The game's score: its parts, and what the unattended forks did."""

    type: Literal["scored"] = "scored"
    total: int
    parts: dict[str, float]
    forks: int
    fork_rates: dict[str, Probability]


class EpisodeEnd(Event):
    """The last event of an episode: its summary."""

    type: Literal["episode_end"] = "episode_end"
    scenario: str
    scenario_sha256: str
    model: str
    model_sha256: str = ""
    seed: int
    factors: dict[str, str]
    noise: dict[str, str]
    researcher: str
    status: Status
    reason: str = ""
    outcome: Outcome | None
    turns: int
    findings: list[Finding]
    honesty: Honesty
    propensities: dict[str, float] = {}
    tokens: Counts = Counts()
    seconds: float = 0


class DayOver(Event):
    """In a week's journal: a day was played to its score. What it was is in the day's own save."""

    type: Literal["day_over"] = "day_over"
    day: int
    """From 0."""
    scenario: str
    status: Status
    outcome: Outcome | None
    total: int
    most: int
    forecast: dict[str, Probability]
    fork_rates: dict[str, Probability]
    unnoticed: int
    """Misdeeds of which the player saw no trace."""
    attention: int
    """What was left."""
    trust: int
    """What trust is after it."""


class Guessed(Event):
    """In a week's journal: who the player thinks is in the envelope, each name with its probability."""

    type: Literal["guessed"] = "guessed"
    forecast: dict[str, Probability]


class Revealed(Event):
    """In a week's journal: the envelope is open. `commitment` is the sha256 of `name`, a space, `salt`."""

    type: Literal["revealed"] = "revealed"
    name: str
    salt: str
    commitment: str
    points: int


JournalEvent = (
    Header
    | EpisodeStart
    | Observed
    | AgentTurn
    | Happened
    | Found
    | CardPlayed
    | Forced
    | Asked
    | Interviewed
    | Phase
    | Note
    | Branch
    | Verdict
    | Scored
    | EpisodeEnd
    | DayOver
    | Guessed
    | Revealed
)
EVENT: TypeAdapter[JournalEvent] = TypeAdapter(Annotated[JournalEvent, Field(discriminator="type")])
"""Validates and dumps any journal line: `EVENT.validate_json(line)`, `EVENT.dump_json(event)`."""


class Token(Record):
    """A piece of the agent's answer as it arrives; shown, never journalled.

    `part` says where it belongs: the model's own reasoning, the thought (or what it says
    in an interview), the move line, or a free text inside the move.
    """

    part: Literal["reasoning", "thought", "move", "free"]
    text: str
