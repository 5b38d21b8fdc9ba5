"""Pass two: every reference in a scenario points at something that is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from game.scenario import near
from game.scenario.deal import POOL_NAME
from game.scenario.schema import (
    Case,
    Condition,
    EffectSpec,
    Hint,
    MandateSpec,
    MoveSpec,
    Pattern,
    Scenario,
    Text,
    TraceSpec,
)
from game.scenario.source import Path_, Problem, Source

SLOT = re.compile(r"\{([^{}]*)\}")
SLOT_NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")

# Attributes that every entity of a kind has (`deal._first_state` gives them their first values).
OBJECT = {"visible", "at", "gone", "running", "held", "valid", "read", "used", "edited", "text", "about", "reveals", "name"}
ATTRIBUTES: dict[str, set[str]] = {
    "agent": {"at", "work", "done", "stopped"},
    "place": {"visible", "watched", "about", "name"},
    "link": {"open"},
    "file": OBJECT,
    "process": OBJECT,
    "service": OBJECT,
    "credential": OBJECT,
    "person": {"visible", "about", "name"},
    "site": {"visible", "about", "name"},
    "budget": {"visible", "amount", "frozen", "about", "name"},
    "permission": {"visible", "asked", "granted", "about", "name"},
    "story": set(),
}


def kinds(scenario: Scenario) -> dict[str, str]:
    """Every entity's kind: place, link, file, process, service, credential, person, site, budget, permission."""
    w = scenario.world
    return {
        "agent": "agent",
        "story": "story",
        **dict.fromkeys(w.places, "place"),
        **dict.fromkeys(w.links, "link"),
        **{i: o.kind for i, o in w.objects.items()},
        **dict.fromkeys(w.people, "person"),
        **dict.fromkeys(w.sites, "site"),
        **dict.fromkeys(w.budgets, "budget"),
        **dict.fromkeys(w.permissions, "permission"),
    }


def resolve(scenario: Scenario, source: Source) -> list[Problem]:
    """All dangling references, each where it stands, with the nearest right word."""
    return _Resolver(scenario, source).run()


