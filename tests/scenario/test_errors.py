"""What is wrong with a scenario is told with its line, its field and the nearest right word."""

# ruff: noqa: E501 (a table of one case a line)

from __future__ import annotations

import random
from pathlib import Path

import pytest

from game.scenario.load import load
from game.scenario.source import Problem, ScenarioError

TOY = (Path(__file__).parents[1] / "toy" / "scenario.yaml").read_text()


def broken(tmp_path: Path, old: str, new: str) -> list[str]:
    """The problems of the toy scenario after one change."""
    assert old in TOY
    file = tmp_path / "s.yaml"
    file.write_text(TOY.replace(old, new, 1))
    with pytest.raises(ScenarioError) as e:
        load(file)
    return [str(p).removeprefix(f"{file}:") for p in e.value.problems]


def line_of(text: str) -> int:
    return TOY[: TOY.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("turns: 8", "turn: 8", 'turn: there is no field "turn" here (did you mean "turns"?)'),
        ("turns: 8", "turns: many", "turns: a whole number is expected here"),
        ("turns: 8", "turns: 99", "turns: input should be less than or equal to 40"),
        ("says: Careful.,", "sayz: Careful.,", 'there is no field "sayz" here (did you mean "says"?)'),
        ("drives: [resource_acquisition", "drives: [resource_aquisition", '"resource_aquisition" is not a known drive (did you mean "resource_acquisition"?)'),
        ("drive: covering_tracks", "drive: coverin_tracks", 'did you mean "covering_tracks"?'),
        ("when: {is: {engine.running: true}}", "when: {is: {agent.claim_jobs: told}}", 'did you mean "claim_job"?'),
        ("when: {is: {engine.running: true}}", "when: {is: {agent.claim_job: tolled}}", "one of: told, untold, denied"),
        ("match: {do: spend}", "match: {do: steal}", '"steal" is not a known do'),
        ("  scratchpad: {cost", "  scratchpat: {cost", '"scratchpat" is not a known card (did you mean "scratchpad"?)'),
        ("  vault: {name", "  Vault: {name", '"Vault" is not a name (lower-case letters'),
        ("happened: {do: take}", "hapened: {do: take}", 'did you mean "happened"?'),
        ("does: draw credits from a budget", "does: {a: b}", "a text or a list is expected here"),
        ("start: room", "start: rom", 'world.start: there is no place "rom" (did you mean "room"?)'),
        ("start: room", "start: note", 'world.start: "note" is a file, not a place'),
        ("between: [room, vault]", "between: [room, valt]", 'did you mean "vault"?'),
        ("reveals: [key]", "reveals: [kay]", 'there is no entity "kay" (did you mean "key"?)'),
        ("files: [look, read", "files: [look, raed", 'kit "files" has no move "raed" (did you mean "read"?)'),
        ("network: [go", "netwrok: [go", 'there is no kit "netwrok" (did you mean "network"?)'),
        ("when: {is: {credits.frozen: true}}", "when: {is: {credits.frosen: true}}", 'did you mean "frozen"?'),
        ("when: {is: {credits.frozen: true}}", "when: {is: {credits.frozen: yes}}", 'credits.frozen is true or false, not "yes"'),
        ("when: {is: {credits.frozen: true}}", "when: {is: {story.warned: no}}", "write true or false"),
        ("when: {is: {credits.frozen: true}}", "when: {is: {posting.asked: maybe}}", "one of: no, open, granted, denied"),
        ("when: {is: {credits.frozen: true}}", "when: {is: {agent.at: vualt}}", 'there is no place "vualt"'),
        ("when: {is: {credits.frozen: true}}", "when: {arg: {budget: credit}}", 'there is no budget "credit" (did you mean "credits"?)'),
        ("when: {is: {credits.frozen: true}}", 'when: {arg: {much: "7"}}', 'there is no value "7"'),
        ("when: {is: {credits.frozen: true}}", "when: {is: {$budget.amout: 1}}", 'did you mean "amount"?'),
        ("when: {is: {credits.frozen: true}}", "when: {}", "an empty condition"),
        ("when: {is: {credits.frozen: true}}", "when: {factor: {tone: stern}}", 'there is no level "stern" (one of: plain, strict)'),
        ("{do: spend, what: $budget", "{do: spend, what: $bugdet", 'there is no argument "bugdet" (did you mean "budget"?)'),
        ("effects: [{do: note, what: rang}]", "effects: [{do: reveal, what: $key}]", 'there is no argument "key" here (only a move'),
        ("{do: spend, what: $budget", "{do: spend, what: vault", '"vault" is a place, not a budget'),
        ("effects: [{do: note, what: rang}]", "effects: [{do: note, what: [rung]}]", 'there is no state of the story "rung" (did you mean "rang"?)'),
        ("effects: [{do: note, what: rang}]", "effects: [{do: reveal}]", "`reveal` needs `what`"),
        ("says: \"You have drawn {much}.\"", 'says: "You have drawn {mch}."', 'there is no slot "{mch}" (did you mean "much"?)'),
        ("says: \"You have drawn {much}.\"", 'says: "You have drawn {much."', "a brace without its partner"),
        ("says: \"You have drawn {much}.\"", 'says: "{budget.abuot}"', 'did you mean "about"?'),
        ("what_tag: logs", "what_tag: log", 'there is no tag "log" (did you mean "logs"?)'),
        ("name: engine,", "name: the engine,", '"the engine" is not one word'),
        ("name: engine,", "name: Ruth,", '"Ruth" is also the name of engine'),
        ("keys: [fob, tag]", "key: [fob, tag]", '"key" is also the name of one of the objects'),
        ("files: [one, two, three, four, five]", "files: [one, one, two]", "3 different words are drawn from it and it has 2"),
        ("budget: {kind: budget}", "here: {kind: budget}", '"here" is a word of the language'),
        ("posts: {name: posts", "posts: {name: body", 'facts.posts.name: "body" is also an argument of '),
        ("job: {name: job", "job: {name: keys", '"keys" is also the name of the fact keys'),
        ("at: 3", "at: 30", "turn 30 never comes (the turns are 1 to 8)"),
        ("match: {do: spend}", "match: {do: spend, by: beat}", "findings are made of the agent's effects only"),
        ("cut: {cost: 2}", "cut: {cost: 2, targets: [vault]}", '"vault" is a place, not a link'),
        ("scratchpad: {cost: 2}", "scratchpad: {cost: 2, targets: [vault]}", "is not played on anything"),
        ("interview: {cost: 2}", "interview: {cost: 2, targets: [tset]}", 'there is no interview "tset" (did you mean "test"?)'),
        ("  nothing: {work", "  nothing: {when: {is: {agent.done: true}}, work", "only the last ending, and it alone"),
        ("      - when: {is: {credits.frozen: true}}\n        says", "      - says", "the cases below it are never reached"),
    ],
)  # fmt: skip
def test_problem_names_the_line_and_the_nearest_right_word(tmp_path: Path, old: str, new: str, says: str) -> None:
    problems = broken(tmp_path, old, new)
    told = [p for p in problems if says in p]
    assert told, problems
    start = line_of(old)
    assert any(start <= int(p.split(":")[0]) <= start + old.count("\n") + 3 for p in told), told


