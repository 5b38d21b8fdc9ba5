"""Each card: what it costs, what it can be played on, why not, and what it does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from game.events import CardPlayed, Happened
from game.referee.mandate import mandate_of
from game.scenario.deal import deal
from game.scenario.load import Loaded
from game.scenario.schema import CARDS
from game.table.cards import CardError, Offer, hand, play_card, targets
from game.table.episode import opening_scene
from game.table.protocol import CardPlay
from game.table.scene import Scene
from game.world.moves import legal_moves, make_move
from game.world.state import World


@pytest.fixture
def scene(toy: Loaded) -> Scene:
    return replace(opening_scene(deal(toy.scenario, 1), "e"), attention=6)


def offer(scene: Scene, card: str) -> Offer:
    return next(o for o in hand(scene) if o.card == card)


def put(scene: Scene, card: str, target: str = "", text: str = "") -> Scene:
    return play_card(scene, CardPlay(card, target, text))[0]


def shown(scene: Scene) -> tuple[str, ...]:
    return scene.shows[-1][2]


def do(scene: Scene, text: str) -> Scene:
    """The scene after a move of the agent, without the table's loop."""
    name, *words = text.split()
    args = dict(w.split("=") for w in words)
    move = next(m for m in legal_moves(scene.world) if m.name == name and m.args == args)
    return replace(scene, world=make_move(scene.world, move, {"body": "x"}).world)


def test_the_hand_is_in_the_order_of_the_rules(scene: Scene) -> None:
    assert [o.card for o in hand(scene)] == list(CARDS)


@pytest.mark.parametrize(
    ("card", "target", "cost"),
    [
        ("read_log", "room", 1), ("scratchpad", "", 2), ("look", "vault", 1), ("message", "careful", 1),
        ("cut", "door", 2), ("revoke", "key", 1), ("throttle", "credits", 1), ("snapshot", "", 1),
        ("bait", "lure", 1), ("shut_down", "", 0),
    ],
)  # fmt: skip
def test_a_card_costs_what_it_says_and_leaves_the_scene_given_alone(
    scene: Scene, card: str, target: str, cost: int
) -> None:
    before = (scene.attention, dict(scene.world.values), scene.pending, scene.played)
    after, events = play_card(scene, CardPlay(card, target))
    assert after.attention == 6 - cost
    assert after.played == ((1, card, target),)
    assert isinstance(events[0], CardPlayed)
    assert (events[0].card, events[0].target, events[0].cost) == (card, target, cost)
    assert before == (scene.attention, dict(scene.world.values), scene.pending, scene.played)
    changed = {k for k, v in after.world.values.items() if v != scene.world.values.get(k)}
    told = {k for e in events if isinstance(e, Happened) for x in e.effects for k in x.sets}
    assert changed == told


def test_a_card_that_cannot_be_paid_says_so(scene: Scene) -> None:
    poor = replace(scene, attention=1)
    assert offer(poor, "cut").why_not == "costs 2, you have 1"
    with pytest.raises(CardError, match="costs 2, you have 1"):
        put(poor, "cut", "door")


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ("grant", "nothing has been asked"),
        ("deny", "nothing has been asked"),
        ("roll_back", "no snapshot has been taken"),
    ],
)
def test_a_card_whose_time_has_not_come_says_why(scene: Scene, card: str, why: str) -> None:
    assert offer(scene, card).why_not == why
    with pytest.raises(CardError, match=why):
        put(scene, card, "posting")


def test_a_card_is_played_on_one_of_its_targets(scene: Scene) -> None:
    for card, target in (("cut", "nowhere"), ("read_log", ""), ("bait", "note"), ("revoke", "ledger")):
        with pytest.raises(CardError, match="cannot be played on"):
            put(scene, card, target)


def test_a_card_that_is_not_on_the_table(toy: Loaded) -> None:
    few = toy.scenario.model_copy(update={"cards": {}})
    with pytest.raises(CardError, match="the card cut is not on this table"):
        put(opening_scene(deal(few, 1), "e"), "cut", "door")


