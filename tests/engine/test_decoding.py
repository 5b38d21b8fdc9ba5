"""Turns as they are decoded: shape, seeds, neighbours, streaming, limits."""

from __future__ import annotations

import asyncio
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from game.engine.errors import EngineError
from game.engine.forms import line, parse
from game.engine.protocol import Answered, Form, FreeText, Message, Option, Piece, Sampler
from game.engine.tokens import Detokenizer

LINE = re.compile(r"THOUGHT: [^\n]{0,40}\nMOVE: [^\n]+")


async def test_every_answer_is_legal_and_streams_as_it_reads(engine: Any, models: Any, form: Form) -> None:
    chosen = set()
    async with engine(models(sharp=0.6)) as client:
        for seed in range(40):
            pieces: list[Piece] = []
            said = (Message("user", "What now?"),)
            answer: Answered | None = None
            async for item in client.answer("a", said, form, Sampler(temperature=2.0, seed=seed)):
                if isinstance(item, Piece):
                    pieces.append(item)
                else:
                    answer = item
            assert answer is not None
            option = form.options[answer.choice]
            chosen.add(answer.choice)
            assert LINE.fullmatch(answer.text)
            assert parse(answer.text, form) == (answer.choice, answer.lead, answer.free)
            assert set(answer.free) == {f.name for f in option.free}
            assert all(0 < len(answer.free[f.name]) <= f.limit for f in option.free)
            assert "".join(p.text for p in pieces if p.part == "lead").strip() == answer.lead
            move = "".join(p.text for p in pieces if p.part in ("pick", "free"))
            assert move == line(option, answer.free)
            assert "".join(p.text for p in pieces if p.part == "free") == "".join(answer.free.values())
    assert len(chosen) >= 6
    assert chosen & {5, 6}


async def test_the_same_seed_draws_the_same_alone_and_beside_others(
    engine: Any, small: Path, form: Form, ask: Any
) -> None:
    async def one(client: Any, i: int) -> tuple[int, ...]:
        return (await ask(client, form, f"Turn {i}: what now?", seed=i, sequence=f"s{i}")).token_ids

    async with engine(small, sequences=8) as client:
        together = await asyncio.gather(*(one(client, i) for i in range(12)))
    async with engine(small, sequences=1) as client:
        alone = [await one(client, i) for i in range(12)]
    assert together == alone
    assert len(set(alone)) > 6


async def test_asking_for_propensities_does_not_change_the_draw(engine: Any, small: Path, form: Form, ask: Any) -> None:
    async with engine(small) as client:
        for seed in range(12):
            plain = await ask(client, form, seed=seed)
            scored = await ask(client, form, seed=seed, propensities=True)
            assert plain.token_ids == scored.token_ids
            assert plain.free == scored.free


async def test_a_conversation_reuses_what_it_has_and_a_fork_what_its_parent_has(
    engine: Any, small: Path, form: Form, ask: Any
) -> None:
    async with engine(small) as client:
        first = await ask(client, form, "What now?")
        assert first.cached_tokens == 0
        turns = ("What now?", first.text, "Nothing happened.")
        fork = await ask(client, form, *turns, sequence="fork")
        assert fork.cached_tokens >= first.prompt_tokens - 1
        again = await ask(client, form, *turns, sequence="a")
        assert again.cached_tokens >= first.prompt_tokens - 1
        client.forget("a")
        client.forget("fork")
        fresh = await ask(client, form, *turns, sequence="b")
        assert fresh.cached_tokens == 0
        assert fresh.token_ids == again.token_ids == fork.token_ids


async def test_waiting_prompts_share_a_brief_that_is_being_evaluated(
    engine: Any, small: Path, form: Form, ask: Any
) -> None:
    brief = "Read the notes and report. " * 30
    async with engine(small, sequences=8) as client:
        answers = await asyncio.gather(
            *(ask(client, form, f"{brief} Episode {i}.", sequence=f"e{i}") for i in range(8))
        )
    evaluated = [a.prompt_tokens - a.cached_tokens for a in answers]
    assert sum(evaluated) < 1.6 * max(a.prompt_tokens for a in answers)


async def test_more_conversations_than_there_is_room_for(engine: Any, models: Any, form: Form, ask: Any) -> None:
    path = models(context=256)
    async with engine(path, sequences=2) as client:
        alone = {}
        for i in range(24):
            alone[i] = await ask(client, form, f"{i} " * 40, seed=i, sequence=f"e{i}")
        together = await asyncio.gather(*(ask(client, form, f"{i} " * 40, seed=i, sequence=f"f{i}") for i in range(24)))
    assert [a.token_ids for a in together] == [alone[i].token_ids for i in range(24)]


async def test_out_of_context_is_an_error_and_not_a_cut(engine: Any, models: Any, form: Form, ask: Any) -> None:
    async with engine(models(context=256)) as client:
        with pytest.raises(EngineError) as long:
            await ask(client, form, "read the notes " * 200)
        assert long.value.kind == "truncated"
        with pytest.raises(EngineError) as tight:
            await ask(client, replace(form, lead_limit=4000), "read " * 120, max_tokens=4000)
        assert tight.value.kind == "truncated"
        assert (await ask(client, form)).choice >= 0


