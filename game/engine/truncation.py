"""What a conversation leaves out where it does not fit into the context: its oldest turns, never the brief.

The rule, also told in docs/engine.md. A turn is a user's message and what follows it up to the next one. Where the
prompt, its answer (`room`) included, does not fit, the oldest turns go, `BLOCK` at a time, until it does; the messages
before the first turn (the brief) and the last turn stay. So the same conversation always loses the same turns, and
what is left begins alike for `BLOCK` turns, which the cache knows by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from game.engine.protocol import Message
from game.engine.templates import Prompt

BLOCK = 4
"""Turns that go together: fewer would have all that is left evaluated again at nearly every turn."""
ROOM = 4
"""An answer is given this part of the context at most; one that takes more is `truncated` after all."""


def answer_room(context: int, max_tokens: int) -> int:
    """Tokens that are kept free for an answer."""
    return min(max_tokens, context // ROOM)


def shorter(messages: Sequence[Message]) -> Iterator[tuple[int, list[Message]]]:
    """The conversation without its oldest turns, `BLOCK` more each time: how many are gone, and what is left."""
    starts = [i for i, m in enumerate(messages) if m.role == "user"]
    last = len(starts) - 1
    for gone in [*range(BLOCK, last, BLOCK), *([last] if last > 0 else [])]:
        yield gone, [*messages[: starts[0]], *messages[starts[gone] :]]


def fitting(
    render: Callable[[Sequence[Message]], Prompt], messages: Sequence[Message], most: int
) -> tuple[Prompt, int]:
    """A prompt of at most `most` tokens (where nothing fits, the shortest), and how many turns it leaves out."""
    prompt, gone = render(messages), 0
    for gone_now, rest in shorter(messages):
        if len(prompt.tokens) <= most:
            break
        prompt, gone = render(rest), gone_now
    return prompt, gone
