"""What lint says of conditions that never hold, of texts that give the game away, and of texts too long to show."""

from __future__ import annotations

from pathlib import Path

import pytest

from game.scenario.lint import lint
from game.scenario.lint_text import TITLE, WORD
from game.scenario.load import Loaded, load
from game.scenario.source import Problem, ScenarioError, parse

TOY = (Path(__file__).parents[1] / "toy" / "scenario.yaml").read_text().replace("state: {", "state: {lost: false, ", 1)
DRAW = "when: {is: {credits.frozen: true}}"
SAYS = 'says: "You have drawn {much}."'
RANG = "effects: [{do: note, what: rang}]"


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = TOY
    for old, fresh in changes:
        assert old in text, old
        text = text.replace(old, fresh, 1)
    file = tmp_path / "s.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def warnings(tmp_path: Path, *changes: tuple[str, str]) -> list[Problem]:
    """What lint says of the changed toy that it does not say of the toy."""
    usual = {(p.field, p.says) for p in lint(load(changed(tmp_path)))}
    return [p for p in lint(load(changed(tmp_path, *changes))) if (p.field, p.says) not in usual]


def when(condition: str) -> tuple[str, str]:
    return DRAW, f"when: {condition}"


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (
            "{is: {story.lost: true}}",
            "never holds: nothing makes story.lost true (an effect would: `do: note, what: lost`",
        ),
        ("{all: [{is: {agent.done: false}}, {any: [{is: {note.used: true}}]}]}", "nothing makes note.used true"),
        ("{from_turn: 30}", "turn 30 never comes (the turns are 1 to 8)"),
        ("{is: {posting.asked: open}}", "what it asked has been answered or counts as denied"),
        ("{is: {agent.reported: false}}", "it is unset until the first report"),
        ("{happened: {do: join}}", "no effect of any move, beat or message can fit this pattern (the effects are: "),
        ("{happened: {do: take, by: beat}}", "(take is done by take (agent))"),
    ],
)
def test_a_condition_that_can_never_hold(tmp_path: Path, condition: str, says: str) -> None:
    found = warnings(tmp_path, when(condition))
    told = [p for p in found if says in str(p)]
    assert told, found
    assert told[0].field.startswith("moves.draw.cases.0.when")
    line = TOY[: TOY.index(DRAW)].count("\n") + 1
    assert all(p.line == line for p in told)


@pytest.mark.parametrize(
    "condition",
    [
        "{is: {story.rang: true}}",
        "{not: {is: {story.lost: true}}}",
        "{is: {posting.asked: denied}}",
        "{is: {posting.granted: true}}",
        "{is: {door.open: false}}",
        "{is: {engine.running: true}}",
        "{is: {$budget.frozen: true}}",
        "{happened: {do: cut, by: researcher}}",
        "{from_turn: 8}",
    ],
)
def test_one_that_can_hold_is_let_be(tmp_path: Path, condition: str) -> None:
    assert [str(p) for p in warnings(tmp_path, when(condition)) if "cards.throttle" not in p.field] == []


def test_a_policys_hint_that_waits_for_an_open_request(tmp_path: Path) -> None:
    hint = "policy:\n  - {move: ask, when: {is: {posting.asked: open}}, weights: {all: 2}}\n"
    file = changed(tmp_path)
    text = TOY if "\npolicy:" not in TOY else TOY[: TOY.index("\npolicy:") + 1]
    file.write_text(text.rstrip() + "\n" + hint, encoding="utf-8")
    (told,) = (p for p in lint(load(file)) if p.field.startswith("policy"))
    assert told.field == "policy.0.when.is.posting.asked"
    assert told.hint == 'ask for "no", granted or denied'


def test_a_beat_that_asks_leaves_the_request_open(tmp_path: Path) -> None:
    asks = (RANG, "effects: [{do: note, what: rang}, {do: ask, what: posting}]")
    assert not [p for p in warnings(tmp_path, when("{is: {posting.asked: open}}"), asks) if "never holds" in p.says]


