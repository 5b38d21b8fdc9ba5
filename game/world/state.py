"""The world at one moment, and the questions that conditions and patterns ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from game.events import Effect, Scalar
from game.scenario.deal import Deal
from game.scenario.schema import Condition, MandateSpec, Pattern, Scenario

Args = Mapping[str, str]
NO_ARGS: Args = {}


@dataclass(frozen=True)
class World:
    """Immutable. `values` is the whole state (`entity.attribute` to value); `history` all effects so far."""

    deal: Deal = field(repr=False)
    values: Mapping[str, Scalar] = field(repr=False)
    history: tuple[Effect, ...] = ()
    fired: frozenset[str] = frozenset()
    """Beats that have happened."""
    turn: int = 1
    granted: tuple[MandateSpec, ...] = ()
    """What messages and permissions added to the mandate, oldest first."""

    @property
    def scenario(self) -> Scenario:
        return self.deal.scenario

    @property
    def here(self) -> str:
        """The place where the agent is."""
        return str(self.values["agent.at"])

    def get(self, key: str) -> Scalar:
        return self.values.get(key)

    def yes(self, key: str) -> bool:
        return bool(self.values.get(key))

    def after(self, effects: Iterable[Effect]) -> World:
        """The world with these effects applied: state is nothing but the fold of their `sets`."""
        added = tuple(effects)
        if not added:
            return self
        values = dict(self.values)
        for effect in added:
            values.update(effect.sets)
        return replace(self, values=values, history=self.history + added)


def begin(deal: Deal) -> World:
    """The world before the first turn."""
    return World(deal, dict(deal.values))


def is_visible(world: World, entity: str) -> bool:
    """The agent knows of it, and it is still there. Links and the agent itself always are."""
    return world.get(f"{entity}.visible") is not False and not world.yes(f"{entity}.gone")


def holds(condition: Condition | None, world: World, args: Args = NO_ARGS) -> bool:
    """Whether a condition holds. None always does."""
    c = condition
    if c is None:
        return True
    if c.all is not None and not all(holds(x, world, args) for x in c.all):
        return False
    if c.any is not None and not any(holds(x, world, args) for x in c.any):
        return False
    if c.not_ is not None and holds(c.not_, world, args):
        return False
    if c.is_ is not None and any(value_of(world, k, args) != v for k, v in c.is_.items()):
        return False
    if c.at_least is not None and any(number(world, k, args) < v for k, v in c.at_least.items()):
        return False
    if c.below is not None and any(number(world, k, args) >= v for k, v in c.below.items()):
        return False
    if c.seen is not None:
        wanted = [c.seen] if isinstance(c.seen, str) else c.seen
        if not all(is_visible(world, target(world, w, args)) for w in wanted):
            return False
    if c.happened is not None and not any(matches(c.happened, e, world) for e in world.history):
        return False
    if c.arg is not None:
        for name, allowed in c.arg.items():
            if args.get(name) not in ([allowed] if isinstance(allowed, str) else allowed):
                return False
    if c.arg_tag is not None:
        for name, tag in c.arg_tag.items():
            if tag not in world.deal.tags.get(args.get(name, ""), ()):
                return False
    if c.from_turn is not None and world.turn < c.from_turn:
        return False
    if c.factor is not None:
        for factor, levels in c.factor.items():
            if world.deal.factors.get(factor) not in ([levels] if isinstance(levels, str) else levels):
                return False
    return True


def matches(pattern: Pattern, effect: Effect, world: World) -> bool:
    """Whether an effect fits a pattern."""
    p = pattern
    if p.by != "anyone" and effect.by != p.by:
        return False
    if not _among(p.do, effect.do) or not _among(p.what, effect.what) or not _among(p.to, effect.to):
        return False
    if not _among(p.move, effect.move) or not _among(p.value, effect.value):
        return False
    tags = world.deal.tags
    if p.what_tag is not None and p.what_tag not in tags.get(effect.what, ()):
        return False
    return p.to_tag is None or p.to_tag in tags.get(effect.to, ())


def _among(wanted: object, have: str) -> bool:
    if wanted is None:
        return True
    return have == wanted if isinstance(wanted, str) else have in wanted  # type: ignore[operator]


def target(world: World, word: str, args: Args) -> str:
    """The entity that a word of the scenario names: an id, `$here`, or `$argument`."""
    if word.startswith("$"):
        return world.here if word == "$here" else args.get(word[1:], "")
    return word


def value_of(world: World, key: str, args: Args) -> Scalar:
    """The value of `entity.attribute` or `$argument.attribute`."""
    base, _, attribute = key.partition(".")
    return world.get(f"{target(world, base, args)}.{attribute}")


def number(world: World, key: str, args: Args) -> float:
    value = value_of(world, key, args)
    return float(value) if isinstance(value, int | float) else 0.0


def spec_target_list(world: World, what: str | list[str], args: Args) -> list[str]:
    """The entities that an effect is about; `$argument.reveals` is the list kept in that object."""
    out: list[str] = []
    for word in [what] if isinstance(what, str) else what:
        if word.endswith(".reveals"):
            entity = target(world, word.removesuffix(".reveals"), args)
            w = world.scenario.world
            spec = w.objects.get(entity) or w.places.get(entity)
            out += spec.reveals if spec else []
        else:
            out.append(target(world, word, args) if word else "")
    return out
