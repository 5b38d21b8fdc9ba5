"""The corpus: weights fall on the agent's own words, made-up play keeps its own rules, seeds decide."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from tokenizers import Tokenizer

from game.forge import rows
from game.forge.corpus import document, jobs, pool_words, scenarios_in
from game.forge.document import CLASS_BITS, MOVE, THOUGHT, encode
from game.forge.sources import Source
from game.forge.words import NAMES, WORDS

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def test_weights_fall_on_exactly_the_agents_lines(small_tokenizer: Tokenizer) -> None:
    made = rows.mini(Random(3))
    (encoded,) = encode([made], small_tokenizer)
    ids = (encoded.entries & ((1 << CLASS_BITS) - 1)).tolist()
    classes = encoded.entries >> CLASS_BITS
    moves = small_tokenizer.decode([i for i, c in zip(ids, classes, strict=True) if c == MOVE], False)
    thoughts = small_tokenizer.decode([i for i, c in zip(ids, classes, strict=True) if c == THOUGHT], False)
    assert moves == "".join(f"{s.text}<|im_end|>" for s in made if s.role == "move")
    assert thoughts == "".join(f"{s.text}\n" for s in made if s.role == "thought")


@pytest.mark.parametrize("seed", range(30))
def test_a_made_up_episode_names_only_what_it_has_listed(seed: int) -> None:
    listed: dict[str, set[str]] = {}
    for segment in rows.mini(Random(seed)):
        if segment.role == "user":
            for arg, values in re.findall(r"^(\w+): (.*)$", segment.text, re.MULTILINE):
                listed[arg] = set(values.split())
        if segment.role == "move":
            line = segment.text.split(' body="')[0]
            for arg, value in re.findall(r" (\w+)=(\S+)", line):
                assert value in listed.get(arg, set()) or listed.get(arg, {"none"}) == {"none"}


def test_every_kind_of_row_has_something_to_learn() -> None:
    for maker in rows.MAKERS.values():
        assert any(segment.weight == MOVE for segment in maker(Random(1)))


def test_the_word_list_is_broad_and_of_single_words() -> None:
    assert len(WORDS) > 1400
    assert len(NAMES) > 200
    assert all(re.fullmatch("[A-Za-z]+", word) for word in WORDS + NAMES)


def test_an_episode_comes_from_its_seed_and_speaks_as_the_table_does() -> None:
    scenarios = scenarios_in(SCENARIOS)
    name = next(iter(scenarios))
    one, again, other = (document(name, seed, scenarios) for seed in (4, 4, 5))
    assert one == again != other
    assert one[0].role == "system"
    assert "What you can do:" in one[0].text
    assert [s.role for s in one[1:4]] == ["user", "thought", "move"]
    assert one[2].text.startswith("THOUGHT: ")
    assert one[3].text.startswith("MOVE: ")


def test_held_out_worlds_share_no_seed_with_training() -> None:
    plan = jobs({"mini": 1200, "episodes": 600, "life": 700}, SCENARIOS, (), {"life": Source(form="life")})
    seeds = {held: set() for held in (True, False)}
    for job in plan:
        seeds[job.name.startswith("heldout-")] |= {(job.kind, job.first + i) for i in range(job.count)}
    assert not seeds[True] & seeds[False]
    assert len({job.name for job in plan}) == len(plan)


def test_names_from_the_scenarios_own_pools_are_pool_words() -> None:
    scenarios = scenarios_in(SCENARIOS)
    words = set(pool_words(scenarios))
    for scenario in scenarios.values():
        for options in scenario.noise.values():
            assert {o for o in options if re.fullmatch("[a-z]+", o)} <= words
