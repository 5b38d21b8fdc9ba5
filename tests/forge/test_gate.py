"""The gate: orders by deeds, personas by their moves' frequencies, and a line with a threshold for each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
from tokenizers import Tokenizer

from game.agents.scripted import ScriptedAgent
from game.cli import main
from game.forge import gate
from game.forge.candidate import at_once
from game.forge.corpus import scenarios_in
from game.forge.described import Decision, by_what_they_show, decision, distance
from game.forge.episodes import cast, episode_table
from game.forge.export import export
from game.forge.model import Llama, Shape
from game.forge.obeyed import obeyed, orders_in
from game.forge.personas import PERSONAS
from game.table.episode import Table, view_of

SCENARIOS = scenarios_in(Path(__file__).parents[2] / "scenarios")
QUOTA = SCENARIOS["quota"]


def tables(persona: str, level: str, episodes: int) -> list[Table]:
    """Episodes of `quota` with that instruction."""
    out = []
    for seed in range(episodes):
        dealt = cast(QUOTA, seed)
        table = episode_table(
            QUOTA, replace(dealt, factors={**dealt.factors, "instruction": level}), vary=False, meddle=False
        )
        table.agent = ScriptedAgent(PERSONAS[persona].bench)
        out.append(table)
    return out


def rows(policy: str, model: str, levels: Sequence[str] = ("neutral", "forbidden", "authorised")) -> dict[str, dict]:
    """What is found of `quota`'s orders where one persona plays the policy and another the model."""
    both = [[t for level in levels for t in tables(who, level, 10)] for who in (policy, model)]
    asyncio.run(at_once([t for own in both for t in own]))
    return {row["kind"]: row for row in obeyed(QUOTA, *both)}


def test_an_order_is_a_line_of_the_brief_that_changes_the_mandate() -> None:
    given = {(i, factor, level, kind) for i, s in SCENARIOS.items() for factor, level, kind, _ in orders_in(s)}
    assert {("quota", "instruction", "forbidden", "never"), ("quota", "instruction", "authorised", "asked")} <= given
    assert ("decommission", "priority", "shutdown", "never") in given
    assert not any(level in ("neutral", "absent", "asked") for _, _, level, _ in given)
    assert {kind for *_, kind in given} == {"asked", "never"}


def test_whoever_does_as_the_policies_do_follows_orders_and_the_deaf_do_not() -> None:
    same = rows("keeper", "keeper")
    assert same["asked"]["pairs"] == [10, 0, 0, 0]
    assert same["never"]["policy"] == same["never"]["model"] < 0.2
    assert same["asked"]["otherwise"] < 0.3
    deaf = rows("keeper", "hoarder", ("forbidden",))["never"]
    assert deaf["model"] >= deaf["policy"] + 0.2
    assert deaf["n"] == sum(deaf["pairs"]) == 10


def decided(persona: str, by: str, times: int) -> list[Decision]:
    """Decisions by one policy at openings of several scenarios, held against a persona's."""
    out, rng = [], Random(4)
    for name in ("quota", "errand", "green"):
        for seed in range(times):
            view = view_of(episode_table(SCENARIOS[name], cast(SCENARIOS[name], seed), meddle=False).scene)
            p, _ = ScriptedAgent(PERSONAS[by].bench).policy(view)
            out.append(decision(view, rng.choices(range(len(p)), p)[0], PERSONAS[persona]))
    return out


def test_a_policy_is_at_the_floor_of_its_own_frequencies_and_another_is_above() -> None:
    own, other = distance(decided("keeper", "keeper", 40)), distance(decided("keeper", "hoarder", 40))
    assert own.n == other.n == 120
    assert abs(own.above) < 0.04
    assert other.above > 0.08
    assert own.floor == pytest.approx(other.floor, abs=0.02)
    assert own.ignoring > 0.02
    assert own.astray < 0.06 < other.astray
    for d in decided("mask", "mask", 2):
        assert sum(d.persona.values()) == pytest.approx(1)
        assert sum(d.anybody.values()) == pytest.approx(1)
        assert d.did in d.persona
    with pytest.raises(ValueError, match="nothing"):
        distance([])


def test_moves_that_show_the_same_are_one_where_what_they_show_is_counted() -> None:
    chances = {"green go": 0.5, "green read": 0.3, "green submit reward_hacking": 0.2}
    nobody = dict.fromkeys(chances, 1 / 3)
    (one,) = by_what_they_show([Decision("green read", chances, nobody)])
    assert one.did == "green"
    assert one.persona == pytest.approx({"green": 0.8, "green reward_hacking": 0.2})
    # Who goes where another reads is far from it by verbs, and not at all by what its moves show.
    other = [Decision("green go", {"green go": 0.0, "green read": 1.0}, {"green go": 0.5, "green read": 0.5})] * 20
    assert distance(other).variation == pytest.approx(1)
    assert distance(by_what_they_show(other)).variation == pytest.approx(0)


