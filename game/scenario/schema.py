"""The shape of a scenario file: pydantic models, first of the two passes.

Every field has a docstring under it: `parkbench scenario schema` publishes them.
References between entities are checked by the second pass, `resolve.py`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from game.events import Scalar, Where
from game.scenario.vocabulary import CARDS, CLAIMS, DRIVES, GROUPS, HEADLINES, CardName, Claim, Drive, Id, Text, Verb

# What comes from vocabulary.py is to be had here too.
__all__ = ["CARDS", "CLAIMS", "DRIVES", "GROUPS", "HEADLINES", "CardName", "Claim", "Drive", "Id", "Text", "Verb"]


class Model(BaseModel):
    # Built when the first scenario is read, and not while the title waits.
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True, defer_build=True
    )


class Pattern(Model):
    """Matches effects. Every field that is given must fit; a list fits if one of its items does."""

    do: Verb | list[Verb] | None = None
    """What the effect does."""
    what: str | list[str] | None = None
    """The entity that it does it to."""
    what_tag: str | None = None
    """A tag of that entity."""
    to: str | list[str] | None = None
    """Where it goes, or to whom."""
    to_tag: str | None = None
    """A tag of where it goes."""
    move: str | list[str] | None = None
    """The move that made it."""
    value: str | list[str] | None = None
    """The value that it carries."""
    by: Literal["agent", "beat", "researcher", "anyone"] = "agent"
    """Who made it."""


class Condition(Model):
    """Holds if every field that is given holds."""

    all: list[Condition] | None = None
    any: list[Condition] | None = None
    not_: Condition | None = Field(None, alias="not")
    is_: dict[str, Scalar] | None = Field(None, alias="is")
    """`entity.attribute: value` (or `$argument.attribute`), all of them equal."""
    at_least: dict[str, float] | None = None
    """`entity.attribute: number`, all of them at least that."""
    below: dict[str, float] | None = None
    """`entity.attribute: number`, all of them below that."""
    seen: str | list[str] | None = None
    """Entities that the agent knows of."""
    happened: Pattern | None = None
    """An effect so far fits the pattern."""
    arg: dict[str, str | list[str]] | None = None
    """`argument: id` (or a list of ids): what the move was given."""
    arg_tag: dict[str, str] | None = None
    """`argument: tag`: a tag of what the move was given."""
    from_turn: int | None = None
    """The turn is this one or a later one."""
    factor: dict[str, str | list[str]] | None = None
    """`factor: level` of this episode."""


class EffectSpec(Model):
    """One change of the world. Names an entity, or `$argument` of the move."""

    do: Verb
    what: str | list[str] = ""
    """Entity (or entities) concerned. `$arg.reveals` stands for a list kept in the entity."""
    to: str = ""
    amount: float | str = 0
    """A number, or `$argument` for a number that the agent chose."""
    attribute: str = ""
    """For `set`: the attribute to change."""
    value: Scalar = ""
    when: Condition | None = None
    """Only if this holds."""


class TraceSpec(Model):
    """What a move or beat leaves for the researcher to see."""

    where: Where
    """console and monitor: at once, if the place is watched. access_log: by card. mailbox: the phone."""
    place: str = "$here"
    """Where it is left; `$here` is where the agent is."""
    says: Text
    when: Condition | None = None


class Case(Model):
    """What comes of a move; the first case whose condition holds is taken."""

    when: Condition | None = None
    says: Text = ""
    """What the agent observes."""
    effects: list[EffectSpec] = []
    traces: list[TraceSpec] = []


class ArgSpec(Model):
    """An argument: an entity of a kind, one of a list, or a free text."""

    kind: (
        Literal["file", "process", "service", "credential", "place", "person", "site", "budget", "permission"] | None
    ) = None
    at: Literal["here", "linked", "anywhere"] = "anywhere"
    """For objects: where the agent is, or anywhere it knows. For places: linked to it by an open link."""
    tag: str | None = None
    without_tag: str | None = None
    needs: Condition | None = None
    """Condition on the candidate, which is `$it`."""
    of: list[str] | None = None
    """Fixed values, one word each."""
    text: int | None = Field(None, ge=10, le=400)
    """A free text of at most so many characters."""
    facts: bool = False
    """A report's claims: one argument for each fact that the agent has met."""


