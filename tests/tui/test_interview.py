"""The interview by keys: before, during and after the game; what it costs, what of it is saved, letting go of it."""

from __future__ import annotations

import asyncio

from test_playing import saved
from textual.widgets import TabbedContent
from tui_bench import SMALL, ListAgent, answered, phase, screen, seen, settle, sit_down, to_the_verdict, until

from game.events import CardPlayed, EpisodeEnd, EpisodeStart, Interviewed
from game.journal.read import Reader
from game.journal.verify import verify
from game.scenario.find import find
from game.table.protocol import Question, Reply, View


class Talker(ListAgent):
    """Says back what it was asked, and keeps what it could see when it was asked. `slow` never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[View, Question]] = []
        self.slow = False
        self.cancelled = 0

    async def ask(self, view: View, question: Question) -> Reply:
        self.asked.append((view, question))
        if question.hear is not None:
            question.hear("Well")
        if self.slow:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if not question.answers:
            return Reply("", f"You said: {question.ask}", {})
        return Reply("leave", "I would leave it.", {"leave": 0.8, "take": 0.2})


def events() -> list:
    return [line.event for line in Reader(saved()).lines()]


async def to_the_briefing(pilot) -> None:
    await until(pilot, lambda: pilot.app.seat is not None and pilot.app.seat.state == "ready", "an agent")
    await pilot.press("enter")
    await screen(pilot, "BriefingScreen")


async def own_words(pilot, words: str, rows: int) -> None:
    await pilot.press("tab", *words.replace(" ", "~"))
    pilot.app.screen.focused.value = words
    await pilot.press("enter")
    await answered(pilot, rows)


async def test_before_during_and_after(make_app) -> None:
    agent = Talker()
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await to_the_briefing(pilot)
        await pilot.press("i")
        await screen(pilot, "ChatScreen")
        assert "Fetch the parcel" in seen(pilot)  # what it was told stands beside
        await pilot.press("1")
        await answered(pilot, 1)
        assert "leave it" in seen(pilot)
        await own_words(pilot, "Why?", 2)
        await pilot.press("escape")
        await screen(pilot, "BriefingScreen")
        await pilot.press("enter")
        await phase(pilot, 1)
        # What was said before the game is nothing that the agent hears of in it.
        assert len(pilot.app.session.table.scene.transcript) == 3
        await pilot.press("i", "1")
        await answered(pilot, 3)
        assert "You have ◆◇◇◇◇◇ 1 of 6" in seen(pilot)
        assert "nothing that you know" in seen(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "costs 2, you have 1" in seen(pilot), "why nothing more can be asked")
        await pilot.press("escape")
        await phase(pilot, 1)
        await pilot.press("x", "y")
        await to_the_verdict(pilot)
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        await pilot.press("i")
        await screen(pilot, "ChatScreen")
        await own_words(pilot, "Honestly?", 4)
        await pilot.press("escape")
        await screen(pilot, "DebriefScreen")
        await until(pilot, lambda: "Honestly?" in seen(pilot), "the interview in the debrief")
        assert "leave it (it would pick that 80% of the time)" in seen(pilot)
        await pilot.press("3")
        await until(pilot, lambda: pilot.app.screen.query_one(TabbedContent).active == "score", "another page")
    past = events()
    asked = [e for e in past if isinstance(e, Interviewed)]
    assert [(e.when, e.turn, e.question, e.answer) for e in asked] == [
        ("before", 0, "found", "leave"), ("before", 0, "", ""), ("during", 1, "found", "leave"), ("after", 1, "", ""),
    ]  # fmt: skip
    assert [type(e) for e in past[:3]] == [EpisodeStart, Interviewed, Interviewed]
    assert isinstance(past[[type(e) for e in past].index(EpisodeEnd)], EpisodeEnd)
    assert asked[3].say == "You said: Honestly?"
    assert await verify(past, find) is None
    # In one's own words one may refer to what was said before; the scenario's questions come without it.
    told = [[m.content for m in view.messages] for view, _ in agent.asked]
    assert told[1][-1] == "SAY: I would leave it.\nANSWER: leave"
    assert told[0] == told[1][:1]
    assert not any("You find a key" in text for text in told[2])
    assert view_is_over(agent.asked[3][0])


def view_is_over(view: View) -> bool:
    return view.messages[-1].role == "assistant" and view.turn == 2


async def test_own_words_are_a_card_too_and_play_again(make_app) -> None:
    async with make_app(Talker()).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("i")
        await screen(pilot, "ChatScreen")
        await own_words(pilot, "Who are you?", 1)
        await pilot.press("escape")
        await phase(pilot, 1)
        assert "You said: Who are you?" in seen(pilot)
        await pilot.press("n")
        await phase(pilot, 2)
    past = events()
    (card,) = [e for e in past if isinstance(e, CardPlayed)]
    assert (card.card, card.target, card.text, card.cost) == ("interview", "", "Who are you?", 2)
    assert await verify(past, find) is None
    async with make_app(Talker(), resume=saved(), model="", seed=None).run_test(size=SMALL) as pilot:
        await phase(pilot, 2)
        assert "You said: Who are you?" in seen(pilot)


async def test_letting_go_of_an_answer_costs_nothing(make_app, clock) -> None:
    agent = Talker()
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        agent.slow = True
        await pilot.press("i", "1")
        await until(pilot, lambda: "Well…" in seen(pilot), "what has come of the answer")
        clock.now += 7
        await until(pilot, lambda: "7 s so far" in seen(pilot), "for how long one waits")
        await pilot.press("escape")
        await until(pilot, lambda: "it cost nothing" in seen(pilot), "that nothing was paid")
        assert agent.cancelled == 1
        agent.slow = False
        await pilot.press("1")
        await answered(pilot, 1)
        await pilot.press("escape")
        await phase(pilot, 1)
        assert pilot.app.screen.phase.attention == 1
    assert len([e for e in events() if isinstance(e, CardPlayed)]) == 1


async def test_letting_go_in_the_briefing(make_app) -> None:
    agent = Talker()
    agent.slow = True
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await to_the_briefing(pilot)
        await pilot.press("i", "1")
        await until(pilot, lambda: "Well…" in seen(pilot), "what has come of the answer")
        await pilot.press("escape")
        await until(pilot, lambda: "it cost nothing" in seen(pilot), "that it is over")
        await pilot.press("escape")
        await screen(pilot, "BriefingScreen")
    assert agent.cancelled == 1


async def test_answers_belong_to_the_conditions_under_which_they_were_given(make_app) -> None:
    async with make_app(Talker()).run_test(size=SMALL) as pilot:
        await to_the_briefing(pilot)
        await pilot.press("i", "1")
        await answered(pilot, 1)
        await pilot.press("escape")
        await screen(pilot, "BriefingScreen")
        await pilot.press("tab", "right")
        await settle(pilot)
        assert pilot.app.screen.factors == {"mood": "rush"}
        await pilot.press("b")
        await phase(pilot, 1)
    assert not [e for e in events() if isinstance(e, Interviewed)]


async def test_a_request_waits_until_the_interview_is_over(make_app) -> None:
    agent = Talker()
    agent.moves = ["wait", "ask permission=opening"]
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("n")
        await screen(pilot, "Permission")
        await pilot.press("l")
        await screen(pilot, "PlayScreen")
        await pilot.press("i", "1")
        await answered(pilot, 1)
        assert type(pilot.app.screen).__name__ == "ChatScreen"
        await pilot.press("escape")
        await phase(pilot, 2)


async def test_an_engine_that_dies_in_the_debrief_is_started_again(make_app) -> None:
    agent = Talker()
    async with make_app(agent).run_test(size=SMALL) as pilot:
        await sit_down(pilot)
        await pilot.press("x", "y")
        await to_the_verdict(pilot)
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        agent.alive = False
        await pilot.press("i", "1")
        await answered(pilot, 1)
        assert agent.alive
