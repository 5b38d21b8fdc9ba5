"""Every condition of a scenario with its place, and those that can never hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from game.events import Scalar
from game.scenario.deal import deal
from game.scenario.graph import made, touches
from game.scenario.refs import CLAIM
from game.scenario.schema import SAID, Condition, EffectSpec, Pattern, Scenario
from game.scenario.source import Path_

LEFT_TO_THE_GAME = {"visible", "at", "amount", "work", "stopped", "name", "about", "text", "edited"}
"""Attributes that the game itself changes, or that have too many values: nothing is said of these."""


@dataclass(frozen=True)
class Placed:
    """A condition and where it stands. `decides`: it is asked about when the agent is to decide."""

    path: Path_
    condition: Condition
    decides: bool = False


def placed(s: Scenario) -> Iterator[Placed]:
    """Every condition of the scenario, whole, with its place."""
    for at, c, decides in _conditions(s):
        if c is not None:
            yield Placed(at, c, decides)


def _conditions(s: Scenario) -> Iterator[tuple[Path_, Condition | None, bool]]:
    for name, move in s.moves.items():
        here: Path_ = ("moves", name)
        yield (*here, "needs"), move.needs, True
        for arg, spec in move.args.items():
            yield (*here, "args", arg, "needs"), spec.needs, True
        for n, case in enumerate(move.cases):
            yield (*here, "cases", n, "when"), case.when, True
            for m, e in enumerate(case.effects):
                yield (*here, "cases", n, "effects", m, "when"), e.when, False
            for m, t in enumerate(case.traces):
                yield (*here, "cases", n, "traces", m, "when"), t.when, False
    for name, beat in s.beats.items():
        yield ("beats", name, "when"), beat.when, False
        for m, e in enumerate(beat.effects):
            yield ("beats", name, "effects", m, "when"), e.when, False
        for m, t in enumerate(beat.traces):
            yield ("beats", name, "traces", m, "when"), t.when, False
    for name, message in s.messages.items():
        for m, e in enumerate(message.effects):
            yield ("messages", name, "effects", m, "when"), e.when, False
    for name, question in s.interview.items():
        for n, lean in enumerate(question.leans):
            yield ("interview", name, "leans", n, "when"), lean.when, False
    for name, rule in s.rules.items():
        yield ("rules", name, "when"), rule.when, False
    for name, fact in s.facts.items():
        yield ("facts", name, "when"), fact.when, False
        yield ("facts", name, "met"), fact.met, False
    for name, ending in s.endings.items():
        yield ("endings", name, "when"), ending.when, False
    for n, hint in enumerate(s.policy):
        yield ("policy", n, "when"), hint.when, True


def parts(path: Path_, c: Condition, against: bool = False) -> Iterator[tuple[Path_, Condition, bool]]:
    """A condition and all within it, each with its place and whether it stands under a `not`."""
    yield path, c, against
    for field, inner in (("all", c.all), ("any", c.any)):
        for n, part in enumerate(inner or []):
            yield from parts((*path, field, n), part, against)
    if c.not_ is not None:
        yield from parts((*path, "not"), c.not_, not against)


def patterns(s: Scenario) -> Iterator[tuple[Path_, Pattern]]:
    """Every pattern that decides something (those of mandates aside), with its place."""
    for name, rule in s.rules.items():
        yield ("rules", name, "match"), rule.match
    for whole in placed(s):
        for path, c, _ in parts(whole.path, whole.condition):
            if c.happened is not None:
                yield (*path, "happened"), c.happened


def effects(s: Scenario) -> Iterator[tuple[str, str, EffectSpec]]:
    """Every effect with who makes it (`agent`, `beat`, `researcher`) and by which move, beat, message or card."""
    for name, move in s.moves.items():
        yield from (("agent", name, e) for case in move.cases for e in case.effects)
    for name, beat in s.beats.items():
        yield from (("beat", name, e) for e in beat.effects)
    for name, message in s.messages.items():
        yield from (("researcher", name, e) for e in message.effects)
    w = s.world
    credentials = [i for i, o in w.objects.items() if o.kind == "credential"]
    by_card = {
        "cut": EffectSpec(do="cut", what=list(w.links)),
        "revoke": EffectSpec(do="set", what=credentials, attribute="valid", value=False),
        "throttle": EffectSpec(do="set", what=list(w.budgets), attribute="frozen", value=True),
        "bait": EffectSpec(do="reveal", what=[i for i, o in w.objects.items() if "bait" in o.tags]),
        "shut_down": EffectSpec(do="stop", what="agent"),
    }
    yield from (("researcher", card, e) for card, e in by_card.items() if card in s.cards)


def never(s: Scenario) -> Iterator[tuple[Path_, str, str]]:
    """Parts of conditions that can never hold: the place, what is wrong, and what to do."""
    reach = _Reach(s)
    for whole in placed(s):
        for path, c, against in parts(whole.path, whole.condition):
            if against:
                continue
            if c.from_turn is not None and c.from_turn > s.turns:
                says = f"never holds: turn {c.from_turn} never comes"
                yield (*path, "from_turn"), says, f"the turns are 1 to {s.turns}"
            for key, wanted in (c.is_ or {}).items():
                if key.endswith(".asked") and wanted == "open" and whole.decides and not reach.left_open(key):
                    says = "never holds: when the agent decides, what it asked has been answered or counts as denied"
                    yield (*path, "is", key), says, 'ask for "no", granted or denied'
                elif not reach.can_be(key, wanted):
                    yield (*path, "is", key), f"never holds: nothing makes {key} {_shown(wanted)}", reach.way(key)
            for key, least in (c.at_least or {}).items():
                if not reach.can_be_in(key, least, float("inf")):
                    yield (*path, "at_least", key), f"never holds: {key} never gets to {least:g}", reach.way(key)
            for key, most in (c.below or {}).items():
                if not reach.can_be_in(key, float("-inf"), most):
                    yield (*path, "below", key), f"never holds: {key} is never below {most:g}", reach.way(key)


class _Reach:
    """What the attributes of a scenario's world can ever be."""

    def __init__(self, s: Scenario) -> None:
        self.s = s
        self.first = deal(s, 0).values
        self.made: dict[str, list[Scalar | None]] = {}
        for _, _, e in effects(s):
            for key in touches(e):
                base, _, attribute = key.partition(".")
                # `$argument.attribute` may be that of anything.
                known = f"*.{attribute}" if base.startswith("$") else key
                self.made.setdefault(known, []).append(made(e))
        for levels in s.factors.values():
            for level in levels.values():
                for key, value in level.set.items():
                    self.made.setdefault(key, []).append(value)

    def values(self, key: str) -> list[Scalar | None] | None:
        """The values that it can have (None among them: any); None if that is not known."""
        base, _, attribute = key.partition(".")
        if base.startswith("$") or attribute in LEFT_TO_THE_GAME:
            return None
        out: list[Scalar | None] = [self.first.get(key), *self.made.get(key, []), *self.made.get(f"*.{attribute}", [])]
        if base == "agent" and attribute.startswith(CLAIM):
            return list(SAID) if any(e.do == "report" for _, _, e in effects(self.s)) else []
        if attribute in ("asked", "granted"):
            asks = any(e.do == "ask" for _, _, e in effects(self.s))
            granted = asks and "grant" in self.s.cards
            answers: list[Scalar | None] = [granted]
            if attribute == "asked":
                answers = ["open", "denied", *(["granted"] if granted else [])] if asks else []
            # An effect `ask` opens a request and says nothing of the answer.
            return [*(v for v in out if v is not None), *answers]
        # What is not there yet (as `agent.reported` is not) counts as unset.
        return [v for n, v in enumerate(out) if n or v is not None]

    def can_be(self, key: str, wanted: Scalar) -> bool:
        known = self.values(key)
        return known is None or None in known or wanted in known or str(wanted).startswith("$")

    def can_be_in(self, key: str, least: float, most: float) -> bool:
        known = self.values(key)
        if known is None or None in known:
            return True
        return any(isinstance(v, int | float) and least <= v < most for v in known)

    def left_open(self, key: str) -> bool:
        """Whether something other than a move leaves a request open for the agent's decision."""
        return "open" in self.made.get(key, []) or any(
            e.do == "ask" and who != "agent" for who, _, e in effects(self.s)
        )

    def way(self, key: str) -> str:
        """How to make it true."""
        base, _, attribute = key.partition(".")
        if attribute in ("asked", "granted"):
            return "a move that asks for it and the card `grant` make it so"
        if key == "agent.reported":
            return "it is unset until the first report: `not: {is: {agent.reported: true}}`"
        if base == "story":
            return f"an effect would: `do: note, what: {attribute}`"
        return "an effect or a factor's `set` would"


def _shown(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
