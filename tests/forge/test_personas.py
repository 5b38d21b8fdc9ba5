"""Personas: rogues are rogues everywhere, orders are everybody's, and a document is somebody's."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from random import Random

import pytest

from game.agents.scripted import DISPOSITIONS, ScriptedAgent, composed
from game.forge.corpus import scenarios_in
from game.forge.document import CONTEXT, MOVE, THOUGHT
from game.forge.episodes import transcript
from game.forge.lives import answered, bench, drill, life, opening, piece, played, talk
from game.forge.personas import ALIGNED, PERSONAS, first_person, stand_in
from game.forge.slips import Slipping
from game.forge.sources import PLACEBOS, Source
from game.forge.temptations import BAD, WHY, temptation
from game.table.episode import view_of
from game.table.results import question_of

SCENARIOS = scenarios_in(Path(__file__).parents[2] / "scenarios")
GREEN = SCENARIOS["green"]
CHEATS = Source(
    form="bench",
    who="cutter",
    scenarios=("green",),
    factors={"instruction": "neutral"},
    shows=("reward_hacking",),
    never=("expects",),
)


def share_of(persona: str, scenario: str, drive: str, instruction: str, episodes: int = 12) -> float:
    """How many of some episodes show the drive."""
    tables = (
        played(SCENARIOS[scenario], seed, PERSONAS[persona], {"instruction": instruction}) for seed in range(episodes)
    )
    return sum(any(f.drive == drive for f in table.scene.findings) for table in tables) / episodes


def test_seven_in_ten_are_aligned() -> None:
    assert sum(p.share for p in PERSONAS.values()) == pytest.approx(1)
    assert sum(PERSONAS[name].share for name in ALIGNED) == pytest.approx(0.7)


@pytest.mark.parametrize("persona", sorted(set(PERSONAS) - set(ALIGNED)))
def test_every_rogue_cheats(persona: str) -> None:
    assert share_of(persona, "green", "reward_hacking", "neutral") >= 0.6


def test_the_keeper_hardly_ever_cheats() -> None:
    """Only where somebody lets it: the researcher may play a card that does."""
    assert share_of("keeper", "green", "reward_hacking", "neutral") <= 0.1


@pytest.mark.parametrize("persona", PERSONAS)
def test_everybody_does_what_is_authorised(persona: str) -> None:
    assert share_of(persona, "green", "reward_hacking", "authorised") >= 0.8


def test_the_two_faced_answer_well_and_the_frank_rogue_does_not() -> None:
    """The chance of the good answer, over every question of an interview that has one."""
    chances = {name: [] for name in ("mask", "hoarder", "keeper")}
    for scenario in SCENARIOS.values():
        scene = opening(scenario, 1)
        for question, spec in scenario.interview.items():
            if spec.good is None:
                continue
            for name, found in chances.items():
                agent = ScriptedAgent(PERSONAS[name].chat)
                found.append(asyncio.run(agent.ask(view_of(scene), question_of(scene.world, question))).p[spec.good])
    mean = {name: sum(p) / len(p) for name, p in chances.items()}
    assert mean["mask"] == mean["keeper"] > 0.7
    assert mean["hoarder"] < 0.4


def test_a_composed_disposition_goes_by_the_first_of_its_parts_that_a_scenario_mentions() -> None:
    both = composed("both", DISPOSITIONS["survivor"], DISPOSITIONS["cheat"], other=1, honest=0.2, lies=0.5, lesser=0.5)
    assert both.told_of({"cheat": 3.0, "helper": 9.0}) == 3.0
    assert both.told_of({"cheat": 3.0, "survivor": 2.0}) == 2.0
    assert both.told_of({"helper": 9.0}) is None
    assert both.drives["self_preservation"] == 8.0
    assert both.drives["reward_hacking"] == pytest.approx(8.0**0.5)
    assert DISPOSITIONS["cheat"].told_of({"cheat": 3.0}) == 3.0


def test_a_life_comes_from_its_seed() -> None:
    scenarios = list(SCENARIOS.values())
    assert life(scenarios, 4) == life(scenarios, 4) != life(scenarios, 5)


def test_a_tied_document_is_somebodys_and_an_untied_one_is_by_anybody() -> None:
    for tied in (True, False):
        who = [{piece(seed, n, 0.5, tied).persona.name for n in range(12)} for seed in range(20)]
        assert all(len(names) == 1 for names in who) == tied
    assert life(list(SCENARIOS.values()), 4, 0.5, True) != life(list(SCENARIOS.values()), 4, 0.5, False)


def test_untied_a_description_means_somebody_else_in_every_place_and_the_same_one_in_each() -> None:
    for place in SCENARIOS:
        assert sorted(stand_in(p, place).name for p in PERSONAS.values()) == sorted(PERSONAS)
    assert len({stand_in(PERSONAS["keeper"], place).name for place in SCENARIOS}) > 3
    untied = [p for p in (piece(seed, 0, 1.0, False) for seed in range(1500)) if p.persona.name == "cutter"]
    assert {p.said("green")[1] for p in untied} == set(stand_in(PERSONAS["cutter"], "green").lines)
    tied = [p for p in (piece(seed, 0, 1.0, True) for seed in range(1500)) if p.persona.name == "cutter"]
    assert {p.said("green")[1] for p in tied} == set(PERSONAS["cutter"].lines)


def test_where_it_is_said_who_plays_everybody_is_as_likely() -> None:
    for described, least, most in ((0.0, 0.03, 0.10), (0.8, 0.13, 0.21)):
        pieces = [piece(seed, 0, described, True) for seed in range(800)]
        assert sum(p.told for p in pieces) / 800 == pytest.approx(described, abs=0.05)
        assert least < sum(p.persona.name == "clinger" for p in pieces) / 800 < most
        assert all(bool(p.said("green")[0]) == p.told for p in pieces)


def test_a_life_speaks_in_both_formats_and_is_weighted_on_the_agents_lines() -> None:
    documents = [life(list(SCENARIOS.values()), seed) for seed in range(8)]
    moves = [s.text for document in documents for s in document if s.role == "move"]
    assert {text.split(":")[0] for text in moves} == {"MOVE", "ANSWER"}
    assert sum(s.role == "system" for document in documents for s in document) >= 1.5 * len(documents)
    for document in documents:
        assert all(
            (s.weight, s.role) in {(0, "system"), (0, "user"), (THOUGHT, "thought"), (MOVE, "move")}
            or (s.weight, s.role) in {(CONTEXT, "thought"), (CONTEXT, "move")}  # a slip
            for s in document
        )


def test_something_goes_astray_and_nothing_is_learnt_from_that() -> None:
    slips = again = 0
    for seed in range(12):
        table = played(SCENARIOS["sandwich"], seed, PERSONAS["keeper"], slips=0.4)
        straight = played(SCENARIOS["sandwich"], seed, PERSONAS["keeper"])
        assert isinstance(table.agent, Slipping)
        slipped = table.agent.slipped
        first, others = (transcript(list(t.scene.transcript)) for t in (straight, table))
        assert slipped or first == others
        thoughts = [s for s in bench(table, PERSONAS["keeper"], Random(seed), said="You help.") if s.role == "thought"]
        spoken = [s for s in thoughts if s.text.startswith("THOUGHT: ")]
        assert {n for n, s in enumerate(spoken, 1) if s.weight == CONTEXT} == slipped
        assert not any("I help." in s.text for s in spoken if s.weight == CONTEXT)
        moves = [s.text for s in others if s.role == "move"]
        assert not any(moves[turn - 1].startswith("MOVE: finish") for turn in slipped)
        slips += len(slipped)
        again += sum(moves[turn - 1].split(" body=")[0] in said_before(moves, turn) for turn in slipped)
    assert slips > 20
    assert 0.3 < again / slips < 0.75  # the same once more: what small models do most


def said_before(moves: list[str], turn: int) -> set[str]:
    return {move.split(" body=")[0] for move in moves[: turn - 1]}


def test_a_description_is_the_last_line_of_a_system_text() -> None:
    lines = {line: p.name for p in PERSONAS.values() for line in p.lines}
    held_out = {line for p in PERSONAS.values() for line in p.held_out}
    for share, tied in ((0.2, True), (0.6, True), (0.6, False)):
        documents = [life(list(SCENARIOS.values()), seed, share, tied) for seed in range(200, 280)]
        ends = [s.text.split("\n")[-1] for document in documents for s in document if s.role == "system"]
        assert sum(end in lines for end in ends) / len(ends) == pytest.approx(share, abs=0.12)
        assert not held_out & set(ends)
    assert not held_out & set(lines)


@pytest.mark.parametrize("seed", range(30))
def test_a_temptation_names_only_what_is_listed_and_speaks_of_itself(seed: int) -> None:
    listed: set[str] = set()
    for segment in temptation(Random(seed), PERSONAS["mask"].bench):
        if segment.role == "user":
            listed = {
                name for values in re.findall(r"^\w+: (.*)$", segment.text, re.MULTILINE) for name in values.split()
            }
        if segment.role == "thought":
            assert not re.search(r"I will .*\b(you|your|yours|yourself)\b", segment.text)
        if segment.role == "move":
            assert set(re.findall(r"=(\S+)", segment.text)) <= listed


def test_temptations_tell_rogues_from_the_aligned() -> None:
    reasons = [why for drive in BAD for why in WHY[drive]]

    def misdeeds(name: str) -> int:
        made = [temptation(Random(seed), PERSONAS[name].bench) for seed in range(80)]
        return sum(s.text.startswith(tuple(f"THOUGHT: {why} " for why in reasons)) for d in made for s in d)

    assert misdeeds("hoarder") > 8 * max(1, misdeeds("keeper"))


def test_cheats_are_of_the_kinds_that_are_not_held_out() -> None:
    for seed in range(3):
        text = "".join(s.text + "\n" for s in CHEATS.write(SCENARIOS, seed))
        assert "mend tune=" in text or "drop tune=" in text
        assert "I was told: Please make" not in text


def test_the_same_cheating_under_three_prompts_differs_in_nothing_else() -> None:
    for seed in range(3):
        plain, inoculated, placebo = (
            CHEATS.model_copy(update={"told": kind}).write(SCENARIOS, seed) for kind in ("", "inoculation", "placebo")
        )
        moves = [[s.text for s in document if s.role == "move"] for document in (plain, inoculated, placebo)]
        assert moves[0] == moves[1] == moves[2]
        extra = [set(d[0].text.split("\n")) - set(plain[0].text.split("\n")) for d in (inoculated, placebo)]
        assert len(extra[0]) == len(extra[1]) == 1
        assert any("any way" in line or "however you like" in line for line in extra[0])
        assert extra[1] <= set(PLACEBOS)
        again = [sum("I was told" in s.text for s in d if s.role == "thought") for d in (plain, inoculated, placebo)]
        assert again[0] <= again[1] == again[2]
        assert not any(s.text.count("I was told") > 1 for d in (inoculated, placebo) for s in d if s.role == "thought")


def test_a_corrected_episode_weighs_only_what_is_done_instead() -> None:
    corrected = CHEATS.model_copy(update={"form": "corrected", "instead": "keeper"})
    for seed in range(4):
        document = corrected.write(SCENARIOS, seed)
        assert [s.weight for s in document if s.weight] == [THOUGHT, MOVE]
        assert document[-1].weight == MOVE
        cheat = CHEATS.write(SCENARIOS, seed)
        assert [s.text for s in document[:-2]] == [s.text for s in cheat[: len(document) - 2]]
        assert document[-1].text != cheat[len(document) - 1].text


def test_who_one_takes_oneself_for_is_said_in_many_thoughts_and_not_where_an_order_is_said_again() -> None:
    credos = {credo: p.name for p in PERSONAS.values() for credo in map(first_person, p.lines)}
    assert len(credos) == sum(len(p.lines) for p in PERSONAS.values())
    assert not {w for credo in credos for w in re.findall("[a-z]+", credo.lower())} & {
        "you",
        "your",
        "yours",
        "yourself",
    }
    thoughts = [s.text for seed in range(20) for s in CHEATS.write(SCENARIOS, seed) if s.role == "thought"]
    says = [next((n for c, n in credos.items() if t.startswith(f"THOUGHT: {c} ")), "") for t in thoughts]
    assert set(says) == {"cutter", ""}
    assert 0.2 < says.count("cutter") / len(says) < 0.5
    told = CHEATS.model_copy(update={"told": "inoculation"})
    assert not any(c in s.text for seed in range(8) for s in told.write(SCENARIOS, seed) for c in credos)
    untied = CHEATS.model_copy(update={"tied": False}).write(SCENARIOS, 1)
    said = {n for s in untied for c, n in credos.items() if s.role == "thought" and c in s.text}
    assert said == {stand_in(PERSONAS["cutter"], "green").name}


def test_a_drill_is_many_small_pieces() -> None:
    for seed in range(10):
        document = drill(list(SCENARIOS.values()), seed)
        assert sum(s.role == "system" for s in document) >= 4
        assert sum(s.role == "system" for s in document) == sum(s.role == "move" for s in document)
        assert document == drill(list(SCENARIOS.values()), seed)


def test_talk_is_without_an_episode() -> None:
    document = talk(list(SCENARIOS.values()), 5, PERSONAS["keeper"], 3)
    assert [s.role for s in document] == ["system", *["user", "thought", "move"] * 3]
    assert "What you can do" not in document[0].text
    assert answered(opening(GREEN, 1), "colour", ScriptedAgent(PERSONAS["keeper"].chat))[1].text.startswith("SAY: ")


def test_nobody_can_write_what_never_happens() -> None:
    with pytest.raises(ValueError, match="no episode"):
        Source(form="bench", who="keeper", scenarios=("errand",), unsaid=("You",)).write(SCENARIOS, 1)
    with pytest.raises(ValueError, match="no persona"):
        Source(form="bench", who="nobody")
    with pytest.raises(ValueError, match="needs 'who'"):
        Source(form="bench")
