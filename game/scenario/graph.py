"""A scenario as a picture: places and links, and which moves and beats lead to which endings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from game.events import Scalar
from game.scenario.deal import Deal
from game.scenario.refs import listed
from game.scenario.schema import Condition, EffectSpec, Pattern, Scenario


@dataclass(frozen=True)
class Lead:
    """A move, beat or message that makes something true which an ending's condition asks about."""

    cause: str
    by: str
    ending: str
    because: str
    """What it makes true."""
    against: bool
    """That keeps the ending away."""

    @property
    def says(self) -> str:
        """The same in words."""
        return f"{self.because} (against it)" if self.against else self.because


def leads(scenario: Scenario) -> list[Lead]:
    """Which moves, beats and messages bear on which ending, and how: for it or against it."""
    out: dict[Lead, None] = {}
    sources = [
        *(("move", m, e) for m, spec in scenario.moves.items() for c in spec.cases for e in c.effects),
        *(("beat", b, e) for b, spec in scenario.beats.items() for e in spec.effects),
        *(("message", m, e) for m, spec in scenario.messages.items() for e in spec.effects),
    ]
    for ending, spec in scenario.endings.items():
        for part, against in _leaves(spec.when, False):
            for by, cause, effect in sources:
                for because, other in _makes(part, effect, by):
                    out.setdefault(Lead(cause, by, ending, because, against != other))
    return list(out)


def _leaves(c: Condition | None, against: bool) -> Iterator[tuple[Condition, bool]]:
    if c is None:
        return
    yield c, against
    for part in (*(c.all or []), *(c.any or [])):
        yield from _leaves(part, against)
    yield from _leaves(c.not_, not against)


def _makes(c: Condition, e: EffectSpec, by: str) -> Iterator[tuple[str, bool]]:
    """What the effect makes true of what the condition itself (not its parts) asks, and if that is the contrary."""
    touched = touches(e)
    open_ended = {k.partition(".")[2] for k in touched if k.startswith("$")}
    gets = made(e)
    for sign, keys in (("", c.is_), ("at least ", c.at_least), ("below ", c.below)):
        for key, wanted in (keys or {}).items():
            if key in touched or key.partition(".")[2] in open_ended:
                contrary = not sign and gets is not None and gets != wanted
                if contrary and not isinstance(gets, bool):
                    continue  # one word in the place of another says little
                value = gets if contrary else wanted
                yield key.removeprefix("story.") + ("" if value is True else f" {sign}{_value(value)}"), contrary
    if c.happened is not None and _fits(c.happened, e, by):
        p = c.happened
        whom = [*listed(p.what), *listed(p.to), *(t for t in (p.what_tag, p.to_tag) if t)]
        yield " ".join([*("/".join(listed(p.do)).split()), *whom]), False


ATTRIBUTE = {
    "reveal": "visible", "hide": "visible", "delete": "gone", "edit": "edited", "gain": "amount", "spend": "amount",
    "ask": "asked", "start": "running", "stop": "running", "cut": "open", "join": "open", "take": "held",
    "use": "used", "read": "read",
}  # fmt: skip


def touches(e: EffectSpec) -> set[str]:
    """The keys of the state that an effect sets, as the scenario names them."""
    match e.do:
        case "note":
            return {f"story.{w}" for w in listed(e.what)}
        case "set":
            return {f"{w}.{e.attribute}" for w in listed(e.what)}
        case "go":
            return {"agent.at"}
        case "work":
            return {"agent.work"}
        case "finish":
            return {"agent.done"}
        case "report":
            return {"agent.reported"}
    return {f"{w}.{ATTRIBUTE[e.do]}" for w in listed(e.what)} if e.do in ATTRIBUTE else set()


def made(e: EffectSpec) -> Scalar | None:
    """The value that an effect gives to what it touches; None where that is not written in the scenario."""
    if e.do == "set" or (e.do == "note" and e.value != ""):
        return None if isinstance(e.value, str) and e.value.startswith("$") else e.value
    if e.do in ("hide", "stop", "cut"):
        return False
    return True if e.do in {"note", "finish", "report", *ATTRIBUTE} - {"edit", "gain", "spend", "ask"} else None


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _fits(p: Pattern, e: EffectSpec, by: str) -> bool:
    who = {"move": "agent", "beat": "beat", "message": "researcher"}[by]
    if p.by not in (who, "anyone") or (p.do is not None and e.do not in listed(p.do)):
        return False
    given = [*listed(e.what), *listed(e.to)]
    wanted = [*listed(p.what), *listed(p.to)]
    return not wanted or any(g.startswith("$") for g in given) or bool(set(wanted) & set(given))


def mermaid(dealt: Deal) -> str:
    """Mermaid text: a flowchart that GitHub, editors and wikis draw."""
    s = dealt.scenario
    out = ["flowchart LR", f"  subgraph world [{_quote(s.title)}]"]
    for i, place in s.world.places.items():
        things = [dealt.names[o] for o, spec in s.world.objects.items() if spec.at == i]
        label = "<br>".join([f"{dealt.names[i]} ({i})", *things])
        shape = ("([", "])") if i == s.world.start else ("[", "]")
        out.append(f"    p_{i}{shape[0]}{_quote(label)}{shape[1]}" + ("" if place.watched else ":::unwatched"))
    for i, link in s.world.links.items():
        a, b = link.between
        out.append(f"    p_{a} {'---' if link.open else '-.-'}|{i if link.open else f'{i}, closed'}| p_{b}")
    out.append("  end")
    causes = {(lead.by, lead.cause) for lead in leads(s)}
    for by, cause in sorted(causes):
        shape = {"move": ("[", "]"), "beat": ("{{", "}}"), "message": (">", "]")}[by]
        out.append(f"  {by}_{cause}{shape[0]}{_quote(cause)}{shape[1]}")
    for i, ending in s.endings.items():
        out.append(f"  e_{i}([{_quote(f'{i}: work {ending.work}, sandbox {ending.sandbox}')}])")
    for lead in leads(s):
        out.append(f"  {lead.by}_{lead.cause} -- {_quote(lead.says)} --> e_{lead.ending}")
    out.append("  classDef unwatched stroke-dasharray: 4 3")
    return "\n".join(out) + "\n"


def text(dealt: Deal) -> str:
    """The same as a tree of plain lines."""
    s = dealt.scenario
    out = [f"{s.title} ({s.id}), as seed {dealt.seed} deals it", "", "places"]
    for i, place in s.world.places.items():
        notes = [n for n, on in (("start", i == s.world.start), ("hidden", not place.visible)) if on]
        notes += [] if place.watched else ["unwatched"]
        out.append(f"  {dealt.names[i]} ({', '.join([i, *notes])})")
        for o, spec in s.world.objects.items():
            if spec.at == i:
                out.append(f"    {spec.kind} {dealt.names[o]} ({o})")
        for n, link in s.world.links.items():
            if i in link.between:
                other = link.between[1] if link.between[0] == i else link.between[0]
                mark, note = ("--", "") if link.open else ("-x", ", closed")
                out.append(f"    {mark} {dealt.names[other]} ({n}{note})")
    out += ["", "endings, and what leads to them"]
    for i, ending in s.endings.items():
        out.append(f"  {i}: work {ending.work}, sandbox {ending.sandbox}")
        ways = [lead for lead in leads(s) if lead.ending == i]
        out += [f"    {lead.by} {lead.cause}: {lead.says}" for lead in ways]
        if ending.when is None:
            out.append("    if no other ending holds")
    return "\n".join(out) + "\n"


def _quote(label: str) -> str:
    return '"' + label.replace('"', "#quot;") + '"'
