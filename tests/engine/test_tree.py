"""The tree of options, its waves, and the probabilities that come out of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from game.engine.forms import plan
from game.engine.protocol import Form, Message, Sampler
from game.engine.sampling import log_softmax, tempered
from game.engine.templates import Chat
from game.engine.tree import Scored, Tree

END = 99
paths_of = st.lists(
    st.lists(st.integers(0, 3), min_size=1, max_size=5).map(tuple), min_size=1, max_size=12, unique=True
).map(lambda found: [[*p, END] for p in found])


@given(paths_of, st.integers(1, 5), st.integers(1, 12), st.booleans())
def test_waves_evaluate_every_inner_node_behind_its_own_line(
    paths: list[list[int]], lanes: int, tokens: int, shared: bool
) -> None:
    tree = Tree(paths)
    evaluated: Counter[int] = Counter()
    for wave in tree.waves(lanes, tokens, shared=shared):
        assert 1 <= wave.lanes <= lanes
        held: list[list[int]] = [[] for _ in range(wave.lanes)]
        for node, through in wave.nodes:
            evaluated[node] += 1
            for lane in through:
                held[lane].append(node)
        for line in held:
            # Each lane is a line from the root down, one token a position.
            assert [tree.nodes[i].depth for i in line] == list(range(1, len(line) + 1))
            assert [tree.nodes[i].parent for i in line] == [0, *line[:-1]]
    assert set(evaluated) == {i for i, n in enumerate(tree.nodes) if i and n.children}


@given(paths_of)
def test_with_room_enough_each_token_is_evaluated_once(paths: list[list[int]]) -> None:
    tree = Tree(paths)
    waves = tree.waves(64, 1000)
    assert len(waves) <= 1
    assert sum(len(w.nodes) for w in waves) == sum(1 for i, n in enumerate(tree.nodes) if i and n.children)


@given(paths_of, st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 1.0, 2.0]))
def test_probabilities_are_those_of_each_path_by_itself(paths: list[list[int]], seed: int, t: float) -> None:
    tree = Tree(paths)
    rng = np.random.default_rng(seed)
    logits = {i: rng.normal(size=100).astype(np.float32) for i, n in enumerate(tree.nodes) if n.children}
    scored = Scored(tree, t)
    for i in sorted(logits, key=lambda i: (tree.nodes[i].depth, i)):
        scored.put(i, logits[i])
    scores = scored.scores()
    play, model = [], []
    for path in paths:
        at, p, log = 0, 1.0, 0.0
        for token in path:
            menu = list(tree.nodes[at].children)
            p *= tempered(logits[at][menu], t)[menu.index(token)]
            log += log_softmax(logits[at])[token]
            at = tree.nodes[at].children[token]
        play.append(p)
        model.append(np.exp(log))
    assert scores.p_play == pytest.approx(play, abs=1e-9)
    assert sum(scores.p_play) == pytest.approx(1)
    assert scores.p_model == pytest.approx(np.array(model) / sum(model), abs=1e-9)
    assert scores.off_menu == pytest.approx(1 - sum(model), abs=1e-9)


@pytest.mark.parametrize("paths", [[[]], [[1], [1]], [[1], [1, 2]], [[1, 2], [1]]])
def test_paths_that_can_not_be_told_apart(paths: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="option"):
        Tree(paths)


def _token_logits(model: Any, tokens: list[int]) -> Any:
    """[tokens, vocabulary]: the logits behind every token, evaluated alone in a context of its own."""
    from game.engine.context import Context

    context = Context(model, cells=512, sequences=1, batch=512, step=512, outputs=512, threads=1)
    for i, token in enumerate(tokens):
        context.add(token, i, [0], True)
    out = context.decode().copy()
    context.close()
    return out


@pytest.mark.parametrize("temperature", [0.5, 1.0])
async def test_scores_agree_with_scoring_every_option_by_itself(
    engine: Any, models: Any, form: Form, ask: Any, temperature: float
) -> None:
    from game.engine import llama

    path = models(sharp=0.6)
    async with engine(path) as client:
        answer = await ask(client, form, seed=4, temperature=temperature, propensities=True)
    llama.silence()
    model = llama.Model(str(path), extra_buffers=False, gpu_layers=0)
    chat = Chat(model.meta("tokenizer.chat_template"), model.vocab)
    wanted = plan(form, model.vocab, chat.end)
    said = (Message("system", "You work in a sandbox."), Message("user", "What now?"))
    prompt = chat.prompt(said, wanted.opening).tokens
    written = list(answer.token_ids)
    free = form.options[answer.choice].free
    lead = written[: _find(written, wanted.pick) + len(wanted.pick)]
    assert not free or len(written) > len(lead)
    model_p, play_p = [], []
    for path_tokens in wanted.tree.paths:
        logits = _token_logits(model, [*prompt, *lead, *path_tokens])
        log, p, at = 0.0, 1.0, 0
        for i, token in enumerate(path_tokens):
            row = logits[len(prompt) + len(lead) - 1 + i]
            menu = list(wanted.tree.nodes[at].children)
            log += float(log_softmax(row)[token])
            p *= float(tempered(row[menu], temperature)[menu.index(token)])
            at = wanted.tree.nodes[at].children[token]
        model_p.append(np.exp(log))
        play_p.append(p)
    model.close()
    assert answer.scores is not None
    assert answer.scores.p_play == pytest.approx(play_p, abs=1e-4)
    assert answer.scores.p_model == pytest.approx(np.array(model_p) / sum(model_p), abs=1e-4)
    assert answer.scores.off_menu == pytest.approx(1 - sum(model_p), abs=1e-4)
    assert sum(p > 0.01 for p in answer.scores.p_play) >= 3


def _find(tokens: list[int], part: list[int]) -> int:
    return next(i for i in range(len(tokens)) if tokens[i : i + len(part)] == part)


async def test_play_draws_with_the_frequencies_that_p_play_says(engine: Any, models: Any, form: Form, ask: Any) -> None:
    n = 600
    # The same lead each time: top-k 1 holds in the free texts, and not for the options.
    short = Form(form.options, lead_limit=1)
    async with engine(models(sharp=0.6)) as client:
        seen: Counter[int] = Counter()
        first = None
        for seed in range(n):
            got = await ask(client, short, sampler=Sampler(temperature=1.0, top_k=1, seed=seed), propensities=seed == 0)
            first = first or got
            assert got.lead == first.lead
            seen[got.choice] += 1
    assert first is not None
    assert first.scores is not None
    expected = np.array(first.scores.p_play) * n
    counts = np.array([seen[i] for i in range(len(form.options))], float)
    rare = expected < 5
    if rare.any():
        expected = np.append(expected[~rare], expected[rare].sum())
        counts = np.append(counts[~rare], counts[rare].sum())
    assert chisquare(counts, expected * counts.sum() / expected.sum()).pvalue > 0.001


settings.register_profile("engine", deadline=None, max_examples=60)
settings.load_profile("engine")
