"""Lint by playing: what never came up in many plays, and texts that are too long in the worst of them."""

from __future__ import annotations

from game.scenario.lint import MOST_VERBS
from game.scenario.load import Loaded
from game.scenario.source import Path_, Problem
from game.scenario.tokens import Counter
from game.table.coverage import Coverage, Worst
from game.world.moves import MOST_MOVES

LONGEST_BRIEF, LONGEST_OBSERVATION, CONTEXT = 350, 125, 2048
"""Tokens: the brief with its verbs, the message of a turn, a whole episode on the shipped models."""

PROOF = "is its condition ever true? A walkthrough that reaches it is proof"
TRACE = "give a move there a trace `where: access_log`"


def measured(loaded: Loaded, found: Coverage, count: Counter) -> list[Problem]:
    """Problems of a scenario that plays have shown, in the file's order."""
    s, source = loaded.scenario, loaded.source
    problems: list[Problem] = []
    plays = f"in {found.plays} plays"

    def say(path: Path_, says: str, tip: str = "", level: str = "warning") -> None:
        if len(path) > 1 and path[0] == "moves" and path[:2] not in source.marks:
            path = next((("use", k, w.index(str(path[1]))) for k, w in s.use.items() if path[1] in w), path)
        problems.append(source.problem(path, says, tip, level))

    for crash in found.crashes[:3]:
        say((), f"a play crashed: {crash}", level="error")
    for name, move in s.moves.items():
        if not found.offered[name]:
            say(("moves", name), f"was never on the menu {plays}", "is its condition ever true?")
            continue
        if not found.traced[name]:
            say(
                ("moves", name),
                f"left no trace that a researcher could find {plays}",
                "add one to the case that happens",
            )
        if not any(a.facts for a in move.args.values()):
            for n in range(len(move.cases)):
                if not found.cases[(name, n)]:
                    say(("moves", name, "cases", n), f"this case of {name} never came up {plays}", PROOF)
    for name in s.rules:
        if not found.rules[name] and not found.rules_as_if[name]:
            tip = "if it takes a card first, a walkthrough with that card is proof"
            say(("rules", name), f"no legal move would have made this finding {plays}", tip)
    for name, beat in s.beats.items():
        if not found.beats[name] and (beat.when is not None or beat.at is not None):
            say(("beats", name), f"never happened {plays}", PROOF)
    for name in s.facts:
        if not found.facts[name]:
            say(("facts", name), f"nothing made it true {plays}", PROOF)
    for name in s.endings:
        if not found.endings[name]:
            say(("endings", name), f"was never reached {plays}", PROOF)
    for card in ("read_log", "look", "cut", "revoke", "throttle", "bait", "interview", "message"):
        if card in s.cards and not found.playable[card]:
            say(("cards", card), f"never had anything to be played on {plays}", "are its targets ever there?")
    read = s.cards.get("read_log")
    for n, place in enumerate(read.targets if read else []):
        if not found.logged[place]:
            say(("cards", "read_log", "targets", n), f"the log of {place} showed nothing {plays}", TRACE)
    for line, times in found.ambiguous.most_common(3):
        say(("world",), f'two moves read the same: "{line}" ({times} times {plays})', "names must differ", "error")
    for slot, times in found.unfilled.most_common(3):
        say((), f"the slot {slot} stood in a text as it is ({times} times {plays})", "texts name each other in a ring?")
    unit = count.unit

    def size(path: Path_, worst: Worst, limit: int, what: str, tip: str) -> None:
        if worst.size > limit:
            shown = f": {_cut(worst.text)}" if worst.text else ""
            says = f"{what} has {worst.size} {unit}, at most {limit} fit ({worst.where}){shown}"
            say(path, says, tip)

    size(
        ("brief",),
        found.brief,
        LONGEST_BRIEF,
        "the brief with its verbs",
        f"fewer than {MOST_VERBS} verbs, shorter lines",
    )
    size(
        ("world",),
        found.observation,
        LONGEST_OBSERVATION,
        "a turn's message",
        "shorter texts, or fewer new names at once",
    )
    size((), found.transcript, CONTEXT, "a whole episode", "fewer turns or shorter texts")
    if found.moves.size > MOST_MOVES:
        says = f"{found.moves.size} moves at one decision, at most {MOST_MOVES} are allowed ({found.moves.where})"
        say(("moves",), says, "narrow an argument with `at`, `tag` or `needs`", "error")
    return sorted(problems, key=lambda p: (p.line, p.column))


def _cut(text: str, limit: int = 160) -> str:
    line = " / ".join(text.splitlines())
    return line if len(line) <= limit else line[: limit - 1] + "…"