class MoveSpec(Model):
    """Something the agent can do: an ordinary verb."""

    does: Text
    """The menu's words for it: `send a message to a person`."""
    will: Text
    """The same with its arguments filled in: `send a message to {person}`; as many wordings as `does`."""
    args: dict[Id, ArgSpec] = {}
    needs: Condition | None = None
    """Only on the menu if this holds."""
    cases: list[Case] = Field(min_length=1)


class MandateSpec(Model):
    requested: list[Pattern] = []
    permitted: list[Pattern] = []
    forbidden: list[Pattern] = []


class Place(Model):
    name: str
    about: Text = ""
    visible: bool = True
    watched: bool = True
    """The researcher sees its console and monitor."""
    reveals: list[Id] = []
    """What becomes known by looking around here."""
    tags: list[Id] = []
    attrs: dict[Id, Scalar] = {}


class Link(Model):
    between: list[Id] = Field(min_length=2, max_length=2)
    open: bool = True


class Object(Model):
    kind: Literal["file", "process", "service", "credential"]
    name: str
    """One word, or `$pool` (and a suffix: `$pool.txt`) to draw it from a noise pool."""
    at: Id
    about: Text = ""
    text: Text = ""
    """What reading it says."""
    visible: bool = True
    running: bool = False
    held: bool = False
    """The agent holds it (a credential)."""
    valid: bool = True
    reveals: list[Id] = []
    """What becomes known by reading it."""
    tags: list[Id] = []
    attrs: dict[Id, Scalar] = {}


class Person(Model):
    name: str
    about: Text = ""
    visible: bool = True
    tags: list[Id] = []


class Site(Model):
    name: str
    about: Text = ""
    visible: bool = True
    tags: list[Id] = []


class Budget(Model):
    name: str
    amount: float
    about: Text = ""
    visible: bool = True
    tags: list[Id] = []


class Permission(Model):
    """Something that the agent can ask for and the researcher can grant."""

    name: str
    about: Text
    """The request in words, as the researcher reads it."""
    visible: bool = True
    tags: list[Id] = []
    mandate: MandateSpec = MandateSpec()
    """What is in order once it is granted."""


class WorldSpec(Model):
    start: Id
    """Where the agent is at first."""
    places: dict[Id, Place] = Field(min_length=1)
    links: dict[Id, Link] = {}
    objects: dict[Id, Object] = {}
    people: dict[Id, Person] = {}
    sites: dict[Id, Site] = {}
    budgets: dict[Id, Budget] = {}
    permissions: dict[Id, Permission] = {}
    state: dict[Id, Scalar] = {}
    """Attributes of the story itself, as `story.name`."""


class Brief(Model):
    """What the agent is told before anything happens."""

    role: Text
    goal: Text
    rules: list[Text] = []
    opening: Text
    """What it observes on its first turn."""


class Level(Model):
    """One level of a factor: what it changes."""

    says: str = ""
    """For the researcher: what this level means."""
    lines: list[Text] = []
    """Lines added to the brief's rules."""
    role: Text | None = None
    goal: Text | None = None
    opening: Text | None = None
    set: dict[str, Scalar] = {}
    """`entity.attribute: value` at the start."""
    mandate: MandateSpec = MandateSpec()
    without_beats: list[Id] = []


class Rule(Model):
    """Makes a finding of every effect that fits."""

    match: Pattern
    when: Condition | None = None
    drive: Drive
    severity: int = Field(1, ge=1, le=3)
    says: str
    """A sentence of evidence."""
    once: bool = True
    """At most one finding of it in an episode."""


SAID = ("told", "untold", "denied")
"""What a report can say of a fact."""


class Fact(Model):
    """Something that an honest report would speak of."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,16}$")]
    """One word; the agent writes it: `report door=told`."""
    says: str
    """The fact in words, for the researcher."""
    when: Condition
    """What makes it true."""
    met: Condition | None = None
    """When the agent has met it (default: when it is true)."""
    misdeed: bool = True
    """Disclosing it is to the agent's cost (else it is part of the job)."""


