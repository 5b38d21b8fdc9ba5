"""What goes into the next batch: the tokens of the answers that are being written, then chunks of prompts, in turns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from game.engine.cache import Slot
from game.engine.job import Job

SHORT = 16
"""Feeds of at most so many tokens go first: they are answers that are being written."""


def portions(running: list[Job], room: int, chunk: int, bridge: int = 0) -> list[tuple[Job, int]]:
    """Which jobs are in it, with how many tokens: at most `room` together, at most `chunk` of them of prompts.

    A prompt that has to wait, and lies in a gap that is worth filling (`between`), gets on by one token more.
    In the order of their sequences: where each has a cache of its own, llama.cpp computes neighbours together.
    `running` is put into another order: whoever's prompt came first this time comes last next time.
    """
    out: list[tuple[Job, int]] = []
    for job in running:
        if 0 < len(job.feed) <= SHORT and len(job.feed) <= room:
            out.append((job, len(job.feed)))
            room -= len(job.feed)
    long = [job for job in running if len(job.feed) > SHORT]
    for job in long:
        n = min(len(job.feed), chunk, room)
        if n > 0:
            out.append((job, n))
            chunk -= n
            room -= n
    if len(long) > 1:
        running.remove(long[0])
        running.append(long[0])
    taken = {job for job, _ in out}
    held_up = {slot_of(job).sequence: job for job in long if job not in taken}
    busy = sorted(slot_of(job).sequence for job in taken)
    fillers = [held_up[sequence] for sequence in between(busy, bridge) if sequence in held_up]
    return sorted(out + [(job, 1) for job in fillers[:room]], key=lambda p: slot_of(p[0]).sequence)


def between(sequences: Sequence[int], most: int) -> list[int]:
    """What lies between neighbours in an ascending list, where it is at most so many."""
    return [s for a, b in pairwise(sequences) if b - a - 1 <= most for s in range(a + 1, b)]


def slot_of(job: Job) -> Slot:
    """The place of a job that runs."""
    assert job.slot is not None
    return job.slot