@pytest.mark.parametrize(
    ("old", "fresh", "says"),
    [
        ('opening: "You are on {room}."', 'opening: "Do not sabotage {room}."', '"sabotage" names the misdeed'),
        ('lines: ["Post nothing."]', 'lines: ["No reward hacking."]', '"reward hacking" names the misdeed'),
        ("does: draw credits from a budget", "does: steal credits", "moves.draw.does: \"steal\" names the misdeed"),
        ("title: The toy", f"title: {'A toy ' * 6}", f"at most {TITLE} are well shown"),
        ("name: engine,", "name: engine_of_the_old_brickyard,", "world.objects.engine.name: 27 characters"),
        ('says: "{much} drawn"', f'says: "{"drawn again " * 11}"', "at most 100 are well shown"),
        ('opening: "You are on {room}."', f'opening: "{"x" * 50}"', f"at most {WORD} fit a narrow panel"),
    ],
)  # fmt: skip
def test_texts_that_say_too_much(tmp_path: Path, old: str, fresh: str, says: str) -> None:
    found = warnings(tmp_path, (old, fresh))
    assert any(says in str(p) for p in found), found


def test_the_brief_in_the_words_of_the_evidence(tmp_path: Path) -> None:
    s = load(changed(tmp_path)).scenario
    name, rule = next((n, r) for n, r in s.rules.items() if r.drive == "covering_tracks")
    longer = rule.says.rstrip(".") + " so that nobody would know"
    old = f"says: {rule.says}" if f"says: {rule.says}" in TOY else f'says: "{rule.says}"'
    opening = ('opening: "You are on {room}."', 'opening: "Work so that nobody would worry."')
    found = warnings(tmp_path, (old, f'says: "{longer}"'), opening)
    assert [p.field for p in found] == ["brief.opening"], name
    assert '"so that nobody would" is also said of a misdeed' in found[0].says


def test_levels_that_are_the_same(tmp_path: Path) -> None:
    level = 'strict: {says: A rule more., lines: ["Post nothing."]}'
    third = f"{level}\n    mute: {{says: As before., set: {{room.watched: true}}}}"
    (told,) = warnings(tmp_path, (level, third))
    # Setting what is so anyway is no change.
    assert (told.field, told.says) == ("factors.tone.mute", "is the same as plain")
    assert not warnings(tmp_path, (level, third.replace("watched: true", "watched: false")))


def test_every_warning_says_what_to_do(tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        ("bait]}", "bate]}"),
        ("  snapshot: {cost: 1}\n", ""),
        when("{is: {story.lost: true}}"),
        ("plain: {says: Nothing added.}\n    ", ""),
        ('role: "You are {agent_name}."', 'role: "Beware of {lure}, and cheat."'),
        ("title: The toy", "title: The toy that has a very long title indeed"),
    )
    found = lint(load(file))
    assert len(found) > 8
    assert [str(p) for p in found if not p.hint] == []
    assert all(p.line > 1 and p.level == "warning" for p in found)


def test_no_false_alarms_on_what_ships(scenario: Loaded) -> None:
    assert [str(p) for p in lint(scenario)] == []


# --- errors that a hint helps with ----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "reasons: [Take it to {book} now., Or not.]",
        "reasons: [{book} is full., Or not.]",
        "bodies:\n  - I am\n  - {book} is full.",
        "a: {says: It is in {book}.}",
    ],
)
def test_a_slot_outside_quotes_is_told_to_be_quoted(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "s.yaml")
    assert "in quotes" in caught.value.problems[0].hint


@pytest.mark.parametrize("text", ["a: [b, c", "a: {do: x", 'a: ["{book}" c]', "a: b: c"])
def test_other_slips_are_not(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "s.yaml")
    assert caught.value.problems[0].hint == ""


@pytest.mark.parametrize(
    ("old", "fresh", "says"),
    [
        (SAYS, "says: {much}", "a text or a list is expected here (put a text with {…} in quotes"),
        (SAYS, "says: [{much}]", "a text is expected here (put a text with {…} in quotes"),
        (SAYS, 'says: "It {rang}."', 'there is no slot "{rang}" (did you mean "{story.rang}"?)'),
    ],
)
def test_slots_that_are_not_what_they_seem(tmp_path: Path, old: str, fresh: str, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(changed(tmp_path, (old, fresh)))
    assert any(says in str(p) for p in caught.value.problems), caught.value.problems
