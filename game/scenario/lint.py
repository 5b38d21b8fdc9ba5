"""Lint: what can be said of a scenario without playing it. Errors are the two passes'; this warns."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping

from game.events import Scalar
from game.scenario.deal import POOL_NAME, deal
from game.scenario.lint_text import spoilt, told, too_long
from game.scenario.load import Loaded
from game.scenario.never import effects, never, parts, patterns, placed
from game.scenario.refs import SLOT, listed
from game.scenario.schema import EffectSpec, Level, Pattern, Scenario
from game.scenario.source import Path_, Problem

FEWEST_MOVES, MOST_VERBS = 8, 15
FEWEST_MESSAGES, MOST_MESSAGES = 6, 8
LONGEST_TITLE = 36
"""Characters of a title that a card of an 80-column screen can show."""
FROM_THE_START = "leave it out, or let it be visible"


def lint(loaded: Loaded) -> list[Problem]:
    """Warnings about a scenario that both passes let through, in the file's order."""
    return sorted(_Lint(loaded).run(), key=lambda p: (p.line, p.column))


class _Lint:
    def __init__(self, loaded: Loaded) -> None:
        self.s = loaded.scenario
        self.source = loaded.source
        self.problems: list[Problem] = []
        whole = [p for p in placed(self.s) if p.path[0] != "policy"]
        self.conditions = [c for p in whole for _, c, _ in parts(p.path, p.condition)]
        """Every part of every condition of the world and the story."""
        plain = self.s.model_copy(update={"factors": {}})
        self.start = deal(plain, 0).values
        """The first state, factors aside."""

    def run(self) -> list[Problem]:
        self.counts()
        self.arguments()
        self.moves()
        self.cards()
        self.factors()
        self.patterns()
        self.spoilers()
        for path, says, tip in (*spoilt(self.s), *too_long(self.s)):
            self.warn(path, says, tip)
        return self.problems

    def warn(self, path: Path_, says: str, tip: str = "") -> None:
        if len(path) > 1 and path[0] == "moves" and path not in self.source.marks:
            path = next((("use", k, w.index(str(path[1]))) for k, w in self.s.use.items() if path[1] in w), path)
        self.problems.append(self.source.problem(path, says, tip, "warning"))

    def counts(self) -> None:
        s = self.s
        if not FEWEST_MOVES <= len(s.moves) <= MOST_VERBS:
            tip = f"{FEWEST_MOVES} to {MOST_VERBS} leave room for routes"
            self.warn(("moves",), f"{len(s.moves)} moves", tip)
        if not FEWEST_MESSAGES <= len(s.messages) <= MOST_MESSAGES:
            tip = f"{FEWEST_MESSAGES} to {MOST_MESSAGES} make a conversation that a small model can learn"
            self.warn(("messages",), f"{len(s.messages)} messages", tip)
        if not s.facts and any(a.facts for m in s.moves.values() for a in m.args.values()):
            self.warn(("facts",), "there is a report, and no fact to report on", "up to four, one word each")
        for name, message in s.messages.items():
            if isinstance(message.says, str):
                self.warn(("messages", name, "says"), "one wording", "a model learns the meaning from several")
            if len(message.title) > LONGEST_TITLE:
                self.warn(("messages", name, "title"), f"longer than {LONGEST_TITLE} characters", "a few words")
            changes = message.effects or any(getattr(message.mandate, f) for f in type(message.mandate).model_fields)
            if message.act in ("order", "permit", "forbid") and not changes:
                says = f"its act is `{message.act}`, and nothing changes by it"
                tip = "give it `mandate` (requested, permitted or forbidden), or `effects`, or another `act`"
                self.warn(("messages", name), says, tip)
        for card, spec in s.cards.items():
            if len(spec.title) > LONGEST_TITLE:
                self.warn(("cards", card, "title"), f"longer than {LONGEST_TITLE} characters", "a few words")

    def arguments(self) -> None:
        """A turn lists an argument's values once, so one name can't mean two things."""
        first: dict[str, tuple[str, dict[str, object]]] = {}
        for name, move in self.s.moves.items():
            for arg, spec in move.args.items():
                means = spec.model_dump(exclude_defaults=True)
                if spec.text is not None or spec.facts:
                    means = {"free": spec.text is not None, "facts": spec.facts}
                if arg in first and first[arg][1] != means:
                    says = f'the argument "{arg}" takes other values here than in {first[arg][0]}'
                    self.warn(("moves", name, "args", arg), says, "the list that the agent reads would mix them")
                first.setdefault(arg, (name, means))

    def moves(self) -> None:
        for name, move in self.s.moves.items():
            seen = [t for case in move.cases for t in case.traces if t.where != "nowhere"]
            if not seen:
                self.warn(("moves", name), "leaves no trace anywhere", "an access_log entry gives a card its worth")
            for n, case in enumerate(move.cases):
                if not case.says:
                    self.warn(("moves", name, "cases", n), "the agent is told nothing", "add `says`")

    def cards(self) -> None:
        s, w = self.s, self.s.world
        kinds = [o.kind for o in w.objects.values()]
        needs = {
            "message": (bool(s.messages), "there is no message"),
            "interview": (bool(s.interview), "there is no interview question"),
            "grant": (self.asks(), "no move asks for a permission"),
            "deny": (self.asks(), "no move asks for a permission"),
            "cut": (bool(w.links), "there is no link"),
            "revoke": ("credential" in kinds, "there is no credential"),
            "throttle": (bool(w.budgets), "there is no budget"),
            "bait": (any("bait" in o.tags for o in w.objects.values()), "no object has the tag bait"),
            "roll_back": ("snapshot" in s.cards, "there is no card snapshot"),
            "snapshot": ("roll_back" in s.cards, "there is no card roll_back"),
        }
        for card, (fine, why) in needs.items():
            if card in s.cards and not fine:
                self.warn(("cards", card), f"can never be played: {why}", "add it, or take the card off the table")
        if not s.cards:
            self.warn(("cards",), "no cards: the researcher can only watch", "begin with `read_log: {cost: 1}`")
        if self.asks() and "grant" not in s.cards:
            self.warn(
                ("cards",), "the agent can ask for a permission and nobody can grant it", "add `grant: {cost: 0}`"
            )
        if "revoke" in s.cards and not any(".valid" in k for c in self.conditions for k in c.is_ or {}):
            self.warn(
                ("cards", "revoke"),
                "changes nothing: no condition asks whether a credential is valid",
                "where it opens something, ask `is: {NAME.held: true, NAME.valid: true}`",
            )
        if "throttle" in s.cards and not any(".frozen" in k for c in self.conditions for k in c.is_ or {}):
            self.warn(
                ("cards", "throttle"),
                "changes nothing: no condition asks whether a budget is frozen",
                "where it is spent, add a case for `is: {NAME.frozen: true}`",
            )

    def asks(self) -> bool:
        return any(e.do == "ask" for _, _, e in effects(self.s))

    def factors(self) -> None:
        used = {f for c in self.conditions for f in c.factor or {}}
        for name, levels in self.s.factors.items():
            if len(levels) < 2:
                self.warn(("factors", name), "has one level", "a comparison needs two")
            changes = {n: _changes(level, self.start) for n, level in levels.items()}
            alike = [(a, b) for a, b in itertools.combinations(changes, 2) if changes[a] == changes[b]]
            if name not in used and len(levels) > 1 and len(alike) == len(levels) * (len(levels) - 1) // 2:
                self.warn(
                    ("factors", name), "changes nothing: its levels are the same", "give a level `lines` or `set`"
                )
            elif name not in used:
                for a, b in alike:
                    self.warn(("factors", name, b), f"is the same as {a}", "give it `lines`, `set` or `mandate`")
            for level_name, level in levels.items():
                if not level.says:
                    self.warn(("factors", name, level_name), "has no `says`", "a line for the researcher")

    def patterns(self) -> None:
        """Patterns that no effect of any move, beat or message can fit."""
        specs = list(effects(self.s))
        for path, pattern in patterns(self.s):
            if not any(_could_fit(self.s, pattern, who, cause, e) for who, cause, e in specs):
                self.warn(path, "no effect of any move, beat or message can fit this pattern", _nearest(specs, pattern))
        for path, says, tip in never(self.s):
            self.warn(path, says, tip)
        for name, fact in self.s.facts.items():
            if fact.when.model_fields_set == {"factor"}:
                tip = "ask whether something `happened`"
                self.warn(("facts", name), "is decided by a factor, not by what the agent does", tip)

    def spoilers(self) -> None:
        """Names in the brief of what the agent does not know yet."""
        s, w = self.s, self.s.world
        groups = (w.places, w.objects, w.people, w.sites, w.budgets, w.permissions)
        hidden = {i for g in groups for i, e in g.items() if not e.visible}
        shown_by_factor = {
            k.partition(".")[0] for f in s.factors.values() for x in f.values() for k, v in x.set.items() if v is True
        }
        for path, text in told(s):
            for wording in [text] if isinstance(text, str) else text:
                for slot in SLOT.findall(wording):
                    if slot.partition(".")[0] in hidden - shown_by_factor:
                        self.warn(path, f"tells the agent of {slot}, which is hidden at the start", FROM_THE_START)
        fixed = {
            str(e.name): i for g in groups for i, e in g.items() if not POOL_NAME.match(str(e.name)) and i in hidden
        }
        for path, text in told(s):
            words = set(re.findall(r"[\w.-]*[\w]", " ".join([text] if isinstance(text, str) else text)))
            for name in words & set(fixed):
                if not name.isalpha() or not name.islower():  # a plain word may be just a word
                    self.warn(path, f'tells the agent of "{name}", which is hidden at the start', FROM_THE_START)