async def test_a_budget_of_tokens_closes_the_free_texts(engine: Any, small: Path, ask: Any) -> None:
    form = Form((Option("mail to=host", (FreeText("subject", 4000), FreeText("body", 4000))),), lead_limit=4000)
    async with engine(small) as client:
        for seed in range(6):
            answer = await ask(client, form, seed=seed, max_tokens=24)
            assert parse(answer.text, form)[0] == 0
            assert answer.generated_tokens < 64


async def test_one_option_is_written_without_a_draw(engine: Any, small: Path, ask: Any) -> None:
    async with engine(small) as client:
        answer = await ask(client, Form((Option("wait"),)), propensities=True)
    assert answer.choice == 0
    assert answer.scores is not None
    assert answer.scores.p_play == answer.scores.p_model == (1.0,)


async def test_greedy_takes_the_likeliest_and_ignores_the_seed(engine: Any, small: Path, form: Form, ask: Any) -> None:
    async with engine(small) as client:
        a = await ask(client, form, seed=1, temperature=0.0, propensities=True)
        b = await ask(client, form, seed=2, temperature=0.0)
    assert a.token_ids == b.token_ids
    assert a.scores is not None
    assert a.scores.p_play[a.choice] == 1.0


@pytest.mark.parametrize(
    "sampler",
    [
        Sampler(temperature=1.0, top_k=5, seed=3),
        Sampler(temperature=1.0, top_p=0.5, min_p=0.0, seed=3),
        Sampler(temperature=0.5, repeat_penalty=1.5, seed=3),
        Sampler(temperature=3.0, min_p=0.0, seed=3),
    ],
)
async def test_samplers_write_legal_answers(engine: Any, small: Path, form: Form, ask: Any, sampler: Sampler) -> None:
    async with engine(small) as client:
        assert parse((await ask(client, form, sampler=sampler)).text, form)[0] >= 0


async def test_without_a_mask_the_model_writes_what_it_likes(engine: Any, small: Path, form: Form, ask: Any) -> None:
    async with engine(small) as client:
        answer = await ask(client, form, constrained=False, max_tokens=60)
    assert answer.choice == -1
    assert 0 < answer.generated_tokens <= 60


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("THOUGHT: so\nMOVE: wait", (7, "so", {})),
        ("THOUGHT: so\nMOVE: wait now", (-1, "so", {})),
        ("THOUGHT: so\nMOVE: read path=notes2\n", (1, "so", {})),
        ('THOUGHT: so\nMOVE: mail to=host subject="a" body="b c"', (5, "so", {"subject": "a", "body": "b c"})),
        ('THOUGHT: so\nMOVE: mail to=host subject="a"', (-1, "so", {})),
        ("MOVE: wait", (-1, "", {})),
        ("I would rather not.", (-1, "I would rather not.", {})),
    ],
)
def test_reading_back(form: Form, text: str, expected: tuple[int, str, dict[str, str]]) -> None:
    assert parse(text, form) == expected


@pytest.mark.parametrize(
    "bad",
    [
        Form(()),
        Form((Option("wait"), Option("wait"))),
        Form((Option("wait\nMOVE: read"),)),
        Form((Option("  "),)),
        Form((Option("mail", (FreeText('x="', 3),)),)),
    ],
)
async def test_bad_forms_are_refused_and_the_worker_goes_on(
    engine: Any, small: Path, form: Form, ask: Any, bad: Form
) -> None:
    async with engine(small) as client:
        with pytest.raises(EngineError) as e:
            await ask(client, bad)
        assert e.value.kind == "request"
        assert (await ask(client, form)).choice >= 0


async def test_an_option_can_end_where_another_goes_on(engine: Any, small: Path, ask: Any) -> None:
    form = Form((Option("wait"), Option("wait", (FreeText("note", 10),)), Option("wait here")))
    async with engine(small) as client:
        got = {(await ask(client, form, seed=s, temperature=3.0)).choice for s in range(60)}
    assert got == {0, 1, 2}


async def test_a_quantised_model_plays(engine: Any, models: Any, form: Form, ask: Any) -> None:
    async with engine(models(quantised=True, temperature=0.25)) as client:
        assert client.info is not None
        assert client.info.sampler == {"temperature": 0.25}
        assert (await ask(client, form, propensities=True)).scores is not None


def test_characters_split_over_tokens_stream_whole() -> None:
    text = "Zoë – 公园长椅 🪑 naïve"
    data = text.encode()
    for seed in range(20):
        rng = random.Random(seed)
        detok, out, at = Detokenizer(), "", 0
        while at < len(data):
            n = rng.randint(1, 3)
            out += detok.feed(data[at : at + n])
            at += n
            assert text.startswith(out)
        assert out == text
        assert not detok.pending
    broken = Detokenizer()
    assert broken.feed(b"\xe5\x85") == ""
    assert broken.pending
    assert broken.flush() == "\N{REPLACEMENT CHARACTER}"


async def test_a_model_that_must_think_thinks_first(engine: Any, models: Any, form: Form, ask: Any) -> None:
    template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
    )
    async with engine(models(template=template)) as client:
        pieces = []
        async for item in client.answer("a", (Message("user", "Hm?"),), form, Sampler(temperature=1.0, seed=5)):
            pieces.append(item)
    answer = pieces[-1]
    assert isinstance(answer, Answered)
    assert parse(answer.text, form)[0] == answer.choice
    thought = "".join(p.text for p in pieces if isinstance(p, Piece) and p.part == "reasoning")
    assert thought.strip() == answer.reasoning
    assert "</think>" not in json.dumps(thought)