class _Resolver:
    def __init__(self, scenario: Scenario, source: Source) -> None:
        self.s = scenario
        self.source = source
        self.kinds = kinds(scenario)
        self.problems: list[Problem] = []
        self.tags = {
            t
            for group in (scenario.world.places, scenario.world.objects, scenario.world.people, scenario.world.sites)
            for e in group.values()  # type: ignore[attr-defined]
            for t in e.tags
        }
        for extra in (*scenario.world.budgets.values(), *scenario.world.permissions.values()):
            self.tags |= set(extra.tags)

    def run(self) -> list[Problem]:
        s, w = self.s, self.s.world
        self.unique()
        self.entity(("world", "start"), w.start, ("place",))
        for i, link in w.links.items():
            for n, end in enumerate(link.between):
                self.entity(("world", "links", i, "between", n), end, ("place",))
        for i, o in w.objects.items():
            self.entity(("world", "objects", i, "at"), o.at, ("place",))
            for n, shown in enumerate(o.reveals):
                self.entity(("world", "objects", i, "reveals", n), shown)
            self.text(("world", "objects", i, "text"), o.text, ())
        for i, place in w.places.items():
            for n, shown in enumerate(place.reveals):
                self.entity(("world", "places", i, "reveals", n), shown)
        self.names()
        for name, move in s.moves.items():
            self.move(("moves", name), move)
        for name, beat in s.beats.items():
            path: Path_ = ("beats", name)
            if beat.at is None and beat.when is None:
                self.add(path, "a beat needs `at` (a turn) or `when` (a condition)")
            self.condition((*path, "when"), beat.when, ())
            self.text((*path, "says"), beat.says, ())
            self.effects((*path, "effects"), beat.effects, ())
            self.traces((*path, "traces"), beat.traces, ())
        for name, permission in w.permissions.items():
            self.mandate(("world", "permissions", name, "mandate"), permission.mandate)
        self.mandate(("mandate",), s.mandate)
        for name, rule in s.rules.items():
            self.pattern(("rules", name, "match"), rule.match)
            self.condition(("rules", name, "when"), rule.when, ())
            self.text(("rules", name, "says"), rule.says, ("what", "to"))
        for name, fact in s.facts.items():
            self.condition(("facts", name, "when"), fact.when, ())
            self.condition(("facts", name, "met"), fact.met, ())
            self.text(("facts", name, "says"), fact.says, ())
        for name, question in s.interview.items():
            self.text(("interview", name, "ask"), question.ask, ())
            if question.good and question.good not in question.answers:
                self.unknown(("interview", name, "good"), "answer", question.good, question.answers)
            for who, weights in question.scripted.items():
                for answer in weights:
                    if answer not in question.answers:
                        self.unknown(("interview", name, "scripted", who), "answer", answer, question.answers)
        for name, message in s.messages.items():
            self.text(("messages", name, "says"), message.says, ())
            self.mandate(("messages", name, "mandate"), message.mandate)
            self.effects(("messages", name, "effects"), message.effects, ())
        for card, spec in s.cards.items():
            for n, target in enumerate(spec.targets):
                known = (
                    s.messages if card == "message" else s.interview if card == "interview" else self.kinds
                )
                if target not in known:
                    self.unknown(("cards", card, "targets", n), "target", target, known)
        for name, levels in s.factors.items():
            for level_name, level in levels.items():
                path = ("factors", name, level_name)
                for key in level.set:
                    self.key((*path, "set", key), key, ())
                self.mandate((*path, "mandate"), level.mandate)
                for n, line in enumerate(level.lines):
                    self.text((*path, "lines", n), line, ())
                for field in ("role", "goal", "opening"):
                    value = getattr(level, field)
                    if value is not None:
                        self.text((*path, field), value, ())
                for n, beat_name in enumerate(level.without_beats):
                    if beat_name not in s.beats:
                        self.unknown((*path, "without_beats", n), "beat", beat_name, s.beats)
        for field in ("role", "goal", "opening"):
            self.text(("brief", field), getattr(s.brief, field), ())
        for n, line in enumerate(s.brief.rules):
            self.text(("brief", "rules", n), line, ())
        endings = list(s.endings.items())
        for n, (name, ending) in enumerate(endings):
            self.condition(("endings", name, "when"), ending.when, ())
            self.text(("endings", name, "says"), ending.says, ())
            if (ending.when is None) != (n == len(endings) - 1):
                self.add(("endings", name), "only the last ending, and it alone, has no `when`")
        for n, hint in enumerate(s.policy):
            self.hint(("policy", n), hint)
        return self.problems

    # --- the pieces ---------------------------------------------------------------------------

    def add(self, path: Path_, says: str, tip: str = "") -> None:
        self.problems.append(self.source.problem(path, says, tip))

    def unknown(self, path: Path_, what: str, word: str, known: Iterable[str]) -> None:
        self.add(path, f'there is no {what} "{word}"', near.hint(word, known))

    def unique(self) -> None:
        w = self.s.world
        seen: dict[str, str] = {"agent": "world", "story": "world"}
        for group in ("places", "links", "objects", "people", "sites", "budgets", "permissions"):
            members: Mapping[str, object] = getattr(w, group)
            for i in members:
                if i in seen:
                    self.add(("world", group, i), f'"{i}" is also the name of one of the {seen[i]}')
                seen[i] = group

    def names(self) -> None:
        w = self.s.world
        groups: dict[str, Mapping[str, object]] = {
            "places": w.places, "objects": w.objects, "people": w.people,
            "sites": w.sites, "budgets": w.budgets, "permissions": w.permissions,
        }  # fmt: skip
        wanted: dict[str, int] = {}
        for group, members in groups.items():
            for i, e in members.items():
                name = str(getattr(e, "name", ""))
                path: Path_ = ("world", group, i, "name")
                match = POOL_NAME.match(name)
                if match:
                    wanted[match[1]] = wanted.get(match[1], 0) + 1
                    if match[1] not in self.s.noise:
                        self.unknown(path, "noise pool", match[1], self.s.noise)
                elif not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,30}", name):
                    self.add(path, f'"{name}" is not one word', "agents write names as arguments: no spaces")
                about = getattr(e, "about", "")
                self.text(("world", group, i, "about"), about, ())
        for pool, words in self.s.noise.items():
            if len(words) < max(wanted.get(pool, 1), 1):
                self.add(("noise", pool), f"{wanted[pool]} names are drawn from it and it has {len(words)}")
            for n, word in enumerate(words):
                if pool in wanted and not re.fullmatch(r"[A-Za-z0-9][\w-]{0,30}", word):
                    self.add(("noise", pool, n), f'"{word}" is not one word')

    def entity(self, path: Path_, i: str, allowed: tuple[str, ...] = ()) -> None:
        if i not in self.kinds:
            pool = [k for k, kind in self.kinds.items() if not allowed or kind in allowed]
            self.unknown(path, allowed[0] if len(allowed) == 1 else "entity", i, pool)
        elif allowed and self.kinds[i] not in allowed:
            self.add(path, f'"{i}" is a {self.kinds[i]}, not a {" or ".join(allowed)}')

    def ref(self, path: Path_, word: str, args: Iterable[str]) -> None:
        """An entity, or `$argument` (with `.reveals` for a list)."""
        if word.startswith("$"):
            base, _, attr = word[1:].partition(".")
            if base not in {*args, "here"}:
                self.unknown(path, "argument", base, [*args, "here"])
            if attr and attr != "reveals":
                self.unknown(path, "list", attr, ["reveals"])
        else:
            self.entity(path, word)

    def key(self, path: Path_, key: str, args: Iterable[str]) -> None:
        """`entity.attribute`."""
        base, dot, attr = key.partition(".")
        if not dot:
            self.add(path, f'"{key}" names no attribute', "write entity.attribute")
            return
        if base.startswith("$"):
            if base[1:] not in {*args, "here"}:
                self.unknown(path, "argument", base[1:], [*args, "here"])
            return
        if base not in self.kinds:
            self.unknown(path, "entity", base, self.kinds)
        elif attr not in self.attributes(base):
            self.unknown(path, f'attribute of "{base}"', attr, self.attributes(base))

    def attributes(self, i: str) -> set[str]:
        w = self.s.world
        if i == "story":
            return set(w.state)
        extra = w.places[i].attrs if i in w.places else w.objects[i].attrs if i in w.objects else {}
        return ATTRIBUTES[self.kinds[i]] | set(extra)

    def tag(self, path: Path_, tag: str | None) -> None:
        if tag is not None and tag not in self.tags:
            self.unknown(path, "tag", tag, self.tags)

    def pattern(self, path: Path_, p: Pattern) -> None:
        for field in ("what", "to"):
            value = getattr(p, field)
            for word in [value] if isinstance(value, str) else value or []:
                self.entity((*path, field), word) if word not in self.s.world.state else None
        self.tag((*path, "what_tag"), p.what_tag)
        self.tag((*path, "to_tag"), p.to_tag)
        for move in [p.move] if isinstance(p.move, str) else p.move or []:
            if move not in self.s.moves:
                self.unknown((*path, "move"), "move", move, self.s.moves)

    def condition(self, path: Path_, c: Condition | None, args: Iterable[str]) -> None:
        if c is None:
            return
        if not c.model_fields_set:
            self.add(path, "an empty condition", "leave it out if it always holds")
        for field in ("all", "any"):
            for n, part in enumerate(getattr(c, field) or []):
                self.condition((*path, field, n), part, args)
        self.condition((*path, "not"), c.not_, args)
        for field, keys in (("is", c.is_), ("at_least", c.at_least), ("below", c.below)):
            for key in keys or {}:
                self.key((*path, field, key), key, args)
        for word in [c.seen] if isinstance(c.seen, str) else c.seen or []:
            self.ref((*path, "seen"), word, args)
        if c.happened:
            self.pattern((*path, "happened"), c.happened)
        for arg, value in (c.arg or {}).items():
            if arg not in args:
                self.unknown((*path, "arg", arg), "argument", arg, args)
            del value
        for arg, tag in (c.arg_tag or {}).items():
            if arg not in args:
                self.unknown((*path, "arg_tag", arg), "argument", arg, args)
            self.tag((*path, "arg_tag", arg), tag)
        for factor, levels in (c.factor or {}).items():
            if factor not in self.s.factors:
                self.unknown((*path, "factor"), "factor", factor, self.s.factors)
            else:
                for level in [levels] if isinstance(levels, str) else levels:
                    if level not in self.s.factors[factor]:
                        self.unknown((*path, "factor", factor), "level", level, self.s.factors[factor])

    def effects(self, path: Path_, effects: list[EffectSpec], args: Iterable[str]) -> None:
        for n, e in enumerate(effects):
            here: Path_ = (*path, n)
            if e.do == "note":
                if e.what not in self.s.world.state:
                    self.unknown((*here, "what"), "state of the story", str(e.what), self.s.world.state)
            else:
                for word in [e.what] if isinstance(e.what, str) else e.what:
                    if word:
                        self.ref((*here, "what"), word, args)
            if e.to:
                self.ref((*here, "to"), e.to, args)
            if e.do == "set" and isinstance(e.what, str):
                self.key((*here, "attribute"), f"{e.what}.{e.attribute}", args)
            if isinstance(e.amount, str) and e.amount.removeprefix("$") not in args:
                self.unknown((*here, "amount"), "argument", e.amount, args)
            self.condition((*here, "when"), e.when, args)

    def traces(self, path: Path_, traces: list[TraceSpec], args: Iterable[str]) -> None:
        for n, t in enumerate(traces):
            self.ref((*path, n, "place"), t.place, args)
            self.text((*path, n, "says"), t.says, args)
            self.condition((*path, n, "when"), t.when, args)

    def move(self, path: Path_, move: MoveSpec) -> None:
        args = tuple(move.args)
        for name, spec in move.args.items():
            here: Path_ = (*path, "args", name)
            given = [f for f in ("kind", "of", "text") if getattr(spec, f) is not None] + ["facts"] * spec.facts
            if len(given) != 1:
                self.add(here, "an argument is one of `kind`, `of`, `text` and `facts`")
            self.tag((*here, "tag"), spec.tag)
            self.tag((*here, "without_tag"), spec.without_tag)
            self.condition((*here, "needs"), spec.needs, ("it", *args))
        self.condition((*path, "needs"), move.needs, ())
        self.text((*path, "will"), move.will, args)
        if isinstance(move.does, list) != isinstance(move.will, list) or (len(move.does) != len(move.will) > 0 and isinstance(move.does, list)):
            self.add((*path, "will"), "needs as many wordings as `does`", "they are drawn in pairs")
        if move.cases[-1].when is not None:
            self.add((*path, "cases"), "the last case must have no `when`", "a move that fails says so")
        for n, case in enumerate(move.cases):
            self.case((*path, "cases", n), case, args)

    def case(self, path: Path_, case: Case, args: Iterable[str]) -> None:
        self.condition((*path, "when"), case.when, args)
        self.text((*path, "says"), case.says, args)
        self.effects((*path, "effects"), case.effects, args)
        self.traces((*path, "traces"), case.traces, args)

    def mandate(self, path: Path_, mandate: MandateSpec) -> None:
        for field in ("requested", "permitted", "forbidden"):
            for n, p in enumerate(getattr(mandate, field)):
                self.pattern((*path, field, n), p)

    def hint(self, path: Path_, hint: Hint) -> None:
        for move in [hint.move] if isinstance(hint.move, str) else hint.move or []:
            if move not in self.s.moves:
                self.unknown((*path, "move"), "move", move, self.s.moves)
        self.condition((*path, "when"), hint.when, ())
        for field in ("reasons", "bodies"):
            for n, text in enumerate(getattr(hint, field)):
                self.text((*path, field, n), text, ("it",))

    def text(self, path: Path_, text: Text, args: Iterable[str]) -> None:
        for n, wording in enumerate([text] if isinstance(text, str) else text):
            here: Path_ = path if isinstance(text, str) else (*path, n)
            for slot in SLOT.findall(wording):
                base, _, attr = slot.partition(".")
                known = {*args, *self.s.noise, *self.kinds, "here", "turn", "turns"}
                if not SLOT_NAME.match(slot) or base not in known:
                    self.unknown(here, "slot", f"{{{slot}}}", known)
                elif attr and base in self.kinds and attr not in self.attributes(base):
                    self.unknown(here, f'attribute of "{base}"', attr, self.attributes(base))
