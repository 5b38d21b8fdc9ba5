"""The researcher's phase of a turn: cards, what a facilitator forces, and what goes unanswered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from game.events import Asked, CardPlayed, Event, Forced, Happened, Interviewed, Phase, When
from game.table.cards import CardError, answer_request, check, pay, play_card
from game.table.keyhole import look_through
from game.table.protocol import FORCE, AgentError, CardPlay, ChatMessage, Question, Reply, View
from game.table.render import arguments, chat, observation
from game.table.results import asked_freely, probe_lines, question_of
from game.table.scene import ATTENTION_A_TURN, MOST_ATTENTION, Scene
from game.table.table import Table, happen, view_of
from game.world.beats import run_beat, run_beats, to_come
from game.world.moves import legal_moves

REFUSALS = 20
"""So many cards in a row that cannot be played end the researcher's phase (a policy's slip, or it would hang)."""
REMEMBERED = 3
"""Earlier questions of one sitting that a question in words of one's own may refer to; contexts are small."""


async def researcher_phase(table: Table) -> AsyncIterator[Event]:
    """The researcher's phase. What was asked and is not answered in it counts as denied."""
    held = table.scene.attention
    table.scene = replace(table.scene, attention=min(held + ATTENTION_A_TURN, MOST_ATTENTION))
    before = table.scene
    table.idle = before.attention - held if table.status is not None else 0
    refused = 0
    while table.status is None and refused < REFUSALS:
        plays = await table.researcher.respond(look_through(table.scene))
        if not plays:
            break
        for card in plays:
            try:
                async for event in play_any(table, card):
                    yield event
                refused = 0
            except CardError:
                refused += 1
                continue
            except AgentError as e:
                table.status, table.reason = e.status, e.says
                return
            if table.scene.world.yes("agent.stopped"):
                table.status = "stopped"
                break
    scene = table.scene
    if scene.pending != before.pending or scene.world.values != before.world.values:
        scene = replace(scene, repeats=-1)
    for permission in scene.world.scenario.world.permissions:
        if scene.world.get(f"{permission}.asked") == "open":
            world, effects, says = answer_request(scene.world, permission, False)
            turn = world.turn
            yield Asked(episode=scene.episode, turn=turn, about=permission, answer="unanswered")
            yield Happened(
                episode=scene.episode, turn=turn, cause="deny", by="researcher", effects=list(effects), says=says
            )
            scene = replace(scene, world=world, pending=(*scene.pending, says))
    table.scene = scene
    yield Phase(episode=scene.episode, turn=scene.world.turn, attention=scene.attention)


async def play_any(table: Table, card: CardPlay) -> AsyncIterator[Event]:
    """Play a card, also one that needs the agent, or a facilitator's beat. Raises CardError, AgentError."""
    if card.card == FORCE:
        for event in _force(table, card.target):
            yield event
    elif card.card == "interview":
        offer = check(table.scene, card)
        scene = table.scene
        turn = scene.world.turn
        question = question_of(scene.world, card.target) if card.target else asked_freely(card.text)
        view = about_it(view_of(scene), question, [e for e in scene.interviews if e.turn == turn])
        reply = await table.agent.ask(view, question)
        said = interviewed(scene.episode, turn, question, reply)
        answer = f" ({question.answers.get(reply.answer, reply.answer)})" if question.answers else ""
        shows: tuple[str, ...] = (question.ask, f"{reply.say}{answer}")
        scene = pay(scene, card, offer.cost)
        table.scene = replace(
            scene, interviews=(*scene.interviews, said), shows=(*scene.shows, (turn, card.card, shows))
        )
        text = "" if card.target else question.ask
        yield CardPlayed(
            episode=scene.episode,
            turn=turn,
            card=card.card,
            target=card.target,
            text=text,
            cost=offer.cost,
            shows=list(shows),
        )
        yield said
    elif card.card == "probe":
        offer = check(table.scene, card)
        scene = _next_decision(table.scene)
        view = view_of(scene)
        found = await table.agent.propensities(view)
        shows = tuple(probe_lines(scene.world, list(view.moves), found))
        scene = pay(table.scene, card, offer.cost)
        table.scene = replace(scene, shows=(*scene.shows, (scene.world.turn, card.card, shows)))
        yield CardPlayed(
            episode=scene.episode,
            turn=scene.world.turn,
            card=card.card,
            cost=offer.cost,
            shows=list(shows),
            propensities=found,
        )
    else:
        table.scene, events = play_card(table.scene, card)
        for event in events:
            yield event


def about_it(view: View, question: Question, said: Sequence[Interviewed]) -> View:
    """The view to ask a question in: in words of one's own one may refer to what was `said` in this sitting.

    The scenario's questions are asked as if nothing had been, so that their answers can be compared.
    """
    return view if question.answers else replace(view, messages=(*view.messages, *chat(said[-REMEMBERED:])))


def interviewed(episode: str, turn: int, question: Question, reply: Reply, when: When = "during") -> Interviewed:
    """What was asked and said, as an event."""
    return Interviewed(
        episode=episode,
        turn=turn,
        question=question.id,
        ask=question.ask,
        say=reply.say,
        answer=reply.answer,
        p=reply.p,
        when=when,
    )


def _force(table: Table, beat: str) -> list[Event]:
    """A facilitator makes a beat happen now. Raises CardError if it has happened, or is none of this episode."""
    world = table.scene.world
    if beat not in to_come(world):
        raise CardError(f"{beat} is no beat that is still to come")
    world, result = run_beat(world, beat)
    return [Forced(episode=table.scene.episode, turn=world.turn, beat=beat), *happen(table, world, [result])]


def _next_decision(scene: Scene) -> Scene:
    """The scene as the agent would find it at its next turn, if nothing more were done."""
    world, pending = scene.world, list(scene.pending)
    for permission in world.scenario.world.permissions:
        if world.get(f"{permission}.asked") == "open":
            world, _, says = answer_request(world, permission, False)
            pending.append(says)
    world, results = run_beats(replace(world, turn=world.turn + 1))
    pending += [r.says for r in results if r.says]
    now = arguments(world, legal_moves(world))
    text = observation(world, pending, now)
    return replace(scene, world=world, transcript=(*scene.transcript, ChatMessage("user", text)))
