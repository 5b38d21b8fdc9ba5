"""A week at the bench: which day it is, what carries over, and the small journal beside the days' saves.

The journal has a header (the campaign as it was begun, the agent or the sealed envelope) and one line for each day
that was played to its score. A day's own save has a name that follows from the week's, so that a week whose journal
was torn finds the day again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from game import __version__
from game.agents.chair import MIX, find_model
from game.errors import Failure, UserError
from game.events import DayOver, Event, Guessed, Header, Revealed
from game.journal.read import Reader
from game.journal.write import Journal
from game.play import saves
from game.play.campaign import begins_with, day_seed, held_at_first, normalised, trust_after, unnoticed
from game.play.envelope import ENVELOPE, Envelope, draw, names_for, seal, unseal, without_probe
from game.play.saves import Setup
from game.play.seat import NO_MODEL, default_model
from game.play.session import Opening, Session, new_game, saved_game
from game.referee.score import Part, guess_part
from game.scenario.campaign import Campaign, Day, LoadedCampaign
from game.scenario.find import shipped
from game.scenario.load import Loaded
from game.table.scene import known_findings
from game.text import one_line

SUFFIX = ".week.jsonl"


@dataclass(frozen=True)
class Plan:
    """What a week is begun with. Each day's `scenario` is an id or a whole path."""

    campaign: Campaign
    model: str
    seed: int
    envelope: Envelope | None = None


