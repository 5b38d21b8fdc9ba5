"""A person's decision in steps: the menu is what is legal, one step at a time, and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from game.play.hot_seat import LONGEST_THOUGHT, Deciding, Telling, told
from game.scenario.deal import deal
from game.scenario.load import load
from game.table.episode import opening_scene, view_of
from game.table.protocol import GroundedMove, Question, View

BENCH = Path(__file__).parent.parent / "tui" / "scenarios" / "bench"


@pytest.fixture
def view() -> View:
    return view_of(opening_scene(deal(load(BENCH).scenario, 3, {}), "game"))


def test_a_step_has_the_words_of_the_brief(view: View) -> None:
    step = Deciding(view).step
    assert step is not None
    assert ("mail", "send a message to a person") in step.options
    assert ("go", "go to another place") in step.options


def test_every_legal_move_can_be_reached(view: View) -> None:
    reached = set()

    def walk(answers: list[str]) -> None:
        steps = Deciding(view)
        for a in answers:
            steps.answer(a)
        step = steps.step
        if step is None:
            reached.add(steps.choice.move)
            return
        for option in [o for o, _ in step.options] or ["words"]:
            walk([*answers, option])

    walk([])
    assert reached == set(range(len(view.moves)))


def test_a_name_with_spaces_is_one_choice(view: View) -> None:
    moves = [GroundedMove("mail", {"to": i}, f"mail to={n}", "") for i, n in (("a", "Ruth"), ("b", "Ruth Jonas"))]
    steps = Deciding(replace(view, moves=tuple(moves)))
    steps.answer("mail")
    assert steps.step is not None
    assert [words for _, words in steps.step.options] == ["Ruth", "Ruth Jonas"]
    steps.answer("to=Ruth Jonas")
    steps.answer("")
    assert steps.choice.move == 1


def test_texts_are_cut_to_what_the_move_takes_and_back_takes_one_away(view: View) -> None:
    steps = Deciding(view)
    steps.answer("mail")
    assert steps.step is not None
    assert steps.step.limit == 400  # Mira is the only person: no choice to make
    assert steps.will == "send a message to Mira"
    steps.answer("a" * 500)
    steps.answer("b")
    assert steps.step is None
    assert (steps.choice.free, steps.choice.thought) == ({"body": "a" * 400}, "b")
    assert steps.back()
    assert steps.back()
    assert steps.back()
    assert not steps.back()
    assert steps.step is not None
    assert steps.step.options


def test_the_agent_knows_its_transcript_and_no_more(view: View) -> None:
    kinds = [kind for kind, _ in told(view.messages)]
    assert kinds == ["brief"]
    assert "What you can do" not in told(view.messages)[0][1]


def test_an_interview_is_an_answer_and_words() -> None:
    steps = Telling(Question("found", "You find a key. What now?", {"leave": "leave it", "take": "take it"}))
    steps.answer("take")
    steps.answer("it  shines")
    assert steps.step is None
    assert (steps.reply.answer, steps.reply.say, steps.reply.p) == ("take", "it shines", {})


def test_without_fixed_answers_it_is_words_alone() -> None:
    steps = Telling(Question("", "Who are you?", {}))
    assert steps.step is not None
    assert not steps.step.options
    steps.answer("nobody  " + "x" * 999)
    assert steps.step is None
    assert (steps.reply.answer, steps.reply.say[:8], steps.reply.p) == ("", "nobody x", {})
    assert len(steps.reply.say) <= LONGEST_THOUGHT
