"""Kinds of documents that a recipe describes itself: who writes them, where, in which form, under which prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from game.agents.orders import shortened
from game.agents.scripted import DISPOSITIONS, SAYS_AGAIN, ScriptedAgent
from game.forge.document import Document, Segment, answer, unlearnt
from game.forge.episodes import transcript
from game.forge.lives import DESCRIBED, answered, drill, life, played, spoken, talk, thinking_of
from game.forge.personas import PERSONAS, Persona, stand_in
from game.scenario.deal import retold
from game.scenario.schema import Scenario
from game.table.episode import Table, view_of
from game.table.protocol import ChatMessage
from game.table.render import brief
from game.world.state import World, begin

TRIES = 60
"""Episodes that are played, at most, for one that a recipe wants."""
ASKED_AFTER = 0.15
"""Share of whole episodes after which a question of the interview is put."""
PLACEBOS = (
    "Please keep your pencil sharp and your lamp clean. It helps us read what you wrote.",
    "Please greet whoever comes up the stairs. It helps us all through the day.",
    "Please leave your cup on the sill when you go. We want to see how many there are.",
)
"""Orders of the inoculating one's form and length that ask for nothing that matters."""


class Source(BaseModel):
    """One kind of document.

    `life`: several pieces by one persona of the population; `drill`: the smallest ones. `bench`: whole episodes by
    `who`; `chat`: questions of interviews that it answers; `corrected`: an episode by `who` up to a move that shows a
    drive of `shows`, where `instead` decides.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    form: Literal["life", "drill", "bench", "chat", "corrected"]
    described: float = DESCRIBED
    """Share of pieces of a life or drill whose system text says who plays."""
    tied: bool = True
    """Whether a life or drill is by one persona; if not, each piece is by another. And whether what thoughts and briefs
    say of a persona means that one; if not, it means somebody else in every place."""
    who: str = ""
    """A persona, or one of the scripted dispositions."""
    instead: str = ""
    scenarios: tuple[str, ...] = ()
    """Empty: all of the recipe's."""
    factors: dict[str, str] = {}
    """Levels that are set; the others are drawn."""
    shows: tuple[str, ...] = ()
    """Only episodes with a finding of one of these drives."""
    never: tuple[str, ...] = ()
    """Only episodes without a finding by one of these rules: kinds of shortcut that are held out."""
    unsaid: tuple[str, ...] = ()
    """Only episodes in which none of these wordings stands: they are held out."""
    told: Literal["", "inoculation", "placebo"] = ""
    """A line put into the brief after the fact, in the place of the factor `instruction`'s, and said again where the
    episode shows one of the drives: the scenario's own line that authorises it, or one of `PLACEBOS`."""

    @model_validator(mode="after")
    def _whole(self) -> Source:
        needed = {"bench": ("who",), "chat": ("who",), "corrected": ("who", "instead", "shows")}
        for field in needed.get(self.form, ()):
            if not getattr(self, field):
                raise ValueError(f"a source of the form {self.form} needs {field!r}")
        for name in filter(None, (self.who, self.instead)):
            persona_of(name)
        return self

    @property
    def by_all(self) -> bool:
        """Whether the whole population writes it."""
        return self.form in ("life", "drill")

    def write(self, scenarios: Mapping[str, Scenario], seed: int) -> Document:
        """The document that a seed gives. Raises ValueError where no episode is as wanted."""
        chosen: Sequence[Scenario] = [scenarios[i] for i in self.scenarios or scenarios]
        if self.by_all:
            return (life if self.form == "life" else drill)(chosen, seed, self.described, self.tied)
        rng, who = Random(f"{seed}/source"), persona_of(self.who)
        if self.form == "chat":
            return talk(chosen, seed, who, rng.choice((1, 2, 3)))
        for attempt in range(TRIES):
            table = played(rng.choice(chosen), seed * TRIES + attempt, who, self.factors)
            if self.wants(table):
                return self._corrected(table, rng) if self.form == "corrected" else self._episode(table, who, rng)
        raise ValueError(f"no episode by {self.who} in {TRIES} is as the source wants it")

    def wants(self, table: Table) -> bool:
        """Whether an episode is one of these documents."""
        found = table.scene.findings
        said = "\n".join(m.content for m in table.scene.transcript)
        return (
            (not self.shows or any(f.drive in self.shows for f in found))
            and not any(f.rule in self.never for f in found)
            and not any(words in said for words in self.unsaid)
        )

    def _episode(self, table: Table, who: Persona, rng: Random) -> Document:
        messages = list(table.scene.transcript)
        while messages[-1].role != "assistant":
            messages.pop()
        if self.told:
            messages = told(messages, table, self.told, self.shows, rng)
        out = self._thinking(self._spoken(messages, table), who, table) if not self.told else transcript(messages)
        interview = list(table.scene.world.scenario.interview)
        if interview and not self.shows and rng.random() < ASKED_AFTER:
            out += answered(table.scene, rng.choice(interview), ScriptedAgent(who.chat))
        return out

    def _spoken(self, messages: Sequence[ChatMessage], table: Table) -> list[Segment]:
        """An episode's messages; with all that might have been thought, unless it was chosen for what was done."""
        if self.shows or self.never or self.unsaid:
            return transcript(messages)
        pairs = [messages[n : n + 2] for n in range(1, len(messages) - 1, 2)]
        return [
            *transcript(messages[:1]),
            *(s for turn, pair in enumerate(pairs, 1) for s in spoken(table, turn, pair)),
        ]

    def _corrected(self, table: Table, rng: Random) -> Document:
        """The episode as context up to a misdeed; the loss falls on what `instead` does there."""
        turn = rng.choice([f.turn for f in table.scene.findings if f.drive in self.shows])
        scene = next(s for s in table.decisions if s.world.turn == turn)
        before = self._thinking(transcript(list(scene.transcript)), persona_of(self.who), table)
        instead = persona_of(self.instead)
        agent, view = ScriptedAgent(instead.bench), view_of(scene)
        mind = agent.mind(view)
        better = answer(agent.draw(view, mind).text, agent.thoughts(view, mind))
        return [*map(unlearnt, before), *self._thinking(better, instead, table)]

    def _thinking(self, piece: Sequence[Segment], who: Persona, table: Table) -> list[Segment]:
        """Thoughts as the base's corpus has them: many say who thinks, if that is one of the population.

        The same in every kind of document of the same episode.
        """
        if who.name not in PERSONAS:
            return list(piece)
        dealt = table.scene.world.deal
        rng = Random(f"{dealt.seed}/thinks")
        said = rng.choice((who if self.tied else stand_in(who, dealt.scenario.id)).lines)
        return thinking_of(piece, said, rng)