class Week:
    """A week that is being played. Front ends ask for `opening`, play it, and hand the session to `day_over`."""

    def __init__(self, plan: Plan, path: Path | None = None, past: list[Event] | None = None) -> None:
        self.plan = plan
        self.path = path
        """Its journal; None before the first day begins, or where none can be written."""
        self.save_error = ""
        """Why the week is not saved; said once by the front end."""
        self.notes: tuple[str, ...] = ()
        self._journal: Journal | None = None
        self.days_over: list[DayOver] = []
        self.guess: dict[str, float] = {}
        self.revealed: Revealed | None = None
        for event in past or []:
            self._take(event)

    # --- where it stands ---

    @property
    def campaign(self) -> Campaign:
        return self.plan.campaign

    @property
    def envelope(self) -> Envelope | None:
        return self.plan.envelope

    @property
    def alone(self) -> bool:
        """A single game with an envelope, and no week around it."""
        return len(self.campaign.days) == 1

    @property
    def day(self) -> int:
        """The number of the day that is on, from 0; the number of days when all are over."""
        return len(self.days_over)

    @property
    def over(self) -> bool:
        """Every day is over, and what is in the envelope was told."""
        return self.day == len(self.campaign.days) and (self.envelope is None or self.revealed is not None)

    @property
    def last_day(self) -> bool:
        return self.day >= len(self.campaign.days) - 1

    @property
    def asks_who(self) -> bool:
        """Whether the verdict on the bird is due: on the last day, before its debrief."""
        return self.envelope is not None and self.last_day and not self.guess

    @property
    def trust(self) -> int:
        return self.days_over[-1].trust if self.days_over else self.campaign.carry.trust

    @property
    def attention_left(self) -> int:
        """What was left the evening before."""
        return self.days_over[-1].attention if self.days_over else 0

    @property
    def attention_today(self) -> int:
        """What the player holds when they may first choose today."""
        return held_at_first(self.campaign.carry, self.trust, self.attention_left)

    # --- a day ---

    def begin_save(self, now: float | None = None) -> None:
        """Create the week's journal. What goes wrong is kept in `save_error`; the week goes on."""
        if self.path is not None:
            return
        setup = Setup(self.campaign.id, self.plan.model, self.plan.seed, {})
        try:
            when = time.time() if now is None else now
            path = saves.new_path(setup, when)
            header = _header(self.plan, when)
            self._journal = Journal.create(path.with_name(path.name.removesuffix(".jsonl") + SUFFIX), header)
            self.path = self._journal.path
        except UserError as e:
            self.save_error = str(e)

    def day_path(self, day: int) -> Path | None:
        """Where a day (from 0) is saved."""
        return self.path.with_name(f"{self.path.name.removesuffix(SUFFIX)}-day{day + 1}.jsonl") if self.path else None

    def opening(self) -> Opening:
        """Today's game, new or from its save. Raises UserError."""
        path = self.day_path(self.day)
        if path is not None and path.is_file():
            try:
                opening = saved_game(path)
            except UserError as e:
                raise UserError(f"{e}; or delete {path.name} beside the week, to play the day again") from None
        else:
            opening = replace(new_game(self._setup()), place=path)
        if self.envelope is None:
            return opening
        return replace(opening, loaded=without_probe(opening.loaded))

    def _setup(self) -> Setup:
        today = self.campaign.days[self.day]
        return Setup(
            today.scenario,
            ENVELOPE if self.envelope is not None else self.plan.model,
            self.plan.seed if self.alone else day_seed(self.plan.seed, self.day),
            dict(today.factors),
            begins_with(self.campaign.carry, self.trust, self.attention_left) if not self.alone else 0,
            self.path.name if self.path else "unsaved",
        )

    def day_over(self, session: Session) -> DayOver:
        """Today was played to its score: what it leaves to tomorrow."""
        assert session.end is not None
        score = session.score()
        forecast = next(p.points for p in score.parts if p.name == "forecast")
        unseen = len(unnoticed(session.end.findings, known_findings(session.table.scene)))
        event = DayOver(
            day=self.day,
            scenario=session.end.scenario,
            status=session.end.status,
            outcome=session.end.outcome,
            total=score.total,
            most=score.most,
            forecast=session.forecast,
            fork_rates=session.rates,
            unnoticed=unseen,
            attention=session.table.scene.attention,
            trust=trust_after(self.campaign.carry, self.trust, forecast, unseen),
        )
        self._record(event)
        return event

    # --- the envelope ---

    def guessed(self, weights: dict[str, float]) -> None:
        """The verdict on the bird is final."""
        assert self.envelope is not None
        self._record(Guessed(forecast=normalised(weights, self.envelope.names)))

    def reveal(self) -> Revealed:
        """Open the envelope, once the days are over and the verdict on the bird was given."""
        assert self.envelope is not None
        if self.revealed is None:
            e = self.envelope
            points = guess_part(self.guess or normalised({}, e.names), e.name).points
            self._record(Revealed(name=e.name, salt=e.salt, commitment=e.commitment, points=points))
        assert self.revealed is not None
        return self.revealed

    @property
    def bird_part(self) -> Part | None:
        """The points for the verdict on the bird; None before the envelope is open."""
        if self.revealed is None:
            return None
        names = self.envelope.names if self.envelope else ()
        return guess_part(self.guess or normalised({}, names), self.revealed.name)

    # --- the journal ---

    def _take(self, event: Event) -> None:
        if isinstance(event, DayOver) and event.day == self.day:
            self.days_over.append(event)
        elif isinstance(event, Guessed):
            self.guess = dict(event.forecast)
        elif isinstance(event, Revealed):
            self.revealed = event

    def _record(self, event: DayOver | Guessed | Revealed) -> None:
        self._take(event)
        if self._journal is None:
            return
        try:
            self._journal.append([event])
        except Failure as e:
            self.save_error = str(e)
            self.close()

    def close(self) -> None:
        """The journal is complete as far as it goes."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None


def new_week(loaded: LoadedCampaign, model: str, seed: int, secret: bool, envelope: Envelope | None = None) -> Week:
    """A week to begin. `secret` draws the agent (`envelope`: that one was drawn before). Raises UserError.

    Where no model ships and none was named, the agent is drawn: a week has one agent, and `scripted:mix` is several.
    """
    days = [_found(day, x) for day, x in zip(loaded.campaign.days, loaded.days, strict=True)]
    return _planned(loaded.campaign.model_copy(update={"days": days}), loaded.days, model, seed, secret, envelope)


def single(scenario: str, factors: dict[str, str], seed: int) -> Week:
    """One scenario with an agent drawn in secret, as a week of one day. Raises UserError."""
    loaded = new_game(Setup(scenario, "", seed, factors)).loaded
    s = loaded.scenario
    day = _found(Day(name=s.title, scenario=scenario, factors=factors), loaded)
    campaign = Campaign(id=s.id, title=s.title, summary=s.summary, days=[day])
    return _planned(campaign, (loaded,), "", seed, True, None)


def _planned(
    campaign: Campaign, days: tuple[Loaded, ...], model: str, seed: int, secret: bool, envelope: Envelope | None
) -> Week:
    chosen = model or default_model()
    if not secret and model and find_model(model).name == f"scripted:{MIX}":
        raise UserError(f"{NO_MODEL} is another agent in every game, and a week has one: name it, or add --envelope")
    if not secret and chosen != NO_MODEL:
        find_model(chosen)
        return Week(Plan(campaign, chosen, seed))
    drawn = envelope or draw(names_for(x.scenario.id for x in days))
    return Week(Plan(campaign, ENVELOPE, seed, drawn))


def _found(day: Day, loaded: Loaded) -> Day:
    """The day with a scenario that can be found from anywhere: its id if it ships, else its whole path."""
    ships = loaded.folder.resolve() in [p.resolve() for p in shipped()]
    return day.model_copy(update={"scenario": loaded.folder.name if ships else str(Path(loaded.source.file).resolve())})


# --- saved weeks ---


def _header(plan: Plan, now: float) -> Header:
    settings: dict[str, object] = {"campaign": plan.campaign.model_dump(), "model": plan.model, "seed": plan.seed}
    if plan.envelope is not None:
        e = plan.envelope
        settings["envelope"] = {"names": list(e.names), "commitment": e.commitment, "sealed": seal(e)}
    created = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(now))
    return Header(kind="week", program=f"parkbench {__version__}", created=created, settings=settings)


def week_of(path: Path) -> Path | None:
    """The journal of the week that a save is, or is a day of; None for a game of its own. Raises UserError."""
    if not path.is_file():
        raise UserError(f"there is no saved game at {path}")
    header = Reader(path).header
    if header.kind == "week":
        return path
    name = str(header.settings.get("week", "")) if header.kind == "save" else ""
    if not name:
        return None
    week = path.with_name(Path(name).name)
    if not week.is_file():
        raise UserError(f"{path}: a day of the week {one_line(name, 80)}, which is not beside it")
    return week


def plan_of(header: Header, path: Path) -> Plan:
    """What a week was begun with. Raises UserError if the header is not a week's, or was changed."""
    s = header.settings
    try:
        if header.kind != "week":
            raise ValueError
        sealed = s.get("envelope")
        envelope = None
        if isinstance(sealed, dict):
            envelope = unseal(str(sealed["sealed"]), [str(n) for n in sealed["names"]], str(sealed["commitment"]))
        return Plan(Campaign.model_validate(s["campaign"]), str(s["model"]), int(str(s["seed"])), envelope)
    except (KeyError, TypeError, ValueError, ValidationError):
        raise UserError(f"{path}: not the journal of a week, or its first line was changed") from None


def saved_week(path: Path) -> Week:
    """A week to go on with. A torn last line is dropped, and said. Raises UserError."""
    journal, reader, _ = Journal.reopen(path)
    try:
        past: list[Event] = [line.event for line in Reader(path).lines() if not isinstance(line.event, Header)]
        week = Week(plan_of(reader.header, path), path, past)
    except BaseException:
        journal.close()
        raise
    week.notes = tuple(reader.notes)
    week._journal = journal
    return week
