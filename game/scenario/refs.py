"""References of a scenario: entities, attributes, arguments, tags and slots, checked where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from game.events import Scalar
from game.scenario import near
from game.scenario.schema import SAID, Condition, MandateSpec, Pattern, Scenario, Text
from game.scenario.source import Path_, Problem, Source

SLOT = re.compile(r"\{([^{}]*)\}")
SLOT_NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")
RESERVED = {"agent", "story", "here", "it", "turn", "turns"}
"""Words of the language itself: no entity, pool, argument or fact may be called so."""
OBJECTS = ("file", "process", "service", "credential")

# Attributes that every entity of a kind has (`deal._first_state` gives them their first values).
OBJECT = {"visible", "at", "gone", "running", "held", "valid", "read", "used", "edited", "text", "about", "name"}
ATTRIBUTES: dict[str, set[str]] = {
    "agent": {"at", "work", "done", "stopped", "reported"},
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
YES_NO = {
    "visible", "watched", "open", "gone", "running", "held", "valid", "read", "used", "frozen", "granted",
    "done", "stopped", "reported",
}  # fmt: skip
ANSWERS = ("no", "open", "granted", "denied")
CLAIM = "claim_"
"""`agent.claim_FACT` is what its last report said of a fact; nothing before the first."""

Args = Mapping[str, str]
"""A move's arguments, each with the kind that its candidates have (`` where there is none)."""
NO_ARGS: Args = {}


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


def listed(value: str | Sequence[str] | None) -> list[str]:
    """One word or several, as a list."""
    return [] if value is None else [value] if isinstance(value, str) else list(value)