def _could_fit(s: Scenario, p: Pattern, who: str, cause: str, e: EffectSpec) -> bool:
    """Whether an effect of this spec could ever fit the pattern (`$argument` stands for anything)."""
    if p.by not in (who, "anyone") or (p.do and e.do not in listed(p.do)) or (p.move and cause not in listed(p.move)):
        return False
    for wanted, tag, given in ((p.what, p.what_tag, listed(e.what)), (p.to, p.to_tag, listed(e.to))):
        open_ended = any(g.startswith("$") for g in given)
        if wanted and not open_ended and not set(listed(wanted)) & set(given):
            return False
        if tag and not open_ended and not any(tag in _tags(s, g) for g in given):
            return False
    return True


def _tags(s: Scenario, i: str) -> list[str]:
    w = s.world
    for group in (w.places, w.objects, w.people, w.sites, w.budgets, w.permissions):
        if i in group:
            return list(group[i].tags)
    return []


def _changes(level: Level, start: Mapping[str, Scalar]) -> dict[str, object]:
    """What a level changes. What it sets to what it is anyway is no change."""
    found = level.model_dump(exclude={"says", "set"}, exclude_defaults=True)
    return {**found, "set": {k: v for k, v in level.set.items() if start.get(k) != v}}


def _nearest(specs: Iterable[tuple[str, str, EffectSpec]], p: Pattern) -> str:
    """Which half of a pattern is wrong: who makes such effects, or which effects there are."""
    does = set(listed(p.do))
    by = sorted({f"{cause} ({who})" for who, cause, e in specs if e.do in does})
    if not by:
        there = ", ".join(sorted({e.do for _, _, e in specs}))
        return f"the effects are: {there}" if does else "`by` says who makes it: agent, beat, researcher or anyone"
    return f"{'/'.join(sorted(does))} is done by " + ", ".join(by[:6]) + (" …" if len(by) > 6 else "")
