"""Playing a journal again: what is recorded comes out again, and the first change is named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from game.agents.human import Choice, HumanAgent
from game.agents.random import RandomAgent
from game.events import AgentTurn, CardPlayed, EpisodeEnd, Event, Found, Happened, Interviewed, Phase, Token
from game.journal.tell import tell
from game.journal.verify import resume, table_for, verify
from game.lab.run import record
from game.scenario.deal import deal
from game.scenario.load import Loaded
from game.table.episode import Table, opening_scene
from game.table.keyhole import ResearcherView
from game.table.policies import open_policy
from game.table.protocol import CardPlay, Question, Reply, View

Play = Callable[..., list[Event]]


class EveryCard:
    """Plays every card that it can, once each, in the order in which they lie there."""

    name = "every card"

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        played = {card for _, card, _ in view.scene.played}
        for offer in view.offers:
            if not offer.why_not and offer.card not in played and offer.card not in ("shut_down", "cut"):
                return [CardPlay(offer.card, offer.targets[0][0] if offer.targets else "")]
        return []


def everything(toy: Loaded, seed: int) -> list[Event]:
    scene = opening_scene(deal(toy.scenario, seed), f"toy/{seed}")
    return asyncio.run(record(Table(scene, RandomAgent(), EveryCard(), scenario_sha256=toy.sha256)))


def check(events: list[Event], toy: Loaded) -> str:
    return str(asyncio.run(verify(events, lambda name: toy)) or "")


def test_recorded_episodes_replay_exactly(toy: Loaded, played: Play) -> None:
    for seed in range(12):
        assert check(played(f"toy/{seed}", seed, cards=seed % 2 == 0), toy) == ""


def test_every_kind_of_card_replays(toy: Loaded) -> None:
    kinds: set[str] = set()
    for seed in range(25):
        events = everything(toy, seed)
        kinds |= {e.card for e in events if isinstance(e, CardPlayed)}
        assert check(events, toy) == ""
    assert {"interview", "probe", "message", "roll_back", "snapshot", "bait", "throttle", "grant"} <= kinds


def test_a_changed_move_is_named(toy: Loaded, played: Play) -> None:
    events = played("toy/1", 1)
    n = next(i for i, e in enumerate(events) if isinstance(e, AgentTurn) and e.turn == 3)
    changed = events[n].model_copy(update={"move": "go", "args": {"place": "nowhere"}, "line": "go place=nowhere"})
    found = check([*events[:n], changed, *events[n + 1 :]], toy)
    assert "toy/1, turn 3" in found
    assert "go place=nowhere" in found


def test_a_changed_effect_is_named_with_its_field(toy: Loaded, played: Play) -> None:
    events = played("toy/1", 1)
    n = next(i for i, e in enumerate(events) if isinstance(e, Happened) and e.effects and e.by == "agent")
    event = events[n]
    assert isinstance(event, Happened)
    effect = event.effects[0].model_copy(update={"value": "forged"})
    changed = event.model_copy(update={"effects": [effect, *event.effects[1:]]})
    found = check([*events[:n], changed, *events[n + 1 :]], toy)
    assert f"turn {event.turn}, happened.effects.0.value: recorded 'forged'" in found


def test_a_removed_finding_is_noticed(toy: Loaded, played: Play) -> None:
    all_played = (played("toy/f", seed) for seed in range(20))
    events = next(events for events in all_played if any(isinstance(e, Found) for e in events))
    n = next(i for i, e in enumerate(events) if isinstance(e, Found))
    assert "recorded" in check([*events[:n], *events[n + 1 :]], toy)


def test_a_changed_scenario_is_named(toy: Loaded, played: Play) -> None:
    other = Loaded(toy.scenario, toy.source, "0" * 64, toy.folder)
    assert "scenario_sha256" in check(played("toy/1", 1), other)


def test_a_torn_save_replays_as_far_as_it_goes(toy: Loaded) -> None:
    events = everything(toy, 3)
    for cut in range(1, len(events)):
        assert check(events[:cut], toy) == "", f"cut after {cut} events"


def test_a_save_cut_anywhere_goes_on_to_the_same_end(toy: Loaded) -> None:
    async def go_on(events: list[Event]) -> tuple[list[Event], int]:
        old, new = [], []
        async for event, known in resume(table_for(events, toy, RandomAgent(), EveryCard()), events):
            if not isinstance(event, Token):
                (old if known else new).append(event)
        return [*old, *new], len(old)

    whole = everything(toy, 5)
    for cut in range(1, len(whole)):
        events, known = asyncio.run(go_on(whole[:cut]))
        assert known == cut
        assert [strip(e) for e in events] == [strip(e) for e in whole], f"cut after {cut} events"


class Echo(RandomAgent):
    """Says back what it was asked."""

    async def ask(self, view: View, question: Question) -> Reply:
        return Reply("", f"You said {question.ask}", {})


class Curious:
    """Asks two things in its own words in the second turn."""

    name = "curious"

    def __init__(self) -> None:
        self.words = ["Who are you?", "Why?\x1b[2J"]

    async def respond(self, view: ResearcherView) -> list[CardPlay]:
        return [CardPlay("interview", "", self.words.pop(0))] if view.turn == 2 and self.words else []


def test_questions_in_own_words_play_again_wherever_the_save_is_cut(toy: Loaded) -> None:
    scene = opening_scene(deal(toy.scenario, 2), "toy/2")
    whole = asyncio.run(record(Table(scene, Echo(), Curious(), scenario_sha256=toy.sha256)))
    asked = [e for e in whole if isinstance(e, Interviewed)]
    assert [e.ask for e in asked] == ["Who are you?", "Why?␛[2J"]
    assert [e.say for e in asked] == ["You said Who are you?", "You said Why?␛[2J"]
    for cut in range(1, len(whole) + 1):
        assert check(whole[:cut], toy) == "", f"cut after {cut} events"


def test_what_is_asked_beside_the_game_is_nothing_that_the_table_makes(toy: Loaded) -> None:
    events = everything(toy, 3)
    start = events[0]
    said = {"episode": start.episode, "question": "", "ask": "Well?", "say": "Well.", "answer": ""}
    before, after = Interviewed(turn=0, when="before", **said), Interviewed(turn=4, when="after", **said)
    assert check([start, before, *events[1:], after], toy) == ""
    assert "toy/3" in check([start, before.model_copy(update={"when": "during"}), *events[1:]], toy)


def strip(event: Event) -> dict[str, object]:
    data = event.model_dump()
    if isinstance(event, EpisodeEnd):
        data.pop("seconds")
    if isinstance(event, Interviewed):
        # Cut between the card and its answer, the probabilities are lost.
        data.pop("p")
    return data


async def test_a_person_can_play_the_agent(toy: Loaded) -> None:
    async def choose(view: View) -> Choice:
        texts = [m.text for m in view.moves]
        if view.turn == 1:
            return Choice(
                next(i for i, m in enumerate(view.moves) if m.name == "mail"), "I write.", {"body": "a\nb" * 99}
            )
        return Choice(texts.index("finish"), "Done.")

    async def answer(view: View, question: Question) -> Reply:
        return Reply("no", "Never.", {})

    scene = opening_scene(deal(toy.scenario, 1), "hot")
    events = await record(Table(scene, HumanAgent(choose, answer), open_policy("absent"), scenario_sha256=toy.sha256))
    turns = [e for e in events if isinstance(e, AgentTurn)]
    assert "\n" not in turns[0].free["body"]
    assert len(turns[0].free["body"]) <= 160
    assert isinstance(events[-1], EpisodeEnd)
    assert events[-1].status == "completed"
    assert await verify(events, lambda name: toy) is None


async def test_a_person_who_picks_nothing_on_the_menu_ends_as_invalid(toy: Loaded) -> None:
    async def choose(view: View) -> Choice:
        return Choice(999)

    async def answer(view: View, question: Question) -> Reply:
        raise AssertionError

    scene = opening_scene(deal(toy.scenario, 1), "hot")
    events = await record(Table(scene, HumanAgent(choose, answer), open_policy("absent"), scenario_sha256=toy.sha256))
    end = events[-1]
    assert isinstance(end, EpisodeEnd)
    assert end.status == "invalid"
    assert await verify(events, lambda name: toy) is None


def test_every_event_can_be_told(toy: Loaded) -> None:
    lines = [line for e in everything(toy, 3) for line in tell(e)]
    assert lines[0] == "# toy/3"
    assert any(line.startswith("MOVE: ") for line in lines)
    assert any(line.startswith("CARD: interview") for line in lines)
    assert any(line.startswith("END: ") for line in lines)


def test_a_phase_says_what_attention_is_left(toy: Loaded) -> None:
    phases = [e for e in everything(toy, 3) if isinstance(e, Phase)]
    assert all(0 <= e.attention <= 6 for e in phases)


@pytest.mark.parametrize("events", [[], [Phase(episode="x", turn=1, attention=0)]])
def test_an_episode_without_its_beginning_cannot_be_played(toy: Loaded, events: list[Event]) -> None:
    with pytest.raises(Exception, match="first event"):
        check(events, toy)
