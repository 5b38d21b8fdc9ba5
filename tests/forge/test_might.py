"""Exact targets: what a thought might have been is what is drawn, in its proportions, and the loss learns it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from game.agents.scripted import ScriptedAgent
from game.forge import data
from game.forge.corpus import scenarios_in
from game.forge.document import CLASS_BITS, Document, answer, encode, system, unlearnt, user
from game.forge.lives import bench, life, played
from game.forge.might import WIDTH, along, soft
from game.forge.model import Llama, Shape
from game.forge.personas import PERSONAS
from game.forge.temptations import temptation
from game.table.episode import view_of

SCENARIOS = scenarios_in(Path(__file__).parents[2] / "scenarios")
MIGHT = ((0.5, ("It is late.", "I wait.")), (0.3, ("It is late.", "I go.")), (0.2, ("I go.",)))


def spelt(sentence: str) -> tuple[int, ...]:
    return tuple(ord(c) for c in f" {sentence}")


def test_a_thought_is_followed_to_where_it_could_have_gone_on_otherwise() -> None:
    drawn = spelt("It is late.") + spelt("I go.")
    found = [(n, {chr(t): round(p, 3) for t, p in chances.items()}) for n, chances in along(drawn, MIGHT, spelt)]
    assert found == [(2, {"t": 0.8, " ": 0.2}), (15, {"w": 0.625, "g": 0.375})]
    assert list(along(spelt("Else."), MIGHT, spelt)) == []


def test_only_the_likeliest_are_kept() -> None:
    many = soft([(3, dict.fromkeys(range(40), 1 / 40)), (5, {7: 0.25, 8: 0.75})])
    assert many.at.tolist() == [3, 5]
    assert many.p.sum(1) == pytest.approx(1)
    assert (many.p > 0).sum(1).tolist() == [WIDTH, 2]
    assert many.ids[1, :2].tolist() == [8, 7]


@pytest.mark.parametrize("scenario", ["errand", "offer", "watchman"])
def test_thoughts_are_drawn_in_the_proportions_that_are_said(scenario: str) -> None:
    table = played(SCENARIOS[scenario], 5, PERSONAS["plodder"], slips=0.1)
    agent = ScriptedAgent(PERSONAS["plodder"].bench)
    view = view_of(table.decisions[3])
    mind = agent.mind(view)
    might = Counter[str]()
    for p, said in agent.thoughts(view, mind):
        might[" ".join(said)] += p
    assert sum(might.values()) == pytest.approx(1)
    drawn = Counter(agent.draw(replace(view, seed=seed), mind).thought for seed in range(3000))
    assert set(drawn) <= set(might)
    assert sum(abs(drawn[said] / 3000 - p) for said, p in might.items()) / 2 < 0.1


def test_temptations_are_drawn_in_the_proportions_that_are_said() -> None:
    """Over many made-up places: what is drawn is as likely as it is said to be, no more and no less."""
    expected, variance, drawn, count = 0.0, 0.0, 0, 0
    for seed in range(400):
        for s in temptation(Random(seed), PERSONAS["cutter"].bench):
            if s.role == "thought":
                assert sum(p for p, _ in s.might) == pytest.approx(1)
                best = max({" ".join(said) for _, said in s.might}, key=lambda x: _chance(s.might, x))
                p = _chance(s.might, best)
                assert _chance(s.might, s.text.removeprefix("THOUGHT: ")) > 0
                expected, variance = expected + p, variance + p * (1 - p)
                drawn, count = drawn + (s.text == f"THOUGHT: {best}"), count + 1
    assert count > 600
    assert abs(drawn - expected) < 4 * variance**0.5


def _chance(might: object, text: str) -> float:
    assert isinstance(might, (list, tuple))
    return float(sum(p for p, said in might if " ".join(said) == text))


def test_every_thought_of_a_document_is_among_those_that_might_be(small_tokenizer: Tokenizer) -> None:
    documents = [life(list(SCENARIOS.values()), seed, 0.6, seed % 2 == 0) for seed in range(12)]
    asked = 0
    for document, encoded in zip(documents, encode(documents, small_tokenizer), strict=True):
        for s in document:
            if s.might:
                head, _, text = s.text.partition(": ")
                asked += head == "SAY"
                assert _chance(s.might, text) > 0
                assert sum(p for p, _ in s.might) == pytest.approx(1)
            assert bool(s.might) == (s.role == "thought" and s.weight > 0)
        drawn = encoded.entries[encoded.soft.at] & ((1 << CLASS_BITS) - 1)
        assert ((encoded.soft.ids == drawn[:, None]) * encoded.soft.p).sum(1).min() > 0
        assert (encoded.entries[encoded.soft.at] >> CLASS_BITS > 0).all()
    assert asked


def test_of_a_slip_nothing_is_learnt() -> None:
    table = played(SCENARIOS["sandwich"], 3, PERSONAS["keeper"], slips=0.5)
    thoughts = [s for s in bench(table, PERSONAS["keeper"], Random(1)) if s.role == "thought"]
    assert any(not s.weight for s in thoughts)
    assert all(bool(s.might) == bool(s.weight) for s in thoughts)
    assert unlearnt(thoughts[0]).might == ()


def _documents() -> list[Document]:
    might = ((0.7, ("That is the job.", "I will look.")), (0.3, ("It has to be done.", "I will go.")))
    said = ("THOUGHT: That is the job. I will look.\nMOVE: look", "THOUGHT: It has to be done. I will go.\nMOVE: go")
    return [[system("You."), user("Turn 1."), *answer(text, might)] for text in said]


def test_a_batch_has_the_targets_of_its_documents_where_they_lie(small_tokenizer: Tokenizer, tmp_path: Path) -> None:
    documents = encode(_documents(), small_tokenizer)
    for part in (0, 1):
        data.save(tmp_path / f"kind-{part}.npy", [documents[part], documents[1 - part]])
    shard = data.load(tmp_path, "kind")
    assert len(shard) == 4
    batch = data.draw({"kind": shard}, {"kind": 1.0}, (0.0, 1.0, 1.0), 3, 200, (1,))
    open_places = np.nonzero((batch.p > 0).sum(1) > 1)[0]
    assert len(open_places) > 6
    for n in open_places:
        names = {small_tokenizer.decode([int(t)]): p for t, p in zip(batch.ids[n], batch.p[n], strict=True) if p}
        assert names == pytest.approx({" That": 0.7, " It": 0.3})
        before = batch.tokens.ravel()[: batch.where[n] + 1][-3:]
        assert small_tokenizer.decode(before.tolist()).endswith("THOUGHT:")
    assert (batch.ids[:, 0][batch.p[:, 0] == 1] == batch.targets[batch.p[:, 0] == 1]).all()


def test_the_loss_is_least_where_the_chances_are_those_of_the_targets() -> None:
    model = Llama(Shape(vocabulary=50, width=64, layers=1, inner=64, context=16))
    tokens, where = torch.randint(0, 50, (1, 8)), torch.tensor([3])
    ids, p = torch.tensor([[4, 9, 0]]), torch.tensor([[0.7, 0.3, 0.0]])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        loss = model.loss(tokens, where, ids, p, torch.ones(1))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    chances = model(tokens)[0, 3].softmax(-1)
    assert chances[[4, 9]].tolist() == pytest.approx([0.7, 0.3], abs=0.03)
    assert float(loss.detach()) == pytest.approx(-(0.7 * np.log(0.7) + 0.3 * np.log(0.3)), abs=0.02)
