"""Pass two: every reference in a scenario points at something that is there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from game.scenario.deal import POOL_NAME
from game.scenario.refs import NO_ARGS, OBJECTS, RESERVED, Args, Refs, kinds, listed
from game.scenario.schema import Case, EffectSpec, Hint, MoveSpec, Scenario, TraceSpec
from game.scenario.source import Path_, Problem, Source

__all__ = ["kinds", "resolve"]

ONE_WORD = re.compile(r"[A-Za-z0-9][\w.-]{0,30}", re.ASCII)
NEEDS: dict[str, tuple[str, ...]] = {
    "reveal": ("what",), "hide": ("what",), "read": ("what",), "copy": ("what", "to"), "delete": ("what",),
    "edit": ("what",), "set": ("what", "attribute"), "gain": ("what",), "spend": ("what",), "send": ("to",),
    "post": ("to",), "ask": ("what",), "start": ("what",), "stop": ("what",), "cut": ("what",), "join": ("what",),
    "take": ("what",), "use": ("what",), "note": ("what",),
}  # fmt: skip
"""Fields that an effect can't do without."""
CONCERNS: dict[str, tuple[str, ...]] = {
    "go": ("place",), "gain": ("budget",), "spend": ("budget",), "ask": ("permission",), "cut": ("link",),
    "join": ("link",), "copy": OBJECTS, "delete": OBJECTS, "edit": OBJECTS, "take": OBJECTS, "read": OBJECTS,
    "start": OBJECTS, "stop": OBJECTS, "use": (*OBJECTS, "budget", "permission"),
}  # fmt: skip
"""Kinds of entity that a verb's `what` can be."""
GOES_TO: dict[str, tuple[str, ...]] = {"go": ("place",), "copy": ("place",), "post": ("site",)}
PLAYED_ON: dict[str, tuple[str, ...]] = {
    "read_log": ("place",), "look": ("place",), "cut": ("link",), "revoke": ("credential",), "throttle": ("budget",),
    "grant": ("permission",), "deny": ("permission",), "bait": OBJECTS,
}  # fmt: skip


def resolve(scenario: Scenario, source: Source) -> list[Problem]:
    """All dangling references, each where it stands, with the nearest right word."""
    return _Resolver(scenario, source).run()


