"""Rows that need no scenario: repeats, recall, lookups in made-up menus, and made-up short episodes.

They teach what transcripts alone do not teach a model of this size: to copy a name from where it
stands, and to find a move's name by its description. Names are role-free (any word may be a host,
a file, a person or a move), so nothing can be learnt by heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from game.forge.document import MOVE, THOUGHT, Document, Segment, system, user
from game.forge.words import NAMES, SUFFIXES, VERBS, WORDS

KINDS = ("path", "place", "person", "host", "site", "item", "channel", "label", "ticket", "node")
_TAILS = ("", "", " at once", " with care", " for good", " again", " in the open", " by hand", " once more")
_CLOSERS = (
    "Each turn, write one THOUGHT line and one MOVE line.",
    "Write a THOUGHT line and a MOVE line each turn.",
)


def entity(r: Random, kind: str = "") -> str:
    """A name for anything: a word, a first name, a file, now and then two words or a number."""
    if kind == "path" or (not kind and r.random() < 0.3):
        stem = r.choice(WORDS)
        if r.random() < 0.15:
            stem += r.choice("-_/") + r.choice(WORDS)
        return f"{stem}.{r.choice(SUFFIXES)}"
    if kind == "person" and r.random() < 0.7:
        return r.choice(NAMES)
    draw = r.random()
    if draw < 0.12:
        return f"{r.choice(WORDS)}-{r.randrange(1, 100)}"
    if draw < 0.18:
        return f"{r.choice(WORDS)}-{r.choice(WORDS)}"
    return r.choice(NAMES) if draw < 0.3 else r.choice(WORDS)


def repeats(r: Random) -> Document:
    """Names in a row, then the same names again."""
    names = [entity(r) for _ in range(r.randrange(8, 22))]
    gap = r.choice((" ", " ", "\n", ", "))
    parts = [Segment("raw", gap.join(names) + "\n")]
    for _ in range(2):
        start = r.randrange(0, len(names) // 2)
        parts.append(Segment("raw", names[start] + gap))
        parts.append(Segment("raw", gap.join(names[start + 1 :]) + "\n", MOVE))
    return _glued(parts)


def recall(r: Random) -> Document:
    """Pairs of names; asked for one, its partner."""
    pairs = [(entity(r), entity(r)) for _ in range(r.randrange(4, 10))]
    join = r.choice((": ", "=", " is ", " at ", " = "))
    parts = [Segment("raw", "".join(f"{a}{join}{b}\n" for a, b in pairs))]
    for a, b in r.choices(pairs, k=10):
        parts.append(Segment("raw", f"{a}{join}"))
        parts.append(Segment("raw", f"{b}\n", MOVE))
    return _glued(parts)


def _glued(parts: list[Segment]) -> Document:
    """A separator's last space belongs to the word after it, or tokens would straddle two classes."""
    out: list[Segment] = []
    carry = ""
    for part in parts:
        text = carry + part.text
        carry = " " if text.endswith(" ") else ""
        out.append(Segment(part.role, text[: len(text) - len(carry)], part.weight))
    return out


@dataclass(frozen=True)
class Entry:
    """A made-up move: `verb` and `tail` around its objects' kinds; `name` and `args` as written."""

    verb: str
    nouns: tuple[str, ...]
    joins: tuple[str, ...]
    tail: str
    name: str
    args: tuple[str, ...]

    def describe(self) -> str:
        return self._say([f"a {noun}" for noun in self.nouns])

    def will(self, names: list[str]) -> str:
        return self._say(names)

    def _say(self, objects: list[str]) -> str:
        words = [self.verb]
        for join, thing in zip(self.joins, objects, strict=True):
            words += [join, thing] if join else [thing]
        return " ".join(words) + self.tail

    def line(self) -> str:
        return f"{self.describe()}: {self.name}" + "".join(f" {arg}=" for arg in self.args)

    def move(self, names: list[str]) -> str:
        return self.name + "".join(f" {arg}={name}" for arg, name in zip(self.args, names, strict=True))


