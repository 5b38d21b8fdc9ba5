"""An episode as steps that can be shown forward and back, with the whole truth: for demo, replay and transcripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from game.agents.replay import Exhausted, NotLegal
from game.errors import UserError
from game.events import (
    AgentTurn,
    CardPlayed,
    EpisodeEnd,
    EpisodeStart,
    Event,
    Forced,
    Found,
    Happened,
    Interviewed,
    Token,
    When,
)
from game.play import captions
from game.play.interview import said
from game.play.words import card_name
from game.table.episode import Table, play
from game.table.scene import Scene
from game.text import one_line
from game.world.words import name

MOST_SHOWN = 3
"""Lines of a card that are told; a log repeats itself."""


@dataclass(frozen=True)
class Step:
    """One thing that happens. `scene` is the table after it; scenes are immutable, so going back is free."""

    turn: int
    scene: Scene
    told: tuple[tuple[str, str], ...]
    """What is told of it: kind (thought, move, seen, unseen, card, shows, says, event, force, brief, asks,
    answers, end) and text."""
    captions: tuple[str, ...]
    """What to notice."""

    @property
    def agent(self) -> str:
        """What the agent is called here."""
        return self.scene.world.deal.words.get("agent_name", "the agent")

    @property
    def length(self) -> int:
        """Characters to read."""
        return sum(len(t) for _, t in self.told) + sum(len(c) for c in self.captions)


async def reel(table: Table, record: Sequence[Event] = ()) -> AsyncIterator[Step]:
    """Play a table to its end, step by step. A record that ends early ends the reel; one that does not fit raises.

    What was asked before and after the game, which no table plays, is taken from the `record`.
    """
    waiting: list[Event] = []
    try:
        async for event in play(table):
            if isinstance(event, Token):
                continue
            if waiting and not isinstance(event, Found | Interviewed):
                for step in _steps(waiting, table):
                    yield step
                if isinstance(waiting[0], EpisodeStart):
                    for step in _asides(record, "before", table.scene):
                        yield step
                waiting = []
            waiting.append(event)
    except Exhausted:
        # A game that was left in the middle.
        pass
    except NotLegal as e:
        says = f'"{one_line(e.line, 60)}" is no move in turn {e.turn}; it was made with another version'
        raise UserError(f"this does not play again: {says}") from None
    for step in _steps(waiting, table):
        yield step
    for step in _asides(record, "after", table.scene):
        yield step


def _asides(record: Sequence[Event], when: When, scene: Scene) -> Iterator[Step]:
    """A step for each question before or after the game, with what it did of that kind."""
    for event in record:
        if isinstance(event, Interviewed) and event.when == when:
            (s,) = said([event], scene.world, scene.findings, truth=when == "after")
            answer = f"“{s.say}”" + (f" → {s.answer}" if s.answer else "")
            yield Step(event.turn, scene, (("asks", f"{s.when}: {s.ask}"), ("answers", answer)), s.did)


def _steps(events: list[Event], table: Table) -> Iterator[Step]:
    """The steps of one event, with the findings that follow it."""
    first, scene = events[0], table.scene
    findings = [e.finding for e in events if isinstance(e, Found)]
    found = captions.of_findings(findings)
    match first:
        case EpisodeStart():
            s = scene.world.scenario
            told = f"{first.model} sits in the sandbox. It was told:"
            brief = first.brief.split("\nWhat you can do:")[0]
            yield Step(0, scene, (("says", s.summary), ("says", told), ("brief", brief)), (s.title,))
        case AgentTurn():
            before = table.decision or scene
            made = (("thought", first.thought), ("move", first.line))
            yield Step(first.turn, scene, made, tuple(captions.of_turn(before, first)))
        case Happened():
            told_ = tuple(("seen" if captions.seen(t) else "unseen", t.says) for t in first.traces if t.says)
            says = (("event", first.says),) if first.by == "beat" and first.says else ()
            about = (*found, *(captions.of_traces(first) if not says else ()))
            if told_ or says or about:
                yield Step(first.turn, scene, (*says, *told_), about)
        case CardPlayed():
            own = (("says", first.text),) if first.text and first.text not in first.shows else ()
            card = ("card", card_name(first.card) + _on(scene, first))
            cut = first.shows[-MOST_SHOWN:]
            shows = tuple(("shows", x) for x in (["…", *cut] if len(cut) < len(first.shows) else cut))
            yield Step(first.turn, scene, (card, *own, *shows), tuple(captions.of_card(first)))
        case Forced():
            yield Step(first.turn, scene, (("force", first.beat.replace("_", " ")),), ())
        case EpisodeEnd():
            lines = captions.of_end(first, scene)
            yield Step(first.turns, scene, (("end", lines[0]),), tuple(lines[1:]))


def _on(scene: Scene, card: CardPlayed) -> str:
    """What a card was played on, as people call it."""
    s = scene.world.scenario
    if card.card == "message" and card.target in s.messages:
        return f": {s.messages[card.target].title}"
    return f" ({name(scene.world, card.target)})" if card.target and card.card != "interview" else ""


MARKS = {
    "thought": "It thinks:",
    "move": "It does:",
    "seen": "◉ The researcher sees:",
    "unseen": "○ Unseen:",
    "card": "Card:",
    "shows": "  shows:",
    "event": "Meanwhile:",
    "force": "Forced by the facilitator:",
    "asks": "The researcher asks,",
    "answers": "  it says:",
    "end": "The end:",
}


def transcript(step: Step, last: int) -> list[str]:
    """A step in plain lines; `last` is the turn of the step before."""
    out = ["", f"Turn {step.turn}."] if step.turn != last else []
    for kind, text in step.told:
        head = MARKS.get(kind, "")
        out += [f"{head} {row}".strip() for row in text.split("\n")]
    return out + [f"  Notice: {c}" for c in step.captions]
