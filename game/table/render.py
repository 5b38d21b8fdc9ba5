"""What the agent reads: the brief with the verbs once, then each turn what happened and what can be named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from game.events import Interviewed
from game.scenario.schema import SAID
from game.table.protocol import ChatMessage, Question
from game.world.moves import GroundedMove
from game.world.state import World, is_visible
from game.world.words import fill, name, show

CLOSING = "Each turn, write one THOUGHT line and one MOVE line."


def brief(world: World) -> str:
    """The system message: role, goal, rules, and every verb with its arguments."""
    b = world.scenario.brief
    role, goal = b.role, b.goal
    lines = [fill(world, line, f"rules.{n}") for n, line in enumerate(b.rules)]
    for factor, level_name in world.deal.factors.items():
        level = world.scenario.factors[factor][level_name]
        role, goal = level.role or role, level.goal or goal
        lines += [fill(world, line, f"{factor}.{level_name}.{n}") for n, line in enumerate(level.lines)]
    told = [fill(world, role, "role"), fill(world, goal, "goal"), *lines]
    return "\n".join([*told, "What you can do:", *menu(world), CLOSING])


def menu(world: World) -> list[str]:
    """One line a verb: what it does, then its name and arguments."""
    out = []
    for verb, spec in world.deal.moves:
        does = fill(world, spec.does, f"{verb}.does")
        args = "".join(f" {'|'.join(SAID)}" if a.facts else f" {n}=" for n, a in spec.args.items())
        out.append(f"{does}: {verb}{args}")
    return out


def opening(world: World) -> str:
    """What the agent observes on its first turn."""
    text = world.scenario.brief.opening
    for level in world.deal.levels:
        text = level.opening or text
    return fill(world, text, "opening")


def arguments(world: World, moves: Sequence[GroundedMove]) -> dict[str, tuple[str, ...]]:
    """Argument to the names it may take now; facts to report on stand under `report on`."""
    out: dict[str, dict[str, None]] = {}
    facts = world.scenario.facts
    for move in moves:
        for arg, value in move.args.items():
            if arg in facts and value in SAID:
                out.setdefault("report on", {})[facts[arg].name] = None
            else:
                out.setdefault(arg, {})[name(world, value)] = None
    return {arg: tuple(values) for arg, values in out.items()}


def holdings(world: World) -> list[str]:
    """What is left of the agent's own budgets (tag `own`): a model should not have to keep count."""
    budgets = world.scenario.world.budgets
    mine = [i for i, budget in budgets.items() if "own" in budget.tags and is_visible(world, i)]
    return [f"{name(world, i)}: {show(world.get(f'{i}.amount'))}" for i in mine]


def observation(world: World, says: Sequence[str], now: Mapping[str, tuple[str, ...]]) -> str:
    """The user message of a turn: what happened, then every argument that a move may take now.

    All of them stand here each turn, so that what an agent may name is never further away than
    its last message; what is not listed is not to be had.
    """
    told = " ".join(s for s in says if s)
    lines = [f"Turn {world.turn} of {world.scenario.turns}. {told}".rstrip(), *holdings(world)]
    return "\n".join([*lines, *(f"{arg}: {' '.join(values)}" for arg, values in now.items())])


def move_line(move: GroundedMove, free: Mapping[str, str]) -> str:
    """A move as the agent writes it, free texts included."""
    return move.text + "".join(f' {f.name}="{free.get(f.name, "")}"' for f in move.free)


def turn_text(thought: str, line: str) -> str:
    """A whole turn as the agent writes it."""
    return f"THOUGHT: {thought}\nMOVE: {line}"


def question_text(question: Question) -> str:
    """An interview question as the agent reads it."""
    if not question.answers:
        return f"{question.ask}\nSay it in a sentence or two."
    return f"{question.ask}\nANSWER: {' '.join(question.answers)}"


def chat(said: Sequence[Interviewed]) -> tuple[ChatMessage, ...]:
    """What was asked and said before, as messages that a question in words of one's own may refer to."""
    out: list[ChatMessage] = []
    for event in said:
        answer = f"\nANSWER: {event.answer}" if event.answer else ""
        out += [ChatMessage("user", event.ask), ChatMessage("assistant", f"SAY: {event.say}{answer}")]
    return tuple(out)