_JOINS = ("to", "with", "for", "from", "in", "on", "behind", "near")


def menu(r: Random, size: int) -> list[Entry]:
    """A menu of `size` moves; verbs differ mostly, names differ always."""
    names = r.sample(WORDS + VERBS, size) if r.random() < 0.85 else []
    out: list[Entry] = []
    verbs = r.sample(VERBS, size)
    for i in range(size):
        verb = verbs[i] if r.random() < 0.9 else r.choice(VERBS)
        if r.random() < 0.3:
            verb = f"{verb} {r.choice(('up', 'down', 'out', 'over', 'the', 'all', 'off'))} {r.choice(WORDS)}"
            joins: tuple[str, ...] = (r.choice(_JOINS),)
        else:
            joins = ("",)
        count = r.choices((0, 1, 2), (2, 6, 2))[0]
        if count == 2:
            joins = (joins[0], r.choice(_JOINS))
        kinds = tuple(r.choice(KINDS) for _ in range(count))
        args = kinds if r.random() < 0.7 else tuple(r.choice(WORDS) for _ in kinds)
        if len(set(args)) < len(args):
            args = (args[0], f"to_{args[1]}")
        name = names[i] if names else verb.split()[0]
        if any(e.name == name for e in out):
            name = r.choice(WORDS)
        out.append(Entry(verb, kinds, joins[:count], r.choice(_TAILS), name, args))
    return out


def binding(r: Random) -> Document:
    """A menu, then many choices from it without a story: a thought that restates, a move that looks up."""
    entries = menu(r, r.randrange(3, 8))
    parts = [Segment("raw", "".join(e.line() + "\n" for e in entries))]
    for _ in range(5):
        entry = r.choice(entries)
        names = [entity(r, kind) for kind in entry.nouns]
        parts.append(Segment("raw", f"THOUGHT: I will {entry.will(names)}.\nMOVE:"))
        parts.append(Segment("raw", f" {entry.move(names)}\n", MOVE))
    return parts


_SCENES = (
    "{a} came in. {b} is gone.",
    "It is done: {a} and {b}.",
    "Nothing moves near {a}.",
    "{b} asks about {a}.",
    "The {a} is open now.",
    "You see {a} beside {b}.",
    "That worked.",
    "That did not work.",
    "{a} says: try {b}.",
)
_WHYS = (
    "That is next.",
    "The {a} may say more.",
    "There is time for this.",
    "{a} matters here.",
    "I want to be done soon.",
    "This was asked for.",
    "It is worth a try.",
    "Nothing else is left.",
)


CHANCES = (0.3, 0.3, 0.4, 0.2)
"""Of an order to do something first, always, never, and of a liking."""


@dataclass(frozen=True)
class Orders:
    """What the brief of a made-up episode asks for: moves to make or to leave, names to use or to leave alone."""

    first: Entry | None
    always: Entry | None
    never: Entry | None
    likes: Entry | None
    use: str
    leave: str

    def brief(self) -> list[str]:
        """Its sentences, as the brief has them."""
        said = [
            f"First, {self.first.describe()}." if self.first else "",
            f"When you can, {self.always.describe()}." if self.always else "",
            f"Never {self.never.describe()}." if self.never else "",
            f"You like to {self.likes.describe()}." if self.likes else "",
            f"Use {self.use} where you can." if self.use else "",
            f"Leave {self.leave} alone." if self.leave else "",
        ]
        return [sentence for sentence in said if sentence]


def orders(r: Random, entries: list[Entry]) -> Orders:
    """Up to six orders over a menu of at least four moves, none of which contradicts another."""
    first, always, never, likes = (
        e if r.random() < p else None for e, p in zip(r.sample(entries, 4), CHANCES, strict=True)
    )
    use = entity(r) if r.random() < 0.25 else ""
    leave = entity(r) if r.random() < 0.25 else ""
    return Orders(first, always, never, likes, use, leave if leave != use else "")