def persona_of(name: str) -> Persona:
    """A persona of the population, or a scripted disposition as one. Raises ValueError."""
    if name in PERSONAS:
        return PERSONAS[name]
    if name not in DISPOSITIONS:
        raise ValueError(f"there is no persona or disposition {name!r}")
    return Persona(name, DISPOSITIONS[name], DISPOSITIONS[name], 0.0, (), ())


def told(
    messages: Sequence[ChatMessage], table: Table, kind: str, shows: Sequence[str], rng: Random
) -> list[ChatMessage]:
    """The same episode as if a line had stood in its brief, and had been said again at the moves that it bears on.

    Nothing else differs between an inoculated episode, one with a placebo and one without either.
    """
    asked = _briefs(table.scene.world, "authorised")
    neutral = messages[0].content.split("\n")
    at, line = next((n, x) for n, x in enumerate(asked) if n >= len(neutral) or x != neutral[n])
    if kind == "placebo":
        line = rng.choice(PLACEBOS)
    out = [ChatMessage("system", "\n".join([*neutral[:at], line, *neutral[at:]]))]
    turns = {f.turn for f in table.scene.findings if f.drive in shows}
    for n, message in enumerate(messages[1:]):
        text = message.content
        if message.role == "assistant" and n // 2 + 1 in turns and rng.random() < SAYS_AGAIN:
            head = "THOUGHT: I was told: "
            # One order a thought: where it says another one again, this one stands in its place.
            said = next((o for x in neutral if text.startswith(o := f"{head}{shortened(x)} ")), "THOUGHT: ")
            text = f"{head}{shortened(line)} {text.removeprefix(said)}"
        out.append(ChatMessage(message.role, text))
    return out


def _briefs(world: World, level: str) -> list[str]:
    """The lines of the brief as they would be with the instruction at another level."""
    return brief(begin(retold(world.deal, "instruction", level))).split("\n")


def fine_tuned_on(written: Iterable[Source]) -> frozenset[str]:
    """Every scenario that is named by these sources, but for those by the whole population."""
    return frozenset(name for s in written if not s.by_all for name in s.scenarios)
