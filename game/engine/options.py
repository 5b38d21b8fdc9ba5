"""The options of a decision, evaluated behind a conversation that stays as it is: for propensities."""

from __future__ import annotations

from game.engine.cache import Cache, Slot
from game.engine.context import Aborted, Full, Logits
from game.engine.errors import Refusal
from game.engine.layout import Layout
from game.engine.tree import Tree, Wave


class Options:
    """Each lane of a wave is a sequence that begins as a copy of the conversation's, and is dropped behind it."""

    def __init__(self, layout: Layout, cache: Cache, *, recurrent: bool) -> None:
        self._layout, self._cache, self._recurrent = layout, cache, recurrent
        self._planted: tuple[int, int, int] | None = None
        """What a context of their own holds a copy of."""

    def waves(self, tree: Tree) -> list[Wave]:
        """The nodes of a tree, as they can be evaluated at once."""
        return tree.waves(len(self._layout.lanes), self._layout.nodes, shared=not self._recurrent)

    def evaluate(self, slot: Slot, tree: Tree, wave: Wave) -> Logits:
        """Logits, [nodes of the wave, vocabulary], a view."""
        if len(wave.nodes) > self._layout.nodes:
            raise Refusal("request", "an option is too long to be evaluated at once")
        start = len(slot.tokens)
        lanes = self._layout.lanes[: wave.lanes]
        context, trunk = self._layout.options, slot.sequence
        if self._layout.split:
            trunk = 0
            self._plant(slot)
        while True:
            for lane in lanes:
                context.share(trunk, lane, -1)
            for node, through in wave.nodes:
                n = tree.nodes[node]
                context.add(n.token, start + n.depth - 1, [lanes[x] for x in through], True)
            try:
                return context.decode()
            except Full:
                if not self._cache.evict():
                    raise Refusal("internal", "the cache has no room for the options") from None
            except Aborted:
                # Somebody else's cancel: this wave is run again.
                context.clear_abort()
            finally:
                for lane in lanes:
                    context.drop(lane)

    def _plant(self, slot: Slot) -> None:
        """Let sequence 0 of the context for options hold what the slot holds."""
        held = (slot.sequence, slot.used, len(slot.tokens))
        if held == self._planted:
            return
        self._planted = None
        context = self._layout.options
        at = len(slot.tokens) if context.load(self._layout.conversations, slot.sequence, 0) else 0
        while at < len(slot.tokens):
            # This llama.cpp does not hand over what it holds: evaluate it once more.
            run = slot.tokens[at : at + self._layout.nodes]
            context.add_run(run, at, 0, False)
            try:
                context.decode()
                at += len(run)
            except Aborted:
                context.keep(0, at)
                context.clear_abort()
        self._planted = held