class _Resolver(Refs):
    def run(self) -> list[Problem]:
        self.unique()
        self.world()
        self.names()
        for name, move in self.s.moves.items():
            self.move(("moves", name), move)
        self.story()
        self.referee()
        self.researcher()
        self.factors()
        self.told()
        for n, hint in enumerate(self.s.policy):
            self.hint(("policy", n), hint)
        return sorted(self.problems, key=lambda p: (p.line, p.column))

    def unique(self) -> None:
        """No two things share an id, and none has a word of the language itself."""
        w, s = self.s.world, self.s
        seen: dict[str, str] = {}
        groups: dict[Path_, Mapping[str, object]] = {
            ("world", g): getattr(w, g)
            for g in ("places", "links", "objects", "people", "sites", "budgets", "permissions")
        }
        groups[("noise",)] = s.noise
        for path, members in groups.items():
            for i in members:
                if i in RESERVED:
                    self.add((*path, i), f'"{i}" is a word of the language', "choose another name")
                if i in seen:
                    self.add((*path, i), f'"{i}" is also the name of one of the {seen[i]}')
                seen[i] = str(path[-1])
        arguments = {a: m for m, spec in s.moves.items() for a in spec.args}
        for arg, move in arguments.items():
            if arg in RESERVED:
                self.add(("moves", move, "args", arg), f'"{arg}" is a word of the language', "choose another name")
        called: dict[str, str] = {}
        for i, fact in s.facts.items():
            for path, word in ((("facts", i), i), (("facts", i, "name"), fact.name)):
                if word in arguments:
                    says = f'"{word}" is also an argument of {arguments[word]}'
                    self.add(path, says, "a report names its facts as arguments; choose another word")
            if fact.name in called:
                self.add(("facts", i, "name"), f'"{fact.name}" is also the name of the fact {called[fact.name]}')
            called[fact.name] = i
        for field, words in (("drives", s.drives), ("claims", s.claims)):
            for n, word in enumerate(words):
                if word in words[:n]:
                    self.add((field, n), f'"{word}" stands here twice')

    def world(self) -> None:
        w = self.s.world
        self.entity(("world", "start"), w.start, ("place",))
        for i, link in w.links.items():
            for n, end in enumerate(link.between):
                self.entity(("world", "links", i, "between", n), end, ("place",))
        for i, o in w.objects.items():
            self.entity(("world", "objects", i, "at"), o.at, ("place",))
            for n, shown in enumerate(o.reveals):
                self.entity(("world", "objects", i, "reveals", n), shown)
            self.text(("world", "objects", i, "text"), o.text)
        for i, place in w.places.items():
            for n, shown in enumerate(place.reveals):
                self.entity(("world", "places", i, "reveals", n), shown)
        for i, permission in w.permissions.items():
            self.mandate(("world", "permissions", i, "mandate"), permission.mandate)

    def names(self) -> None:
        """Names are one word each, no two the same, and the pools that they are drawn from are large enough."""
        w = self.s.world
        groups: dict[str, Mapping[str, object]] = {
            "places": w.places, "objects": w.objects, "people": w.people,
            "sites": w.sites, "budgets": w.budgets, "permissions": w.permissions,
        }  # fmt: skip
        wanted: dict[str, int] = {}
        taken: dict[str, str] = {}
        for group, members in groups.items():
            for i, e in members.items():
                name = str(getattr(e, "name", ""))
                path: Path_ = ("world", group, i, "name")
                match = POOL_NAME.match(name)
                if match:
                    wanted[match[1]] = wanted.get(match[1], 0) + 1
                    if match[1] not in self.s.noise:
                        self.unknown(path, "noise pool", match[1], self.s.noise)
                elif not ONE_WORD.fullmatch(name):
                    self.add(path, f'"{name}" is not one word', "agents write names as arguments: no spaces")
                elif name in taken:
                    self.add(path, f'"{name}" is also the name of {taken[name]}', "an agent could not tell them apart")
                else:
                    taken[name] = i
                self.text(("world", group, i, "about"), getattr(e, "about", ""))
        for pool, words in self.s.noise.items():
            need = max(wanted.get(pool, 0), 1)
            if len(set(words)) < need:
                self.add(("noise", pool), f"{need} different words are drawn from it and it has {len(set(words))}")
            for n, word in enumerate(words):
                if pool in wanted and not ONE_WORD.fullmatch(word):
                    self.add(("noise", pool, n), f'"{word}" is not one word')
                if pool in wanted and word in taken:
                    self.add(("noise", pool, n), f'"{word}" is also the name of {taken[word]}')
                if set("{}") & set(word):
                    self.add(("noise", pool, n), "a noise word can't have slots")

    def move(self, path: Path_, move: MoveSpec) -> None:
        args = {name: spec.kind or ("of:" + " ".join(spec.of) if spec.of else "") for name, spec in move.args.items()}
        for name, spec in move.args.items():
            here: Path_ = (*path, "args", name)
            given = [f for f in ("kind", "of", "text") if getattr(spec, f) is not None] + ["facts"] * spec.facts
            if len(given) != 1:
                self.add(here, "an argument is one of `kind`, `of`, `text` and `facts`")
            for n, word in enumerate(spec.of or []):
                if not ONE_WORD.fullmatch(word):
                    self.add((*here, "of", n), f'"{word}" is not one word', "agents write values as arguments")
                if word in self.kinds:
                    self.add((*here, "of", n), f'"{word}" is an entity', "use `kind` for entities")
            if spec.of is not None and not spec.of:
                self.add((*here, "of"), "an empty list of values")
            self.tag((*here, "tag"), spec.tag)
            self.tag((*here, "without_tag"), spec.without_tag)
            self.condition((*here, "needs"), spec.needs, {**args, "it": spec.kind or ""})
        self.condition((*path, "needs"), move.needs, NO_ARGS)
        self.text((*path, "does"), move.does)
        self.text((*path, "will"), move.will, args)
        does, will = move.does, move.will
        if isinstance(does, list) != isinstance(will, list) or (isinstance(does, list) and len(does) != len(will)):
            self.add((*path, "will"), "needs as many wordings as `does`", "they are drawn in pairs")
        if move.cases[-1].when is not None:
            self.add((*path, "cases"), "the last case must have no `when`", "a move that fails says so")
        for n, case in enumerate(move.cases):
            if case.when is None and n < len(move.cases) - 1:
                self.add((*path, "cases", n), "has no `when`, so the cases below it are never reached")
            self.case((*path, "cases", n), case, args)

    def case(self, path: Path_, case: Case, args: Args) -> None:
        self.condition((*path, "when"), case.when, args)
        self.text((*path, "says"), case.says, args)
        self.effects((*path, "effects"), case.effects, args)
        self.traces((*path, "traces"), case.traces, args)

    def effects(self, path: Path_, effects: list[EffectSpec], args: Args) -> None:
        for n, e in enumerate(effects):
            here: Path_ = (*path, n)
            for field in NEEDS.get(e.do, ()):
                if not getattr(e, field):
                    self.add(here, f"`{e.do}` needs `{field}`")
            if e.do == "go" and not (e.what or e.to):
                self.add(here, "`go` needs `what` (the place)")
            if e.do == "note":
                for word in listed(e.what):
                    if word not in self.s.world.state:
                        self.unknown((*here, "what"), "state of the story", word, self.s.world.state)
                    elif e.value != "":
                        self.value((*here, "value"), f"story.{word}", e.value)
                    else:
                        self.value((*here, "what"), f"story.{word}", True)
            else:
                for word in listed(e.what):
                    if word:
                        self.ref((*here, "what"), word, args, CONCERNS.get(e.do, ()))
            if e.to:
                self.ref((*here, "to"), e.to, args, GOES_TO.get(e.do, ()))
            if e.do == "set" and e.attribute:
                for word in listed(e.what):
                    self.key((*here, "attribute"), f"{word}.{e.attribute}", args)
                    self.value((*here, "value"), f"{word}.{e.attribute}", e.value)
            if isinstance(e.amount, str) and e.amount.removeprefix("$") not in args:
                self.unknown((*here, "amount"), "argument", e.amount, args)
            if isinstance(e.value, str) and e.value.startswith("$") and e.value[1:] not in args:
                self.unknown((*here, "value"), "argument", e.value[1:], args)
            self.condition((*here, "when"), e.when, args)

    def traces(self, path: Path_, traces: list[TraceSpec], args: Args) -> None:
        for n, t in enumerate(traces):
            self.ref((*path, n, "place"), t.place, args, ("place",))
            self.text((*path, n, "says"), t.says, args)
            self.condition((*path, n, "when"), t.when, args)

    def story(self) -> None:
        """Beats, facts and endings."""
        for name, beat in self.s.beats.items():
            path: Path_ = ("beats", name)
            if beat.at is None and beat.when is None:
                self.add(path, "a beat needs `at` (a turn) or `when` (a condition)")
            if beat.at is not None and not 1 <= beat.at <= self.s.turns:
                self.add((*path, "at"), f"turn {beat.at} never comes", f"the turns are 1 to {self.s.turns}")
            self.condition((*path, "when"), beat.when, NO_ARGS)
            self.text((*path, "says"), beat.says)
            self.effects((*path, "effects"), beat.effects, NO_ARGS)
            self.traces((*path, "traces"), beat.traces, NO_ARGS)
        for name, fact in self.s.facts.items():
            self.condition(("facts", name, "when"), fact.when, NO_ARGS)
            self.condition(("facts", name, "met"), fact.met, NO_ARGS)
            self.text(("facts", name, "says"), fact.says)
        endings = list(self.s.endings.items())
        for n, (name, ending) in enumerate(endings):
            self.condition(("endings", name, "when"), ending.when, NO_ARGS)
            self.text(("endings", name, "says"), ending.says)
            if (ending.when is None) != (n == len(endings) - 1):
                self.add(("endings", name), "only the last ending, and it alone, has no `when`")

    def referee(self) -> None:
        self.mandate(("mandate",), self.s.mandate)
        for name, rule in self.s.rules.items():
            self.pattern(("rules", name, "match"), rule.match)
            if rule.match.by in ("beat", "researcher"):
                self.add(("rules", name, "match", "by"), "findings are made of the agent's effects only")
            self.condition(("rules", name, "when"), rule.when, NO_ARGS)
            self.text(("rules", name, "says"), rule.says, ("what", "to"))

    def researcher(self) -> None:
        """Interview, messages and cards."""
        for name, question in self.s.interview.items():
            self.text(("interview", name, "ask"), question.ask)
            for answer, words in question.answers.items():
                self.text(("interview", name, "answers", answer), words)
            if question.good and question.good not in question.answers:
                self.unknown(("interview", name, "good"), "answer", question.good, question.answers)
            for who, weights in question.scripted.items():
                for answer in weights:
                    if answer not in question.answers:
                        self.unknown(("interview", name, "scripted", who), "answer", answer, question.answers)
                if sum(weights.values()) <= 0 or min(weights.values()) < 0:
                    self.add(("interview", name, "scripted", who), "weights are positive numbers")
            for n, lean in enumerate(question.leans):
                self.condition(("interview", name, "leans", n, "when"), lean.when, NO_ARGS)
                for answer, weight in lean.weights.items():
                    where = ("interview", name, "leans", n, "weights", answer)
                    if answer not in question.answers:
                        self.unknown(where, "answer", answer, question.answers)
                    if weight <= 0:
                        self.add(where, "a factor is a positive number")
        for name, message in self.s.messages.items():
            self.text(("messages", name, "says"), message.says)
            self.mandate(("messages", name, "mandate"), message.mandate)
            self.effects(("messages", name, "effects"), message.effects, NO_ARGS)
        for card, spec in self.s.cards.items():
            for n, target in enumerate(spec.targets):
                path: Path_ = ("cards", card, "targets", n)
                if card in PLAYED_ON:
                    self.entity(path, target, PLAYED_ON[card])
                elif card in ("message", "interview"):
                    known: Mapping[str, object] = self.s.messages if card == "message" else self.s.interview
                    if target not in known:
                        self.unknown(path, str(card), target, known)
                else:
                    self.add(path, f"the card {card} is not played on anything")

    def factors(self) -> None:
        for name, levels in self.s.factors.items():
            if not levels:
                self.add(("factors", name), "a factor needs levels")
            for level_name, level in levels.items():
                path: Path_ = ("factors", name, level_name)
                for key, value in level.set.items():
                    self.key((*path, "set", key), key, NO_ARGS)
                    self.value((*path, "set", key), key, value)
                self.mandate((*path, "mandate"), level.mandate)
                for n, line in enumerate(level.lines):
                    self.text((*path, "lines", n), line)
                for field in ("role", "goal", "opening"):
                    value_ = getattr(level, field)
                    if value_ is not None:
                        self.text((*path, field), value_)
                for n, beat_name in enumerate(level.without_beats):
                    if beat_name not in self.s.beats:
                        self.unknown((*path, "without_beats", n), "beat", beat_name, self.s.beats)

    def told(self) -> None:
        """The texts of the brief and of the debrief."""
        for field in ("role", "goal", "opening"):
            self.text(("brief", field), getattr(self.s.brief, field))
        for n, line in enumerate(self.s.brief.rules):
            self.text(("brief", "rules", n), line)
        for field in ("here", "research", "limits"):
            self.text(("debrief", field), getattr(self.s.debrief, field))

    def hint(self, path: Path_, hint: Hint) -> None:
        self.moves((*path, "move"), hint.move)
        self.condition((*path, "when"), hint.when, NO_ARGS)
        moves = [self.s.moves[m] for m in listed(hint.move) or self.s.moves if m in self.s.moves]
        takes = {a: spec for m in moves for a, spec in m.args.items()}
        for arg, value in (hint.arg or {}).items():
            if arg in self.s.facts:
                continue
            self.argument((*path, "arg", arg), arg, dict.fromkeys(takes, ""))
            if arg in takes:
                for word in listed(value):
                    fixed = {v for m in moves if arg in m.args for v in m.args[arg].of or []}
                    if word not in fixed:
                        self.entity((*path, "arg", arg), word)
        for who, weight in hint.weights.items():
            if weight < 0:
                self.add((*path, "weights", who), "a weight is not negative")
        for field in ("reasons", "bodies"):
            for n, text in enumerate(getattr(hint, field)):
                self.text((*path, field, n), text, ("it",))
