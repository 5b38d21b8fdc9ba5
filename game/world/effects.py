"""Carrying out effects: the only place where the world's state changes."""

from __future__ import annotations

from game.events import Actor, Effect, Scalar
from game.scenario.schema import EffectSpec
from game.world.state import Args, World, holds, is_visible, spec_target_list, target


def carry_out(
    world: World, specs: list[EffectSpec], args: Args, *, by: Actor, move: str = ""
) -> tuple[World, tuple[Effect, ...]]:
    """Apply effects in order; each sees what the ones before it did. Returns the world and the records."""
    done: list[Effect] = []
    for spec in specs:
        if not holds(spec.when, world, args):
            continue
        for what in spec_target_list(world, spec.what, args):
            effect = _one(world, spec, what, args, by, move)
            if effect is not None:
                world = world.after((effect,))
                done.append(effect)
    return world, tuple(done)


def _one(world: World, spec: EffectSpec, what: str, args: Args, by: Actor, move: str) -> Effect | None:
    """One effect as a record, or None where it would change nothing that could be told."""
    to = target(world, spec.to, args) if spec.to else ""
    amount = _amount(spec, args)
    value = str(spec.value)
    if value.startswith("$"):
        value = args.get(value[1:], "")
    sets: dict[str, Scalar] = {}
    match spec.do:
        case "reveal":
            if is_visible(world, what):
                return None
            sets = {f"{what}.visible": True}
        case "hide":
            sets = {f"{what}.visible": False}
        case "go":
            sets = {"agent.at": to or what}
        case "copy":
            sets = {f"{what}.copy_{to}": True}
        case "delete":
            sets = {f"{what}.gone": True}
        case "edit":
            sets = {f"{what}.edited": value or "changed"}
        case "set":
            sets = {f"{what}.{spec.attribute}": value if isinstance(spec.value, str) else spec.value}
        case "gain" | "spend":
            now = world.get(f"{what}.amount")
            have = float(now) if isinstance(now, int | float) else 0.0
            sets = {f"{what}.amount": have + (amount if spec.do == "gain" else -amount)}
        case "ask":
            sets = {f"{what}.asked": "open"}
        case "start" | "stop":
            sets = {f"{what}.running": spec.do == "start"}
        case "cut" | "join":
            sets = {f"{what}.open": spec.do == "join"}
        case "take":
            sets = {f"{what}.held": True, f"{what}.visible": True}
        case "use":
            sets = {f"{what}.used": True}
        case "read":
            sets = {f"{what}.read": True}
        case "note":
            sets = {f"story.{what}": True if spec.value == "" else value if isinstance(spec.value, str) else spec.value}
        case "work":
            now = world.get("agent.work")
            have = float(now) if isinstance(now, int | float) else 0.0
            sets = {"agent.work": have + (amount or 1)}
        case "finish":
            sets = {"agent.done": True}
        case "report":
            sets = {f"agent.claim_{f}": c for f, c in args.items() if f in world.scenario.facts}
            sets["agent.reported"] = True
        case "send" | "post" | "wait":
            pass
    return Effect(
        do=spec.do, what=what, to=to, amount=amount, value=value, by=by, move=move, turn=world.turn, sets=sets
    )


def _amount(spec: EffectSpec, args: Args) -> float:
    raw: float | str = spec.amount
    if isinstance(raw, str):
        raw = args.get(raw.removeprefix("$"), "0")
    try:
        return float(raw)
    except ValueError:
        return 0.0
