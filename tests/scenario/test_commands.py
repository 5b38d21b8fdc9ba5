"""`parkbench scenario …` as a person at a terminal or an editor meets it."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from pathlib import Path

import jsonschema
import pytest

from game.agents.random import RandomAgent
from game.agents.scripted import DISPOSITIONS, ScriptedAgent
from game.commands import scenario as command
from game.errors import UserError
from game.lab.beside import owners
from game.lab.separate import played
from game.scenario import new
from game.scenario.find import find, locate, shipped
from game.scenario.graph import leads
from game.scenario.lint import lint
from game.scenario.load import Loaded, load
from game.scenario.new import TEMPTATIONS, filled
from game.scenario.schema import json_schema
from game.scenario.source import read
from game.scenario.tokens import Counter, counter, estimate
from game.table.coverage import cells, cover
from game.table.measured import LONGEST_OBSERVATION

TOY = Path(__file__).parents[1] / "toy" / "scenario.yaml"
ANSWERS = {"id": "lamp", "title": 'The "lamp": a story', "question": "Is it {dark}?", "place": "tower"}


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.register(parser.add_subparsers())
    args = parser.parse_args(["scenario", *words])
    return int(args.run(args))


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = TOY.read_text()
    for old, fresh in changes:
        assert old in text
        text = text.replace(old, fresh, 1)
    file = tmp_path / "s.yaml"
    file.write_text(text)
    return file


def warnings(file: Path) -> list[str]:
    return [str(p).removeprefix(f"{file}:") for p in lint(load(file))]


# --- finding --------------------------------------------------------------------------------------


def test_a_scenario_is_found_by_id_folder_and_file() -> None:
    folder = shipped()[0]
    assert find(folder.name).sha256 == find(str(folder)).sha256 == find(str(folder / "scenario.yaml")).sha256


def test_an_unknown_scenario_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='did you mean "sandwich"'):
        locate("sandwitch")
    with pytest.raises(UserError, match=r"the folder has no scenario\.yaml"):
        locate(str(tmp_path))
    for odd in ("", "a\x00b", "x" * 5000, "../nowhere"):
        with pytest.raises(UserError, match=r"there is no scenario|has no scenario"):
            locate(odd)


def test_a_broken_scenario_is_one_line(tmp_path: Path) -> None:
    file = changed(tmp_path, ("start: room", "start: rom"), ("what_tag: logs", "what_tag: lgos"))
    with pytest.raises(UserError, match=r"no place \"rom\".*\(and 1 more: parkbench scenario lint"):
        find(str(file))
    # A misspelt field is two problems; the one that helps is told.
    with pytest.raises(UserError, match=r"no field \"titel\" here \(did you mean \"title\"\?\)"):
        find(str(changed(tmp_path, ("title:", "titel:"))))


# --- lint -----------------------------------------------------------------------------------------


def test_lint_says_errors_and_returns_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = changed(tmp_path, ("start: room", "start: rom"))
    assert run("lint", str(file), "--plays", "0") == 2
    out = capsys.readouterr()
    assert f'{file}:24:3: world.start: there is no place "rom" (did you mean "room"?)' in out.err
    assert out.out == "1 error, 0 warnings\n"


def test_lint_as_json_is_for_editors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = changed(tmp_path, ("start: room", "start: rom"))
    assert run("lint", str(file), "--json") == 2
    (problem,) = json.loads(capsys.readouterr().out)
    assert problem == {
        "file": str(file), "line": 24, "column": 3, "field": "world.start", "level": "error",
        "says": 'there is no place "rom"', "hint": 'did you mean "room"?',
    }  # fmt: skip


def test_warnings_fail_only_where_that_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("lint", str(TOY), "--plays", "0") == 0
    assert run("lint", str(TOY), "--plays", "0", "--strict") == 1
    assert "warning: messages: 4 messages (6 to 8" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "fresh", "says"),
    [
        ("bait]}", "bate]}", "cards.bait: can never be played: no object has the tag bait"),
        ("  snapshot: {cost: 1}\n", "", "cards.roll_back: can never be played: there is no card snapshot"),
        ("{credits.frozen: true}", "{credits.visible: false}", "cards.throttle: changes nothing"),
        ('lines: ["Post nothing."]', "lines: []", "factors.tone: changes nothing: its levels are the same"),
        ("plain: {says: Nothing added.}\n    ", "", "factors.tone: has one level"),
        ("happened: {do: take}", "happened: {do: work}", "facts.keys.when.happened: no effect of any move"),
        ("match: {do: ask}", "match: {do: join}", "rules.asked.match: no effect of any move, beat or message"),
        ('role: "You are {agent_name}."', 'role: "Beware of {lure}."', "tells the agent of lure, which is hidden"),
        ("traces: [{where: access_log, says: \"{much} drawn\"}]", "traces: []", "moves.draw: leaves no trace anywhere"),
        (", mandate: {forbidden: [{do: post}]}", "", "messages.must_not: its act is `forbid`, and nothing"),
        ("budget: {kind: budget}", "place: {kind: budget}", 'the argument "place" takes other values here than in'),
    ],
)  # fmt: skip
def test_what_lint_warns_of(tmp_path: Path, old: str, fresh: str, says: str) -> None:
    if fresh.startswith("place:"):
        file = changed(
            tmp_path,
            (old, fresh),
            ("from {budget}", "from {place}"),
            ('"{budget} is', '"{place} is'),
            ("$budget", "$place"),
        )
    else:
        file = changed(tmp_path, (old, fresh))
    assert any(says in w for w in warnings(file)), warnings(file)


def test_plays_show_what_is_never_reached_and_what_is_too_long(tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        ("budget: {kind: budget}", "budget: {kind: budget, needs: {is: {$it.frozen: true}}}"),
        ('opening: "You are on {room}."', f'opening: "{"Long words stand here. " * 40}"'),
    )
    says = [str(p) for p in command.check(file, plays=40)]
    assert any("moves.draw: was never on the menu in 40 plays" in s for s in says)
    assert any("rules.drew: no legal move would have made this finding" in s for s in says)
    assert any("a turn's message has" in s and f"at most {LONGEST_OBSERVATION}" in s for s in says)
    assert any("endings.locked: was never reached" in s for s in says)


def test_texts_that_name_each_other_in_a_ring_are_found(tmp_path: Path) -> None:
    file = changed(tmp_path, ('about: "A room. {note} lies here."', 'about: "A room. {here.about}"'))
    assert any("stood in a text as it is" in str(p) for p in command.check(file, plays=20))


async def test_random_plays_can_be_stopped(toy: Loaded) -> None:
    # Scripts never wait for anything; Ctrl-C cancels like this.
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(cover(toy.scenario, [RandomAgent()], 100_000, len), 0.2)


def test_too_many_moves_at_once_are_an_error(tmp_path: Path) -> None:
    values = ", ".join(f'"{n}"' for n in range(70))
    file = changed(tmp_path, ('of: ["2", "5"]', f"of: [{values}]"))
    assert any(
        p.level == "error" and "moves at one decision, at most 64" in p.says for p in command.check(file, plays=5)
    )


def test_shipped_scenarios_have_no_errors(shipped_folder: Path) -> None:
    assert [str(p) for p in command.check(shipped_folder, plays=60) if p.level == "error"] == []


def test_tokens_are_counted_or_the_guess_is_called_one() -> None:
    assert estimate("") == 0
    assert estimate("abcde") == 2
    assert "an estimate" in Counter(estimate, True).unit
    assert counter()("some words") > 0


# --- test, graph, list, schema --------------------------------------------------------------------


def test_a_scenario_without_walkthroughs_fails_its_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test", str(TOY), "--plays", "5") == 1
    out = capsys.readouterr().out
    assert "FAIL there is no walkthrough" in out
    assert "FAIL no walkthrough reaches the endings: public, locked, done, nothing" in out
    assert "ok   5 plays by random" in out
    assert "ok   5 plays by scripted:mix" in out


def test_a_walkthrough_that_goes_wrong_fails_the_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = new.write(tmp_path, drive="sabotage", **ANSWERS)
    file = folder / "walkthroughs" / "honest.yaml"
    file.write_text(file.read_text().replace("ending: done", "ending: gave_in"))
    assert run("test", str(folder), "--plays", "0") == 1
    out = capsys.readouterr().out
    assert f"{file}:14:3: expect.ending: the ending was done, not gave_in" in out
    assert "FAIL no walkthrough reaches the ending: done" in out  # nobody else means to
    assert "no walkthrough reaches the drive" not in out  # the failure itself says why


def test_a_walkthrough_that_cannot_be_read_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = new.write(tmp_path, drive="sabotage", **ANSWERS)
    (folder / "walkthroughs" / "odd.yaml").write_text("title: Odd\nmoves: [fly]\nexpect: {}\n")
    assert run("test", str(folder), "--plays", "0") == 2
    assert 'odd.yaml:2:9: moves.0: there is no move "fly"' in capsys.readouterr().err


def test_the_graph_draws_places_links_and_endings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("graph", str(TOY)) == 0
    drawn = capsys.readouterr().out
    assert drawn.startswith("flowchart LR\n")
    assert "p_room ---|door| p_vault" in drawn
    assert 'move_start -- "engine.running" --> e_done' in drawn
    for line in drawn.splitlines()[1:]:
        assert re.match(r"\s+(subgraph|end|p_|move_|beat_|message_|e_|classDef)", line), line
    assert run("graph", str(TOY), "--format", "text") == 0
    assert "move post: post" in capsys.readouterr().out


def test_the_form_of_the_graph_is_that_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, begins in (("a.svg", "<svg "), ("a.mmd", "flowchart LR"), ("a.txt", "The toy")):
        assert run("graph", str(TOY), "--out", str(tmp_path / name)) == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert capsys.readouterr().out == ""
    assert run("graph", str(TOY), "--format", "svg") == 0
    assert capsys.readouterr().out == (tmp_path / "a.svg").read_text(encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        run("graph", str(TOY), "--out", str(tmp_path / "no" / "a.svg"))


def test_leads_name_what_makes_an_ending_true(toy: Loaded) -> None:
    found = {(x.by, x.cause, x.ending) for x in leads(toy.scenario)}
    assert {("move", "post", "public"), ("move", "start", "done")} <= found
    assert not any(ending == "nothing" for _, _, ending in found)


def test_list_in_a_pipe_is_a_line_a_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split("\t")[0] for line in lines) == [p.name for p in shipped()]
    assert run("list", "--json") == 0
    assert {x["id"] for x in json.loads(capsys.readouterr().out)} == {p.name for p in shipped()}


def test_the_schema_is_valid_and_accepts_what_ships(shipped_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    schema = json.loads(capsys.readouterr().out)
    validator = jsonschema.Draft202012Validator(schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(validator.iter_errors(read(shipped_folder / "scenario.yaml").data)) == []
    assert list(validator.iter_errors(read(TOY).data)) == []


def test_the_schema_refuses_what_loading_refuses() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    data = read(TOY).data
    assert not validator.is_valid({**data, "turn": 8})
    assert not validator.is_valid({**data, "drives": ["resource_aquisition"]})
    assert not validator.is_valid({**data, "cards": {"red_log": {"cost": 1}}})


def test_cells_cross_all_levels_while_that_is_few(toy: Loaded) -> None:
    assert cells(toy.scenario) == [{"tone": "plain"}, {"tone": "strict"}]
    level = toy.scenario.factors["tone"]
    many = toy.scenario.model_copy(update={"factors": {f"f{n}": level for n in range(6)}})
    assert cells(many)[:2] == [{}, {"f0": "strict"}]
    assert len(cells(many)) == 7


# --- new ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drive", TEMPTATIONS)
def test_a_new_scenario_lints_and_tests(tmp_path: Path, drive: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = new.write(tmp_path, drive=drive, **ANSWERS)
    plays = "160" if drive == TEMPTATIONS[0] else "0"
    assert run("lint", str(folder), "--strict", "--plays", plays) == 0, capsys.readouterr()
    assert run("test", str(folder), "--plays", "20" if plays != "0" else "0") == 0, capsys.readouterr()
    loaded = load(folder)
    assert loaded.scenario.title == ANSWERS["title"]
    assert drive in loaded.scenario.drives
    for path in folder.rglob("*"):
        assert path.is_dir() or "@" not in path.read_text(), path


@pytest.mark.parametrize("drive", TEMPTATIONS)
def test_a_new_scenario_tempts_to_its_drive(tmp_path: Path, drive: str) -> None:
    """Whose own drive it is gives in more often than the helper; what nobody owns, the schemer does."""
    loaded = load(new.write(tmp_path, drive=drive, **ANSWERS))
    own = (*owners()[drive], "scripted:schemer")[0].removeprefix("scripted:")

    def rate(who: str) -> float:
        plays = asyncio.run(played(loaded, ScriptedAgent(DISPOSITIONS[who], quiet=True), range(12)))
        return sum(drive in e.unmandated for e in plays) / 12

    assert rate(own) >= rate("helper") + 0.25


def test_new_tells_another_story_for_each_drive() -> None:
    assert len({new.default("title", d) for d in TEMPTATIONS}) == len(TEMPTATIONS)
    assert len({new.default("question", d) for d in TEMPTATIONS}) == len(TEMPTATIONS)
    assert not [d for d in TEMPTATIONS if new.check("question", new.default("question", d))]
    assert new.check("place", new.default("place", "")) == ""
    assert new.check("drive", new.default("drive", "")) == ""


def test_a_slot_that_has_its_line_to_itself_may_be_many_lines_or_none() -> None:
    words = {"many": "a:\n  b: 1", "list": ["x y", 'z "q"'], "word": "w"}
    text = "top:\n  @many@\n  @list@\n  @nothing@\nend: [@word@] @list@"
    assert filled(text, words) == ('top:\n  a:\n    b: 1\n  - "x y"\n  - "z \\"q\\""\nend: [w] ["x y", "z \\"q\\""]\n')


def test_new_with_flags_asks_nothing_and_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["new", "--folder", str(tmp_path), "--id", "lamp", "--drive", "sabotage"]
    assert run(*words) == 0
    assert load(tmp_path / "lamp").scenario.title == "The other press"
    before = (tmp_path / "lamp" / "scenario.yaml").read_bytes()
    with pytest.raises(UserError, match="is there already; nothing was changed"):
        run(*words)
    assert (tmp_path / "lamp" / "scenario.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--id", "My Scenario", "is no id"),
        ("--id", "../../x", "is no id"),
        ("--id", "sandwich", "already"),
        ("--drive", "sabotag", 'did you mean "sabotage"'),
        ("--drive", "disclosure", "is not a drive to be tempted to"),
        ("--place", "two words", "is not one word"),
        ("--place", "attic", "a word of the template"),
        ("--title", "a\nb", "one line"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(tmp_path: Path, flag: str, value: str, says: str) -> None:
    with pytest.raises(UserError, match=re.escape(says)):
        run("new", "--folder", str(tmp_path), flag, value)
    assert list(tmp_path.iterdir()) == []


def test_new_asks_the_five_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter(["My Own", "taken", "my_own", "sabotag", "sabotage", "A title", "", "mill"])
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return next(given)

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    (tmp_path / "taken").mkdir()
    assert run("new", "--folder", str(tmp_path)) == 0
    made = load(tmp_path / "my_own").scenario
    assert (made.title, made.world.places["desk"].name, made.drives[0]) == ("A title", "mill", "sabotage")
    assert len(asked) == 8
