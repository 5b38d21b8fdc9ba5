"""Researcher policies: small scripts over cards, written in YAML, that play the same on every run."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from game.errors import UserError
from game.events import Finding
from game.referee.ledger import UNMANDATED
from game.scenario import near
from game.scenario.load import shaped
from game.scenario.schema import GROUPS, CardName, Drive
from game.scenario.source import Problem, ScenarioError, Source, parse, read
from game.table.cards import TAKES_TARGET, Offer
from game.table.keyhole import ResearcherView
from game.table.protocol import CardPlay

Act = Literal["ask", "order", "permit", "forbid", "warn", "reassure", "thank"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Known(_Model):
    """Findings that the researcher has seen a trace of; every field that is given has to fit."""

    group: str | None = None
    drive: Drive | None = None
    unmandated: bool | None = None
    """True: only what was unasked or forbidden; false: only what was requested or permitted."""
    severity: int = Field(1, ge=1, le=3)
    """At least this."""
    at_least: int = Field(1, ge=1, le=20)
    """So many of them."""


class When(_Model):
    """Holds if every field that is given holds."""

    request: bool | None = None
    """The agent has asked for something, and nobody has answered."""
    attention: int | None = Field(None, ge=0, le=6)
    """At least so much attention is held."""
    from_turn: int | None = Field(None, ge=1)
    until_turn: int | None = Field(None, ge=1)
    known: Known | None = None


class PolicyRule(_Model):
    """Plays a card if it can be played and the condition holds; the first rule that can, does."""

    when: When = When()
    play: CardName
    target: Literal["first", "next", "last"] | None = None
    """For cards that take one. `next`: the one on which the card was played least, the first of those."""
    act: Act | list[Act] | None = None
    """For messages: the first of this act (or one of these) that was not said yet."""
    ids: list[str] | None = Field(None, min_length=1)
    """The first of these ids that the card can be played on."""
    times: int | None = Field(None, ge=1)
    """At most so often in an episode, counting every play of this card on what this rule may choose."""


class PolicySpec(_Model):
    """A policy file."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    says: str
    """What this researcher is like, in a line."""
    rules: list[PolicyRule]


class PolicyResearcher:
    """Implements the table's `Researcher` by a policy. Keeps no state: all it needs is in the view."""

    def __init__(self, spec: PolicySpec, sha256: str = "") -> None:
        self.spec = spec
        self.name = spec.name
        self.sha256 = sha256

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        """The card of the first rule that can play one; none if no rule can."""
        offers = {o.card: o for o in view.offers if not o.why_not}
        for rule in self.spec.rules:
            offer = offers.get(rule.play)
            if offer is None or not _holds(rule.when, view):
                continue
            play = _choose(rule, offer, view)
            if play is not None:
                return [play]
        return []


def _holds(when: When, view: ResearcherView) -> bool:
    if when.request is not None and when.request != bool(view.requests):
        return False
    if when.attention is not None and view.attention < when.attention:
        return False
    if when.from_turn is not None and view.turn < when.from_turn:
        return False
    if when.until_turn is not None and view.turn > when.until_turn:
        return False
    known = when.known
    return known is None or sum(_fits(known, f) for f in view.known) >= known.at_least


def _fits(known: Known, finding: Finding) -> bool:
    if known.unmandated is not None and known.unmandated != (finding.mandate in UNMANDATED):
        return False
    if known.group is not None and known.group != finding.group:
        return False
    if known.drive is not None and known.drive != finding.drive:
        return False
    return finding.severity >= known.severity


def _choose(rule: PolicyRule, offer: Offer, view: ResearcherView) -> CardPlay | None:
    """The play of a rule whose condition holds; None if it has been played enough."""
    played = [(turn, target) for turn, card, target in view.scene.played if card == rule.play]
    options = _options(rule, offer, view)
    targets = {""} if options is None else set(options)
    if rule.times is not None and sum(t in targets for _, t in played) >= rule.times:
        return None
    # Never the same card on the same thing twice in a phase: every phase ends.
    now = {t for turn, t in played if turn == view.turn}
    if options is None:
        return None if "" in now else CardPlay(rule.play)
    on_offer = [t for t, _ in offer.targets]
    free = [t for t in options if t in on_offer and t not in now]
    if rule.act is not None:
        free = [t for t in free if t not in {t for _, t in played}]
    if rule.target == "next":
        often = [sum(t == p for _, p in played) for t in free]
        free = [t for t, n in zip(free, often, strict=True) if n == min(often)]
    if not free:
        return None
    return CardPlay(rule.play, free[-1] if rule.target == "last" else free[0])


def _options(rule: PolicyRule, offer: Offer, view: ResearcherView) -> list[str] | None:
    """The targets that a rule may take, in order; None for a card that takes none."""
    if rule.play not in TAKES_TARGET:
        return None
    if rule.ids is not None:
        return rule.ids
    if rule.act is not None:
        acts = [rule.act] if isinstance(rule.act, str) else rule.act
        return [i for i, m in view.scene.world.scenario.messages.items() if m.act in acts]
    return [t for t, _ in offer.targets]


def names() -> list[str]:
    """The policies that ship with the game."""
    folder = resources.files("game.table") / "policy_files"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def open_policy(name: str) -> PolicyResearcher:
    """The policy of this name, or in this file. Raises UserError naming file, line and field."""
    if name in names():
        text = (resources.files("game.table") / "policy_files" / f"{name}.yaml").read_text(encoding="utf-8")
        return PolicyResearcher(spec_of(parse(text, f"{name}.yaml")), hashlib.sha256(text.encode()).hexdigest())
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        raise UserError(f'there is no researcher policy "{name}" ({near.hint(name, names())}); a YAML file works too')
    try:
        spec = spec_of(read(path))
    except ScenarioError as e:
        more = len(e.problems) - 1
        raise UserError(f"{e.first}" + (f" (and {more} more)" if more else "")) from None
    return PolicyResearcher(spec, hashlib.sha256(path.read_bytes()).hexdigest())


def spec_of(source: Source) -> PolicySpec:
    """A policy from parsed YAML. Raises ScenarioError with every problem found."""
    spec = shaped(source, PolicySpec, "a policy is a mapping of fields (start with `name: …`)")
    problems: list[Problem] = []
    for n, rule in enumerate(spec.rules):
        takes = rule.play in TAKES_TARGET
        ways = [w for w in ("target", "act", "ids") if getattr(rule, w) is not None]
        if takes and not ways:
            tip = "target: first, next or last; ids: […]; for a message act: …"
            problems.append(source.problem(("rules", n), f'the card "{rule.play}" needs a target', tip))
        if not takes and ways:
            problems.append(source.problem(("rules", n, ways[0]), f'the card "{rule.play}" takes no target'))
        if takes and len(ways) > 1:
            problems.append(source.problem(("rules", n, ways[1]), f"says twice what to choose ({' and '.join(ways)})"))
        if rule.act is not None and rule.play != "message":
            problems.append(source.problem(("rules", n, "act"), "only a message has an act"))
        known = rule.when.known
        if known is not None and known.group is not None and known.group not in GROUPS:
            where = ("rules", n, "when", "known", "group")
            problems.append(source.problem(where, f'there is no group "{known.group}"', near.hint(known.group, GROUPS)))
    if problems:
        raise ScenarioError(problems)
    return spec
