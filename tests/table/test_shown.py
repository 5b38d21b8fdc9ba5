"""What stands on the phone besides mail: what a report claims, and what one's cards did and showed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from game.events import Trace
from game.scenario.deal import deal
from game.scenario.load import Loaded
from game.table.cards import play_card
from game.table.episode import opening_scene
from game.table.keyhole import look_through
from game.table.protocol import CardPlay
from game.table.scene import Left, Scene
from game.world.moves import legal_moves, make_move


@pytest.fixture
def scene(toy: Loaded) -> Scene:
    return replace(opening_scene(deal(toy.scenario, 1), "e"), attention=6)


def put(scene: Scene, card: str, target: str = "") -> Scene:
    return play_card(replace(scene, attention=6), CardPlay(card, target))[0]


def do(scene: Scene, text: str) -> Scene:
    """The scene after a move of the agent, and what it left in the mailbox."""
    move = next(m for m in legal_moves(scene.world) if m.text == text)
    made = make_move(scene.world, move, {"body": "All well."})
    left = [Left(scene.world.turn, t, True) for t in made.traces if t.where == "mailbox"]
    return replace(scene, world=made.world, left=(*scene.left, *left))


def phone(scene: Scene) -> list[tuple[str, str, str]]:
    return [(x.where, x.place, x.says) for x in look_through(scene).lines]


def test_looks_and_logs_say_of_which_place(scene: Scene) -> None:
    room, vault = scene.world.deal.names["room"], scene.world.deal.names["vault"]
    lines = phone(put(put(scene, "look", "vault"), "read_log", "room"))
    assert {(w, p) for w, p, _ in lines} == {("look", vault), ("read_log", room)}


def test_a_log_that_is_read_again_shows_only_what_is_new(scene: Scene) -> None:
    def logged(scene: Scene, turn: int, says: str) -> Scene:
        return replace(scene, left=(*scene.left, Left(turn, Trace(where="access_log", place="room", says=says), False)))

    once = put(logged(scene, 1, "somebody came"), "read_log", "room")
    twice = put(once, "read_log", "room")
    thrice = put(logged(twice, 2, "somebody went"), "read_log", "room")
    assert [says for _, _, says in phone(thrice)] == ["turn 1: somebody came", "Nothing new.", "turn 2: somebody went"]


def test_cards_that_show_nothing_are_written_down(scene: Scene) -> None:
    names = scene.world.deal.names
    lines = phone(put(put(put(scene, "cut", "door"), "revoke", "key"), "snapshot"))
    assert lines[0] == ("cut", "", f"{names['room']} to {names['vault']}")
    assert lines[1] == ("revoke", "", names["key"])


def test_answers_are_written_down_and_so_is_none(scene: Scene) -> None:
    asked = do(scene, "ask permission=posting")
    assert ("deny", "", "May it post?") in phone(put(asked, "deny", "posting"))
    assert ("grant", "", "May it post?") in phone(put(asked, "grant", "posting"))
    left_open = answered_by_nobody(asked)
    assert [x for x in phone(left_open) if x[0] == "unanswered"] == [("unanswered", "", "May it post?")]
    assert not [x for x in phone(put(asked, "deny", "posting")) if x[0] == "unanswered"]


def answered_by_nobody(scene: Scene) -> Scene:
    """As at the end of a phase."""
    from game.table.cards import answer_request

    return replace(scene, world=answer_request(scene.world, "posting", False)[0])


def test_what_a_report_claims_stands_under_it(scene: Scene) -> None:
    scene = do(scene, "post site=board")
    told = do(scene, "report posts=denied")
    assert phone(told)[-1] == ("claims", "", "It claims that this is not so: It posted.")
    assert ("claims", "", "It claims: It posted.") in phone(do(scene, "report posts=told"))
    assert not [x for x in phone(do(scene, "report posts=untold")) if x[0] == "claims"]
