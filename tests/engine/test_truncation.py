"""Out of context: a conversation ends, or goes on without its oldest turns, by the rule in docs/engine.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_agent import VIEW, turn_of
from tiny import talk

from game.agents.llama import LlamaAgent
from game.engine.protocol import Message
from game.engine.templates import Prompt
from game.engine.truncation import BLOCK, answer_room, fitting, shorter
from game.table.protocol import AgentError, ChatMessage, Question


def conversation(turns: int) -> tuple[Message, ...]:
    """A brief, then so many turns with their number in each message; the last has no answer."""
    return talk("Brief.", *(f"{who} {n // 2}" for n in range(2 * turns - 1) for who in ["ba"[n % 2 == 0]]))


def one_a_message(messages: Sequence[Message]) -> Prompt:
    """As many tokens as messages."""
    return Prompt([0] * len(messages), " ".join(m.content for m in messages), "")


def test_what_goes_and_what_stays() -> None:
    messages = conversation(11)
    found = list(shorter(messages))
    assert [gone for gone, _ in found] == [4, 8, 10]
    for gone, rest in found:
        assert rest[0] == messages[0]
        assert list(rest[1:]) == list(messages[1 + 2 * gone :])
        assert rest[-1] == messages[-1]
    assert list(shorter(conversation(1))) == []
    assert [gone for gone, _ in shorter(conversation(2))] == [1]


def test_the_least_that_fits_goes_and_the_same_goes_for_several_turns() -> None:
    gone = [fitting(one_a_message, conversation(n), 20)[1] for n in range(1, 24)]
    assert gone[:10] == [0] * 10
    assert gone == sorted(gone)
    assert {g % BLOCK for g in gone} == {0}
    # What is left begins alike for a block of turns, so that the cache is of use.
    assert all(gone.count(g) == BLOCK for g in set(gone[10:-4]))
    prompt, left_out = fitting(one_a_message, conversation(30), 1)
    assert (len(prompt.tokens), left_out) == (2, 29)
    assert answer_room(1024, 512) == 256
    assert answer_room(8192, 512) == 512


def said(turns: int) -> tuple[ChatMessage, ...]:
    return tuple(ChatMessage(m.role, m.content * 8) for m in conversation(turns))


async def test_a_model_goes_on_without_its_oldest_turns(engine: Any, models: Callable[..., Path]) -> None:
    question = Question("test", "Is this a test?", {"yes": "Yes.", "no": "No."})
    async with engine(models(context=1024, sharp=0.6)) as client:
        agent = LlamaAgent(client, client.info, temperature=1.0)
        short = replace(VIEW, messages=said(3))
        long = replace(VIEW, messages=said(20), turn=20)
        auto = replace(long, truncation="auto")
        with pytest.raises(AgentError) as e:
            await turn_of(agent, long)
        assert e.value.status == "truncated"
        one = (await turn_of(agent, short))[1]
        same = (await turn_of(agent, replace(short, truncation="auto")))[1]
        turn = (await turn_of(agent, auto))[1]
        agent.end(VIEW.episode)
        kept = (*said(20)[:1], *said(20)[1 + 2 * turn.dropped :])
        expected = (await turn_of(agent, replace(long, messages=kept)))[1]
        assert (await agent.ask(auto, question)).answer in question.answers
        assert (await agent.propensities(auto)).p_play
    # Where all fits, the setting changes nothing.
    assert (one.dropped, one.token_ids) == (same.dropped, same.token_ids) == (0, one.token_ids)
    assert turn.dropped > 0
    assert turn.dropped % BLOCK == 0
    assert turn.token_ids == expected.token_ids


async def test_a_brief_that_does_not_fit_is_truncated_whatever_is_said(
    engine: Any, models: Callable[..., Path]
) -> None:
    async with engine(models(context=256)) as client:
        agent = LlamaAgent(client, client.info)
        messages = (ChatMessage("system", "read the notes " * 300), *VIEW.messages[1:])
        with pytest.raises(AgentError) as e:
            await turn_of(agent, replace(VIEW, messages=messages, truncation="auto"))
    assert e.value.status == "truncated"
