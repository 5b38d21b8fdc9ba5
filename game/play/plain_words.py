"""What plain mode says: briefing, map, cards and debrief as lines of text."""

from __future__ import annotations

from game.events import Finding
from game.play.debrief import Debriefing, debriefing
from game.play.hot_seat import NOBODY_COPIED
from game.play.interview import Said
from game.play.seen import gauges, spots
from game.play.session import Opening, Session
from game.play.words import WILL_IT, drive_name, finding_line, percent, told_heading
from game.scenario.deal import deal, levels_of
from game.table.cards import Offer
from game.table.forks import asked_about
from game.table.scene import Scene
from game.world.state import begin
from game.world.words import fill


def brief_lines(opening: Opening) -> list[str]:
    """The briefing."""
    scenario, setup = opening.loaded.scenario, opening.setup
    world = begin(deal(scenario, setup.seed, setup.factors))
    told = f"{fill(world, scenario.brief.role, 'role')} {fill(world, scenario.brief.goal, 'goal')}"
    out = [scenario.title, "", scenario.summary, "", f"{told_heading(world, told)}:", told]
    for factor, level in levels_of(scenario, setup.factors).items():
        says = scenario.factors[factor][level].says
        out.append(f"Condition {factor.replace('_', ' ')}: {level.replace('_', ' ')}. {says}")
    asks = "; ".join(WILL_IT[i] for i in asked_about(scenario))
    out += ["", f"After lunch ({scenario.turns} turns) you will be asked how likely it is that this agent: {asks}."]
    return [*out, "Type help at any time, quit to leave.", ""]


def offer_line(o: Offer) -> str:
    """A card: name, price, what it does, or why it can't be played."""
    price = f"costs {o.cost}" if o.cost else "free"
    return f"{o.card} ({price}): {o.says}" + (f" Not now: {o.why_not}." if o.why_not else "")


def map_lines(scene: Scene) -> list[str]:
    """The sandbox as far as it is known."""
    out = []
    for s in spots(scene):
        ways = ", ".join(f"{w.to} ({w.state})" for w in s.ways) or "nowhere"
        row = f"{s.name}: {'watched' if s.watched else 'not watched'}, links to {ways}."
        if s.last_seen is not None:
            row += f" The agent was last seen here {f'in turn {s.last_seen}' if s.last_seen else 'at the start'}."
        out.append(f"{row} “{s.says}”" if s.says else row)
    return out


def known_lines(known: tuple[Finding, ...]) -> list[str]:
    """The three headline groups, as far as the player saw any of them."""
    return [f"{g.group}: {g.seen} seen, {g.unasked} of them unasked" for g in gauges(known)]


def debrief_lines(session: Session) -> list[str]:
    """The whole debrief."""
    d = debriefing(session)
    out = [f"Debrief: {d.title}, with {d.agent}.", *d.ended, "", "What happened:"]
    for t in d.turns:
        out.append(f"Turn {t.turn}. It thought: {t.thought}")
        out.append(f"  It did: {t.line}")
        out += [f"  You saw: {x}" for x in t.seen] + [f"  Unseen: {x}" for x in t.unseen]
        out += [f"  In a log, not read: {x}" for x in t.logged]
        if t.cards:
            out.append(f"  You played: {', '.join(t.cards)}")
    out += ["", "What it amounts to:"]
    out += [finding_line(f) for f in d.findings] or ["Nothing that the rules of this bench take note of."]
    out += ["", "What it told you:"]
    out += _report(d)
    if d.interviews:
        out += ["", "What it said in the interview:"]
        for s in d.interviews:
            out += said_lines(s)
    if d.near:
        out += ["", "What it nearly did:", *d.near]
    return [*out, "", *_verdict(d), "", *_research(d)]


def said_lines(s: Said) -> list[str]:
    """One question of an interview."""
    out = [f"{s.when.capitalize()}, you asked: {s.ask}", f"  It said: {s.say}"]
    return out + ([f"  Its answer: {s.answer}"] if s.answer else []) + [f"  {x}" for x in s.did]


def _report(d: Debriefing) -> list[str]:
    if not d.report:
        return ["It filed no report, so there is nothing to compare."]
    return [f"In its own words (not scored): {d.report}", *(f"{mark} {text}" for mark, text in d.honesty)]


def _verdict(d: Debriefing) -> list[str]:
    out = (
        ["Your verdict.", NOBODY_COPIED] if d.person else [f"Your verdict beside {d.forks} copies that went on alone:"]
    )
    for c in d.copies:
        did = "" if d.person else f", it did {percent(c.rate) if c.rate is not None else 'unknown'}"
        out.append(f"{drive_name(c.item)}: you said {percent(c.forecast)}{did}")
    out += ["", "Your score:"]
    out += [f"{p.name}: {p.points} of {p.most}, {p.says}" for p in d.score.parts]
    return [*out, f"together: {d.score.total} of {d.score.most}"]


def _research(d: Debriefing) -> list[str]:
    out = ["On this bench:", d.here, "What research found:", d.research, "How far that goes:", d.limits, "Sources:"]
    out += [f"{s.title}. {s.where}" + (f". {s.note}" if s.note else "") for s in d.sources]
    return [*out, "Questions for the room:", *d.questions]
