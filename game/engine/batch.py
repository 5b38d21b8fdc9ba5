"""What goes into the next batch: the tokens of the answers that are being written, then chunks of prompts, in turns."""

from __future__ import annotations

from game.engine.job import Job

SHORT = 16
"""Feeds of at most so many tokens go first: they are answers that are being written."""


def portions(running: list[Job], room: int, chunk: int) -> list[tuple[Job, int]]:
    """Which jobs are in it, with how many tokens: at most `room` together, at most `chunk` of them of prompts.

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
    # Where each has a cache of its own, llama.cpp computes neighbours together.
    return sorted(out, key=lambda p: p[0].slot.sequence if p[0].slot else 0)