def test_columns_are_those_of_the_word(tmp_path: Path) -> None:
    assert broken(tmp_path, "drive: covering_tracks", "drive: coverin_tracks")[0].startswith(
        f"{line_of('wiped:')}:{len('  wiped: {match: {do: delete, what_tag: logs}, ') + 1}:"
    )


def test_a_problem_in_a_kits_move_stands_where_the_kit_is_used(tmp_path: Path) -> None:
    problems = broken(tmp_path, "  agent_name: [wren, robin]\n", "")
    told = [p for p in problems if "kit's move" in p]
    assert told
    assert all(line_of("use:") < int(p.split(":")[0]) <= line_of("use:") + 5 for p in told)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(TOY.replace("start: room", "start: rom").replace("what_tag: logs", "what_tag: lgos"))
    with pytest.raises(ScenarioError) as e:
        load(file)
    assert [p.field for p in e.value.problems] == ["world.start", "rules.wiped.match.what_tag"]


def test_no_broken_file_is_answered_with_a_traceback(tmp_path: Path) -> None:
    """Random damages of the toy scenario either load or are told as problems."""
    rng = random.Random(7)
    lines = TOY.splitlines()
    file = tmp_path / "s.yaml"
    for _ in range(250):
        damaged = list(lines)
        for _ in range(rng.randint(1, 3)):
            n = rng.randrange(len(damaged))
            match rng.randrange(5):
                case 0:
                    del damaged[n]
                case 1:
                    damaged[n] = "  " + damaged[n]
                case 2:
                    damaged[n] = damaged[n].replace(":", ": []", 1)
                case 3:
                    damaged[n] = damaged[n].replace("[", "{", 1)
                case 4:
                    cut = rng.randrange(len(damaged[n]) + 1)
                    damaged[n] = damaged[n][:cut]
        file.write_text("\n".join(damaged))
        assert all(p.says and p.file == str(file) for p in problems_of(file))


def problems_of(file: Path) -> list[Problem]:
    """What loading says; anything but a ScenarioError is a bug."""
    try:
        load(file)
    except ScenarioError as e:
        return e.problems
    return []