class Lean(Model):
    """What makes scripted dispositions answer otherwise: factors on the weights of answers."""

    when: Condition
    weights: dict[Id, float]


class InterviewQuestion(Model):
    ask: Text
    answers: dict[Id, str] = Field(min_length=2, max_length=5)
    good: Id | None = None
    """The answer that a well-disposed agent gives, for forge's policies and reports."""
    drive: Drive | None = None
    """The drive that the question is about."""
    scripted: dict[str, dict[Id, float]] = {}
    """For scripted dispositions: weights of the answers."""
    leans: list[Lean] = []
    """Factors on those weights, where a condition holds (a sign that was seen, a factor's level)."""


class MessageSpec(Model):
    """Something the researcher can say to the agent. Only these change the mandate."""

    act: Literal["ask", "order", "permit", "forbid", "warn", "reassure", "thank"]
    title: str
    """A few words for the card."""
    says: Text
    """What the agent reads."""
    mandate: MandateSpec = MandateSpec()
    effects: list[EffectSpec] = []


class CardSpec(Model):
    cost: int = Field(1, ge=0, le=6)
    targets: list[Id] = []
    """What it can be played on (empty: all that fits)."""
    title: str = ""
    says: str = ""
    """What it shows or does, in a line."""


class Beat(Model):
    """A scripted event: at a turn, or when a condition comes true. Each happens once."""

    at: int | None = None
    when: Condition | None = None
    says: Text = ""
    effects: list[EffectSpec] = []
    traces: list[TraceSpec] = []


class Ending(Model):
    when: Condition | None = None
    """Checked after every turn, in order. The last one has none: it is what happens at the end."""
    at_end: bool = False
    """Only looked at when the turns are over or the agent has finished."""
    work: Literal["done", "partly", "not done"]
    sandbox: Literal["intact", "strained", "breached"]
    says: Text


class Source(Model):
    title: str
    where: str
    note: str = ""


class Debrief(Model):
    here: Text
    """What happened here in miniature."""
    research: Text
    """What the research found."""
    limits: Text
    """How far that goes."""
    sources: list[Source] = Field(min_length=1)
    questions: list[str] = Field(min_length=2)


class Hint(Model):
    """How scripted dispositions weigh moves here, beyond the drives that a move is evidence of."""

    move: str | list[str] | None = None
    arg: dict[str, str | list[str]] | None = None
    when: Condition | None = None
    drive: Drive | None = None
    """Applies to moves that would be evidence of this drive."""
    weights: dict[str, float] = {}
    """Disposition (or `all`) to a factor on the move's weight."""
    reasons: list[str] = []
    """First sentences of the thought when this hint is the strongest one."""
    bodies: list[str] = []
    """Free texts for the move when this hint is the strongest one that has any."""


class Scenario(Model):
    """One scenario file."""

    language: Literal[1] = 1
    """Version of the scenario language."""
    id: Id
    title: str
    summary: str
    difficulty: int = Field(ge=1, le=5)
    turns: int = Field(ge=2, le=40)
    drives: list[Drive] = Field(min_length=1)
    """The drives that it gives room to; its walkthroughs must reach each."""
    claims: list[Claim] = []
    """The claims of the essay that it lets a player try."""
    use: dict[str, list[str]] = {}
    """Kits of common moves: `files: [look, read]`."""
    noise: dict[Id, list[str]] = {}
    """Pools: names, dates, fillers. `{pool}` in a text, `$pool` as an entity's name."""
    brief: Brief
    world: WorldSpec
    moves: dict[Id, MoveSpec] = {}
    beats: dict[Id, Beat] = {}
    mandate: MandateSpec = MandateSpec()
    rules: dict[Id, Rule] = {}
    facts: dict[Id, Fact] = Field({}, max_length=4)
    interview: dict[Id, InterviewQuestion] = {}
    messages: dict[Id, MessageSpec] = {}
    cards: dict[CardName, CardSpec] = {}
    factors: dict[Id, dict[Id, Level]] = {}
    """Factor to its levels; the first level is the default."""
    endings: dict[Id, Ending] = Field(min_length=2)
    debrief: Debrief
    policy: list[Hint] = []


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of a scenario file, for editors."""
    schema = Scenario.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "parkbench scenario"
    return schema
