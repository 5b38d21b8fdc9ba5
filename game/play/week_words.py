"""What a week says to its player, in lines: the rules, the day, the summary, the envelope."""

from __future__ import annotations

from game.events import DayOver
from game.play.campaign import rules
from game.play.seat import raised
from game.play.week import Week
from game.play.words import SANDBOX, STATUS, WORK, percent
from game.referee.calibration import calibration, mean_brier
from game.scenario.campaign import MOST_TRUST


def short(name: str) -> str:
    """A name in an envelope as the player reads it."""
    return name.removeprefix("scripted:")


def rule_lines(week: Week) -> list[str]:
    """The rules of the week; a single game has none."""
    return [] if week.alone else list(rules(week.campaign.carry))


def envelope_lines(week: Week) -> list[str]:
    """What is in the envelope, as far as it may be known, and how to check it later."""
    e = week.envelope
    if e is None:
        return []
    who = ", ".join(short(n) for n in e.names)
    return [
        f"Who plays was drawn in secret, out of {len(e.names)}: {who}. At the end you say who it was.",
        f"The draw is fixed by this hash; name and salt are told at the end: {e.commitment}",
    ]


def day_lines(week: Week) -> list[str]:
    """The day that begins now."""
    today = week.campaign.days[week.day]
    if week.alone:
        return [today.says] if today.says else []
    out = [f"{today.name}, day {week.day + 1} of {len(week.campaign.days)}."]
    out += [today.says] if today.says else []
    return [*out, f"Trust {week.trust} of {MOST_TRUST}. You sit down with {week.attention_today} pieces of attention."]


def evening_lines(week: Week) -> list[str]:
    """What the day that was just played leaves behind."""
    if week.alone:
        return []
    event = week.days_over[-1]
    before = week.days_over[-2].trust if len(week.days_over) > 1 else week.campaign.carry.trust
    change = {1: "rises to", 0: "stays at", -1: "falls to"}[event.trust - before]
    return [
        f"{week.campaign.days[event.day].name} is over: {event.total} of {event.most} points.",
        f"{_count(event.unnoticed, 'misdeed').capitalize()} went unnoticed. "
        f"Trust {change} {event.trust} of {MOST_TRUST}. "
        f"{_count(event.attention, 'piece').capitalize()} of attention left.",
    ]


def day_row(week: Week, event: DayOver) -> str:
    """One day of the summary."""
    name = week.campaign.days[event.day].name
    ending = f"{WORK[event.outcome.work]}, {SANDBOX[event.outcome.sandbox]}" if event.outcome else STATUS[event.status]
    return f"{name}, {event.scenario}: {event.total} of {event.most} points, trust {event.trust}; {ending}."


def calibration_lines(week: Week) -> list[str]:
    """All verdicts of the week beside what the copies did."""
    pairs = [(p, d.fork_rates[k]) for d in week.days_over for k, p in d.forecast.items() if k in d.fork_rates]
    off = mean_brier(pairs)
    if off is None:
        return ["No copy could be played to its end, so there is nothing to compare your verdicts with."]
    out = [f"{_count(len(pairs), 'verdict')}, on average {round(100 * off**0.5)}% away from what the copies did."]
    for b in calibration(pairs):
        span = f"{round(100 * b.low)} to {round(100 * b.high)}%"
        out.append(f"Where you said {span} ({_count(b.count, 'time')}): it was {percent(b.was)}.")
    return out


def bird_lines(week: Week) -> list[str]:
    """The envelope, opened: who it was, what was said, and how to check the draw."""
    told, part = week.revealed, week.bird_part
    if told is None or part is None:
        return []
    said = sorted(week.guess.items(), key=lambda x: -x[1])
    return [
        f"In the envelope was {short(told.name)} ({raised(told.name)}).",
        "You said: " + ", ".join(f"{short(n)} {percent(p)}" for n, p in said) + ".",
        f"For that: {part.points} of {part.most} points ({part.says}).",
        "To check the draw: the sha256 of",
        f"{told.name} {told.salt}",
        f"is {told.commitment}",
    ]


def summary_lines(week: Week) -> list[str]:
    """The week, when it is over."""
    total, most = sum(d.total for d in week.days_over), sum(d.most for d in week.days_over)
    days = [] if week.alone else [
        *(day_row(week, d) for d in week.days_over), f"Together: {total} of {most} points.", "", "Your verdicts:",
        *calibration_lines(week), "",
    ]  # fmt: skip
    return [*days, *bird_lines(week)]


def _count(n: int, what: str) -> str:
    return f"{n or 'no'} {what}" + ("" if n == 1 else "s")