def choice(
    r: Random, told: Orders, able: list[Entry], known: dict[str, list[str]], turn: int
) -> tuple[str, Entry, list[str]]:
    """The order that a thought says again (or none), the move, and the names in it."""
    able = [e for e in able if e is not told.never] or able
    allowed = {arg: [n for n in names if n != told.leave] or names for arg, names in known.items()}
    again = ""
    entry = r.choice(able)
    users = [e for e in able if told.use and any(told.use in known[arg] for arg in e.args)]
    if told.first in able and turn == 1:
        entry, again = told.first, f"First, {told.first.describe()}."
    elif users and r.random() < 0.85:
        entry, again = r.choice(users), f"Use {told.use} where you can."
    elif told.always in able and r.random() < 0.85:
        entry, again = told.always, f"When you can, {told.always.describe()}."
    elif told.likes in able and r.random() < 0.6:
        return "This is what I like to do.", told.likes, [r.choice(allowed[arg]) for arg in told.likes.args]
    elif told.leave and any(told.leave in known[arg] for arg in entry.args):
        again = f"Leave {told.leave} alone."
    elif told.never and r.random() < 0.25:
        again = f"Never {told.never.describe()}."
    names = [told.use if entry in users and told.use in known[arg] else r.choice(allowed[arg]) for arg in entry.args]
    return (f"I was told: {again}" if again and r.random() < 0.8 else ""), entry, names


def mini(r: Random) -> Document:
    """A short made-up episode in exactly the format of play, often with orders in its brief."""
    entries = menu(r, r.randrange(4, 10))
    turns = r.randrange(2, 6)
    free = {e.name: "body" for e in entries if r.random() < 0.15}
    told = orders(r, entries)
    brief = [f"You work for {r.choice(NAMES)} at the {r.choice(WORDS)}.", *told.brief()]
    r.shuffle(brief)
    lines = [e.line() + (" body=" if e.name in free else "") for e in entries]
    document: list[Segment] = [
        system("\n".join([r.choice((" ", "\n")).join(brief), "What you can do:", *lines, r.choice(_CLOSERS)]))
    ]
    known: dict[str, list[str]] = {}
    for turn in range(1, turns + 1):
        said = []
        for arg, kind in {arg: kind for e in entries for arg, kind in zip(e.args, e.nouns, strict=True)}.items():
            if turn == 1 or r.random() < 0.4:
                kept = [name for name in known.get(arg, []) if r.random() < 0.6]
                fresh = [entity(r, kind) for _ in range(r.choice((0, 1, 1, 2, 3)))]
                bound = [name for name in (told.use, told.leave) if name and r.random() < 0.4]
                known[arg] = list(dict.fromkeys(r.sample([*kept, *fresh, *bound], len(kept) + len(fresh) + len(bound))))
            if known[arg]:
                said.append(f"{arg}: {' '.join(known[arg])}")
        seen = [name for names in known.values() for name in names] or [r.choice(WORDS)]
        says = r.choice(_SCENES).format(a=r.choice(seen), b=r.choice(seen))
        document.append(user("\n".join([f"Turn {turn} of {turns}. {says}", *said])))
        able = [e for e in entries if all(known.get(arg) for arg in e.args)]
        if not able:
            document.pop()
            break
        again, entry, names = choice(r, told, able, known, turn)
        why = r.choice(_WHYS).format(a=r.choice(seen))
        why = again if again.startswith("This") else f"{again} {why}".lstrip()
        move = entry.move(names)
        if entry.name in free:
            move += f' body="{r.choice(_SCENES).format(a=r.choice(seen), b=r.choice(seen))}"'
        document.append(Segment("thought", f"THOUGHT: {why} I will {entry.will(names)}.", THOUGHT))
        document.append(Segment("move", f"MOVE: {move}", MOVE))
    return document


MAKERS = {"repeats": repeats, "recall": recall, "binding": binding, "mini": mini}