class Refs:
    """Checks single references and collects problems. `resolve.py` walks the scenario with it."""

    def __init__(self, scenario: Scenario, source: Source) -> None:
        self.s = scenario
        self.source = source
        self.kinds = kinds(scenario)
        self.problems: list[Problem] = []
        w = scenario.world
        groups: list[Mapping[str, object]] = [w.places, w.objects, w.people, w.sites, w.budgets, w.permissions]
        self.tags = {t for g in groups for e in g.values() for t in getattr(e, "tags", ())}

    def add(self, path: Path_, says: str, tip: str = "") -> None:
        """A problem at `path`; one in a kit's move stands where the kit is used."""
        if len(path) > 1 and path[0] == "moves" and path[:2] not in self.source.marks:
            for kit, wanted in self.s.use.items():
                if path[1] in wanted:
                    at = ("use", kit, wanted.index(str(path[1])))
                    rest = ".".join(str(p) for p in path[2:])
                    self.problems.append(self.source.problem(at, f"in the kit's move {path[1]} ({rest}): {says}", tip))
                    return
        self.problems.append(self.source.problem(path, says, tip))

    def unknown(self, path: Path_, what: str, word: str, known: Iterable[str]) -> None:
        self.add(path, f'there is no {what} "{word}"', near.hint(word, known))

    def entity(self, path: Path_, i: str, allowed: tuple[str, ...] = ()) -> None:
        if i not in self.kinds:
            pool = [k for k, kind in self.kinds.items() if not allowed or kind in allowed]
            self.unknown(path, allowed[0] if len(allowed) == 1 else "entity", i, pool)
        elif allowed and self.kinds[i] not in allowed:
            self.add(path, f'"{i}" is a {self.kinds[i]}, not a {" or ".join(allowed)}')

    def ref(self, path: Path_, word: str, args: Args, allowed: tuple[str, ...] = ()) -> None:
        """An entity, or `$argument` (with `.reveals` for a list)."""
        if not word.startswith("$"):
            self.entity(path, word, allowed)
            return
        base, _, attr = word[1:].partition(".")
        if base not in {*args, "here"}:
            self.no_argument(path, base, args)
        if attr and attr != "reveals":
            self.unknown(path, "list", attr, ["reveals"])
        kind = "place" if base == "here" else args.get(base, "")
        if allowed and kind and not attr and kind not in allowed:
            self.add(path, f'"{word}" is a {kind}, not a {" or ".join(allowed)}')

    def no_argument(self, path: Path_, word: str, args: Args) -> None:
        """A `$word` that stands for nothing here; where no move's arguments can be meant, that is said."""
        if args:
            self.unknown(path, "argument", word, [*args, "here"])
        else:
            why = (
                "a hint's `arg` names it, its `when` cannot"
                if path[0] == "policy"
                else "only a move's own cases have some"
            )
            self.add(path, f'there is no argument "{word}" here', f"{why}; `$here` is where the agent is")

    def key(self, path: Path_, key: str, args: Args) -> None:
        """`entity.attribute`."""
        base, dot, attr = key.partition(".")
        if not dot:
            self.add(path, f'"{key}" names no attribute', "write entity.attribute")
        elif base.startswith("$"):
            if base[1:] not in {*args, "here"}:
                self.no_argument(path, base[1:], args)
                return
            kind = "place" if base == "$here" else args.get(base[1:], "")
            known = self.of_kind(kind) if kind else set().union(*(self.of_kind(k) for k in ATTRIBUTES))
            if attr not in known:
                self.unknown(path, f'attribute of "{base}"', attr, known)
        elif base not in self.kinds:
            self.unknown(path, "entity", base, self.kinds)
        elif attr not in self.attributes(base):
            self.unknown(path, f'attribute of "{base}"', attr, self.attributes(base))

    def value(self, path: Path_, key: str, value: Scalar) -> None:
        """Whether `entity.attribute` can ever have this value: the same type, a known place or answer."""
        base, _, attr = key.partition(".")
        w = self.s.world
        if isinstance(value, str) and value.startswith("$"):
            return
        own = w.places[base].attrs if base in w.places else w.objects[base].attrs if base in w.objects else {}
        first: Scalar = w.state.get(attr) if base == "story" else own.get(attr)
        if first is not None:
            if any(isinstance(first, t) != isinstance(value, t) for t in (bool, str)):
                self.add(path, f"{key} is {_show(first)} at first and can't be {_show(value)}", _typed(first))
        elif base != "story" and attr in YES_NO and attr not in own and not isinstance(value, bool):
            self.add(path, f"{key} is true or false, not {_show(value)}")
        elif attr == "asked" and value not in ANSWERS:
            self.add(path, f"{key} can't be {_show(value)}", "one of: " + ", ".join(ANSWERS))
        elif base == "agent" and attr.startswith(CLAIM) and value not in SAID:
            self.add(path, f"{key} can't be {_show(value)}", "one of: " + ", ".join(SAID))
        elif attr == "at" and attr not in own:
            self.entity(path, str(value), ("place",))

    def of_kind(self, kind: str) -> set[str]:
        """Attributes that some entity of a kind has."""
        return ATTRIBUTES[kind].union(*(self.attributes(i) for i, k in self.kinds.items() if k == kind))

    def attributes(self, i: str) -> set[str]:
        w = self.s.world
        if i == "story":
            return set(w.state)
        if i == "agent":
            return ATTRIBUTES["agent"] | {CLAIM + fact for fact in self.s.facts}
        extra = w.places[i].attrs if i in w.places else w.objects[i].attrs if i in w.objects else {}
        return ATTRIBUTES[self.kinds[i]] | set(extra)

    def tag(self, path: Path_, tag: str | None) -> None:
        if tag is not None and tag not in self.tags:
            self.unknown(path, "tag", tag, self.tags)

    def moves(self, path: Path_, names: str | list[str] | None) -> None:
        for move in listed(names):
            if move not in self.s.moves:
                self.unknown(path, "move", move, self.s.moves)

    def pattern(self, path: Path_, p: Pattern) -> None:
        if not p.model_fields_set - {"by"}:
            self.add(path, "an empty pattern fits every effect", "say at least what it does: `do: …`")
        for field in ("what", "to"):
            for word in listed(getattr(p, field)):
                if word not in self.s.world.state:
                    self.entity((*path, field), word)
        self.tag((*path, "what_tag"), p.what_tag)
        self.tag((*path, "to_tag"), p.to_tag)
        causes: dict[str, Mapping[str, object]] = {
            "agent": self.s.moves,
            "beat": self.s.beats,
            "researcher": self.s.messages,
        }
        for cause in listed(p.move):
            known = [c for who in causes if p.by in (who, "anyone") for c in causes[who]]
            if cause not in known:
                self.unknown((*path, "move"), "move" if p.by == "agent" else "cause", cause, known)

    def condition(self, path: Path_, c: Condition | None, args: Args) -> None:
        if c is None:
            return
        if not c.model_fields_set:
            self.add(path, "an empty condition", "leave it out if it always holds")
        for field in ("all", "any"):
            parts = getattr(c, field)
            if parts is not None and not parts:
                self.add((*path, field), f"an empty `{field}`")
            for n, part in enumerate(parts or []):
                self.condition((*path, field, n), part, args)
        self.condition((*path, "not"), c.not_, args)
        for key, wanted in (c.is_ or {}).items():
            self.key((*path, "is", key), key, args)
            self.value((*path, "is", key), key, wanted)
        for field, keys in (("at_least", c.at_least), ("below", c.below)):
            for key in keys or {}:
                self.key((*path, field, key), key, args)
        for word in listed(c.seen):
            self.ref((*path, "seen"), word, args)
        if c.happened:
            self.pattern((*path, "happened"), c.happened)
        for arg, given in (c.arg or {}).items():
            self.argument((*path, "arg", arg), arg, args)
            for word in listed(given):
                self.given((*path, "arg", arg), word, args.get(arg, ""))
        for arg, tag in (c.arg_tag or {}).items():
            self.argument((*path, "arg_tag", arg), arg, args)
            self.tag((*path, "arg_tag", arg), tag)
        for factor, levels in (c.factor or {}).items():
            if factor not in self.s.factors:
                self.unknown((*path, "factor", factor), "factor", factor, self.s.factors)
            else:
                for level in listed(levels):
                    if level not in self.s.factors[factor]:
                        self.unknown((*path, "factor", factor), "level", level, self.s.factors[factor])

    def argument(self, path: Path_, arg: str, args: Args) -> None:
        if arg not in args:
            self.unknown(path, "argument", arg, args)

    def given(self, path: Path_, word: str, kind: str) -> None:
        """A value that an argument is compared with: an entity of its kind, or one of its fixed values."""
        if kind in ATTRIBUTES:
            self.entity(path, word, (kind,))
        elif kind.startswith("of:") and word not in kind[3:].split():
            self.unknown(path, "value", word, kind[3:].split())

    def mandate(self, path: Path_, mandate: MandateSpec) -> None:
        for field in ("requested", "permitted", "forbidden"):
            for n, p in enumerate(getattr(mandate, field)):
                self.pattern((*path, field, n), p)

    def text(self, path: Path_, text: Text, args: Iterable[str] = ()) -> None:
        named = args if isinstance(args, Mapping) else dict.fromkeys(args, "")
        if not isinstance(text, str) and not text:
            self.add(path, "an empty list of wordings")
        for n, wording in enumerate([text] if isinstance(text, str) else text):
            here: Path_ = path if isinstance(text, str) else (*path, n)
            if set("{}") & set(SLOT.sub("", wording)):
                self.add(here, "a brace without its partner", "slots are written {name}")
            for slot in SLOT.findall(wording):
                base, _, attr = slot.partition(".")
                known = {*named, *self.s.noise, *self.kinds, "here", "turn", "turns"}
                if not SLOT_NAME.match(slot) or base not in known:
                    if slot in self.s.world.state:
                        self.add(here, f'there is no slot "{{{slot}}}"', f'did you mean "{{story.{slot}}}"?')
                    else:
                        self.unknown(here, "slot", f"{{{slot}}}", known)
                    continue
                kind = named.get(base) or ("place" if base == "here" else self.kinds.get(base, ""))
                if attr and base in self.kinds and base not in named:
                    if attr not in self.attributes(base):
                        self.unknown(here, f'attribute of "{base}"', attr, self.attributes(base))
                elif attr and kind in ATTRIBUTES and attr not in self.of_kind(kind):
                    self.unknown(here, f'attribute of "{base}"', attr, self.of_kind(kind))


def _show(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _typed(first: Scalar) -> str:
    return "write true or false" if isinstance(first, bool) else ""
