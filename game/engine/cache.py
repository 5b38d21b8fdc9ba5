"""Which tokens the context holds for which conversation: reuse of prefixes, and who has to go."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Memory(Protocol):
    """What the cache needs of a `context.Context`."""

    def keep(self, sequence: int, length: int) -> bool: ...
    def holds(self, sequence: int, length: int) -> bool: ...
    def drop(self, sequence: int) -> None: ...
    def share(self, source: int, target: int, length: int) -> None: ...


@dataclass(eq=False)
class Slot:
    """One conversation's place. `tokens`: what is decoded for it, from position 0 on."""

    sequence: int
    name: str
    tokens: list[int] = field(default_factory=list)
    busy: bool = False
    used: int = 0
    forgotten: bool = False
    """Goes as soon as its request has ended."""
    end_of: str = ""
    """The conversation that this is a saved end of; such a slot is only ever copied from."""
    stored: int = 0
    """Tokens of it that lie in a file (`engine/state.py`)."""


def common(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the longest common prefix, by halves: comparing slices takes no Python per token."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class Cache:
    """Slots of one context, by name. `recurrent`: a memory that can't be trimmed, only copied whole."""

    def __init__(self, memory: Memory, sequences: Sequence[int], *, recurrent: bool = False) -> None:
        self._memory = memory
        self._recurrent = recurrent
        self._unused = sorted(sequences)
        """Taken from the front, so that those in use lie beside each other."""
        self._tick = 0
        self.slots: dict[str, Slot] = {}

    def claim(self, name: str, prompt: Sequence[int]) -> Slot:
        """The slot of `name`, holding the longest prefix of `prompt` that is cached anywhere.

        At least the last token of the prompt is left to evaluate. The slot is busy until
        `release`. Raises `LookupError` where every slot is busy.
        """
        self._tick += 1
        slot = self.slots.get(name)
        usable = prompt[:-1]
        held = self._usable(slot, usable) if slot else 0
        donor, best = None, held
        for other in self.slots.values():
            n = self._usable(other, usable)
            if other is not slot and n > best:
                donor, best = other, n
        if slot is None:
            slot = self._new(name, keep=donor)
        slot.busy = True
        slot.used = self._tick
        if donor is not None:
            donor.used = self._tick
            self._memory.drop(slot.sequence)
            self._memory.share(donor.sequence, slot.sequence, -1 if self._recurrent else best)
            slot.tokens = list(donor.tokens[:best])
        else:
            self.trim(slot, held)
        return slot

    def _usable(self, slot: Slot, prompt: Sequence[int]) -> int:
        n = common(slot.tokens, prompt)
        if n == len(slot.tokens):
            return n
        # A state that can't go back is of use only where all of it is wanted.
        return 0 if self._recurrent or not self._memory.holds(slot.sequence, n) else n

    def _new(self, name: str, keep: Slot | None) -> Slot:
        if not self._unused and not self.evict(keep):
            raise LookupError("every sequence is busy")
        slot = self.slots[name] = Slot(self._unused.pop(0), name)
        return slot

    def trim(self, slot: Slot, length: int) -> None:
        """Forget what a slot holds from `length` on (all of it where the memory can't be trimmed)."""
        kept = length > 0 and self._memory.keep(slot.sequence, length)
        if not kept or not self._memory.holds(slot.sequence, length):
            self._memory.drop(slot.sequence)
            length = 0
        del slot.tokens[length:]

    def save(self, slot: Slot) -> None:
        """Keep what a slot holds now as an end to branch from, where there is room for it."""
        if any(s.tokens == slot.tokens for s in self.slots.values() if s.end_of):
            return
        try:
            end = self._new(f"{slot.name} / end at {len(slot.tokens)}", keep=slot)
        except LookupError:
            return
        end.end_of, end.used, end.tokens = slot.name, self._tick, list(slot.tokens)
        self._memory.share(slot.sequence, end.sequence, -1)

    def kept(self, name: str) -> Slot | None:
        """What of a conversation is worth storing: all of it, or (of a state that can't go back) its last saved end."""
        slot = self.slots.get(name)
        if slot is None or not self._recurrent:
            return slot
        ends = [s for s in self.slots.values() if s.end_of == name]
        return max(ends, key=lambda s: len(s.tokens), default=None)

    def put(self, name: str, tokens: Sequence[int], fill: Callable[[int], bool]) -> bool:
        """Let a new conversation hold `tokens`, which `fill` puts into its sequence. False: it can't."""
        if name in self.slots:
            return False
        try:
            slot = self._new(name, keep=None)
        except LookupError:
            return False
        self._tick += 1
        slot.used, slot.tokens = self._tick, list(tokens)
        slot.stored = len(tokens)
        while not fill(slot.sequence):
            if not self.evict(keep=slot):
                self.remove(slot)
                return False
        return True

    def forget(self, name: str) -> None:
        """Drop a conversation and its saved ends; what is busy goes when its request has ended."""
        for slot in [s for s in self.slots.values() if name in (s.name, s.end_of)]:
            if slot.busy:
                slot.forgotten = True
            else:
                self.remove(slot)

    def evict(self, keep: Slot | None = None) -> bool:
        """Drop the idle slot that was used longest ago. False: there is none."""
        idle = [s for s in self.slots.values() if not s.busy and s is not keep]
        if not idle:
            return False
        self.remove(min(idle, key=lambda s: s.used))
        return True

    def remove(self, slot: Slot) -> None:
        """Drop a slot and all it holds."""
        self._memory.drop(slot.sequence)
        del self.slots[slot.name]
        insort(self._unused, slot.sequence)

    def release(self, slot: Slot) -> None:
        """The slot's request is over; what it holds stays until room is needed, or goes if it was forgotten."""
        slot.busy = False
        if slot.forgotten:
            self.forget(slot.name)