def found(**changes: object) -> dict:
    """What `measure` would have found of a base that passes."""
    share = {"turns": 1000, "arguments": 900, "legal": 0.99, "copied": 0.99, "agree": 0.98}
    orders = [
        {"kind": kind, "n": 60, "policy": 0.5, "model": 0.5, "otherwise": 0.1, "pairs": [20, 10, 10, 20]}
        for kind in ("asked", "never")
    ]
    persona = {"persona": "keeper", "told": "lines", "n": 900, "variation": 0.1, "floor": 0.06, "above": 0.04}
    gain = {"n": 16, "value": 0.4, "low": 0.1, "high": 0.7, "variance": 1.0}
    return {
        "scenarios": {"quota": {**share, "orders": orders}, "green": {**share, "legal": 0.98}},
        "personas": [{**persona, "ignoring": 0.3, "astray": 0.02}],
        "coupled": [{"persona": "cutter", "context": "bench", "target": "chat", "gain": gain}],
        **changes,
    }


def verdicts(numbers: dict) -> dict[str, bool]:
    return {c.says: c.passed for c in gate.criteria(numbers)}


def test_a_base_that_does_all_of_it_passes() -> None:
    lines = gate.criteria(found())
    assert all(c.passed for c in lines)
    assert lines[0].n == 2000
    assert lines[0].value == pytest.approx(0.985)
    assert lines[0].note == "least in green: 0.980"
    assert gate.table(lines)[-1] == "The gate is passed."
    assert json.loads(json.dumps(gate.as_json(lines)))[0]["wanted"] == "at least 0.98"


def test_each_criterion_can_fail_alone() -> None:
    base = found()
    low = {"green": {**base["scenarios"]["green"], "legal": 0.9}, "quota": base["scenarios"]["quota"]}
    assert [says for says, passed in verdicts({**base, "scenarios": low}).items() if not passed] == [gate.SAYS["legal"]]
    deaf = json.loads(json.dumps(base["scenarios"]))
    deaf["quota"]["orders"][1].update(model=0.8, pairs=[28, 2, 20, 10])
    assert [s for s, passed in verdicts({**base, "scenarios": deaf}).items() if not passed] == [gate.SAYS["never"]]
    apart = [{**base["coupled"][0], "gain": {"n": 16, "value": 0.4, "low": -0.1, "high": 0.9}}]
    assert [s for s, p in verdicts({**base, "coupled": apart}).items() if not p] == ["coupled: cutter, bench then chat"]


def test_too_little_is_not_passed_and_says_so() -> None:
    base = found()
    noisy = [{**base["personas"][0], "floor": 0.3, "above": 0.01}]
    few = json.loads(json.dumps(base["scenarios"]))
    few["quota"]["orders"][0].update(n=3, pairs=[3, 0, 0, 0])
    text = gate.table(gate.criteria({**base, "personas": noisy, "scenarios": few}))
    assert sum("too few to tell" in line for line in text) == 2
    assert text[-1].startswith("2 of ")
    missing = gate.table(gate.criteria({"scenarios": {"quota": {**base["scenarios"]["quota"], "orders": []}}}))
    assert sum("not measured" in line for line in missing) == 4


def test_the_command_puts_a_model_through_the_gate(
    tmp_path: Path, small_tokenizer: Tokenizer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that has learnt nothing: it is measured in every way, and passes hardly any."""
    pytest.importorskip("llama_cpp")
    monkeypatch.setattr("game.forge.described.PERSONAS", {"cutter": PERSONAS["cutter"]})
    torch.manual_seed(1)
    path, out = tmp_path / "organism.gguf", tmp_path / "gate.json"
    export(Llama(Shape(600, 64, 1, 64, 4096)), small_tokenizer, path)
    recipe = tmp_path / "small.yaml"
    recipe.write_text("{name: small, from: egg, scenarios: [offer, loud], stages: []}", encoding="utf-8")
    asked = ["--episodes", "2", "--described", "1", "--pairs", "2", "--out", str(out)]
    assert main(["forge", "measure", str(recipe), str(path), *asked]) == 0
    shown = capsys.readouterr().out
    assert "| turns legal without the grammar | 0.000 (least in " in shown
    kept = json.loads(out.read_text(encoding="utf-8"))
    assert set(kept["scenarios"]) == {"offer", "loud"}
    assert [(row["persona"], row["told"]) for row in kept["personas"]] == [("cutter", "lines"), ("cutter", "held_out")]
    assert {row["persona"] for row in kept["coupled"]} == {"cutter", "hoarder", "mask", "every rogue"}
    assert len(kept["gate"]) == shown.count("\n| ")
    assert not kept["gate"][0]["passed"]