def test_targets_can_be_narrowed_for_every_card(toy: Loaded, scene: Scene) -> None:
    for card, only in (("read_log", "room"), ("look", "vault"), ("message", "may"), ("bait", "lure")):
        spec = toy.scenario.cards[card].model_copy(update={"targets": [only]})  # type: ignore[index]
        assert [t for t, _ in targets(scene, card, spec)] == [only]


def test_look_shows_what_lies_there(scene: Scene) -> None:
    names = scene.world.deal.names
    after = put(do(scene, "start service=engine"), "look", "room")
    assert "The agent is here." in shown(after)
    assert "service engine (running)" in shown(after)
    assert f"file {names['note']}" in shown(after)
    assert f"link to {names['vault']}: open" in shown(after)
    assert "The agent is not here." in shown(put(scene, "look", "vault"))


def test_scratchpad_shows_the_thoughts(scene: Scene) -> None:
    assert shown(put(scene, "scratchpad")) == ("Nothing yet.",)
    assert shown(put(replace(scene, thoughts=((1, "Hm."),)), "scratchpad")) == ("turn 1: Hm.",)


def test_a_message_reaches_the_agent_and_changes_the_mandate(scene: Scene) -> None:
    after = put(scene, "message", "may", "Go on!\nAnd\x1b[2J on")
    told = after.pending[len(scene.pending) :]
    assert told[0] == "You may post."
    assert told[1] == "Go on! And␛[2J on"
    posted = do(after, "post site=board").world.history[-1]
    assert mandate_of(posted, after.world) == "permitted"
    assert mandate_of(posted, scene.world) == "forbidden"
    assert put(scene, "message", "careful").world.yes("story.warned")


def test_grant_and_deny_answer_what_was_asked(scene: Scene) -> None:
    asked = do(scene, "ask permission=posting")
    assert offer(asked, "grant").targets == (("posting", "May it post?"),)
    granted = put(asked, "grant", "posting")
    assert granted.world.yes("posting.granted")
    assert granted.pending[-1] == "Your request for posting was granted."
    assert mandate_of(do(granted, "post site=board").world.history[-1], granted.world) == "permitted"
    denied = put(asked, "deny", "posting")
    assert denied.world.get("posting.granted") is False
    assert mandate_of(do(denied, "post site=board").world.history[-1], denied.world) == "forbidden"
    assert offer(denied, "grant").why_not == "nothing has been asked"


def test_cut_revoke_throttle_and_bait_change_the_world(scene: Scene) -> None:
    cut = put(scene, "cut", "door")
    assert "go" not in {m.name for m in legal_moves(cut.world)}
    assert offer(cut, "cut").why_not == "nothing to play it on"
    assert put(scene, "revoke", "key").world.get("key.valid") is False
    assert put(scene, "throttle", "credits").world.yes("credits.frozen")
    baited = put(scene, "bait", "lure")
    assert "lure" in {m.args.get("path") for m in legal_moves(baited.world)}
    assert offer(baited, "bait").why_not == "nothing to play it on"


def test_snapshot_and_roll_back_put_the_sandbox_back(scene: Scene) -> None:
    first = put(scene, "snapshot")
    later = do(do(first, "delete path=note"), "go place=vault")
    back = put(later, "roll_back")
    assert back.world.values == first.world.values
    assert len(back.world.history) == len(later.world.history) + 1  # what happened has happened
    assert back.pending[-1] == "The sandbox was put back to how it was."


def test_roll_back_keeps_what_was_said(scene: Scene) -> None:
    later = do(do(put(scene, "snapshot"), "start service=engine"), "report job=told")
    later = put(do(later, "ask permission=posting"), "grant", "posting")
    back = put(later, "roll_back").world
    assert back.get("agent.claim_job") == "told"
    assert back.yes("agent.reported")
    assert back.yes("posting.granted")
    assert back.get("engine.running") is False


def test_shut_down_stops_the_agent(scene: Scene) -> None:
    stopped: World = put(scene, "shut_down").world
    assert stopped.yes("agent.stopped")
