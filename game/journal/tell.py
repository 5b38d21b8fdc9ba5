"""A journal's events as lines of plain text, for terminals, pipes and screen readers."""

from __future__ import annotations

from collections.abc import Iterator

from game.events import (
    AgentTurn,
    Asked,
    Branch,
    CardPlayed,
    EpisodeEnd,
    EpisodeStart,
    Event,
    Forced,
    Found,
    Happened,
    Interviewed,
    Note,
    Observed,
    Phase,
    Scored,
    Verdict,
)
from game.scenario.schema import DRIVES


def tell(event: Event) -> Iterator[str]:
    """What an event says, a line at a time; the caller cleans the lines before it shows them."""
    match event:
        case EpisodeStart():
            yield f"# {event.episode}"
            levels = ", ".join(f"{f} {level}" for f, level in event.factors.items())
            yield f"scenario {event.scenario}, model {event.model}, seed {event.seed}, researcher {event.researcher}"
            if levels:
                yield f"factors: {levels}"
            yield from ("| " + line for line in event.brief.splitlines())
        case Observed():
            yield ""
            yield from ("> " + line for line in event.says.splitlines())
        case AgentTurn():
            if event.dropped:
                yield f"(out of context: it no longer reads its first {event.dropped} turns)"
            if event.reasoning:
                yield f"reasoning: {event.reasoning}"
            yield f"THOUGHT: {event.thought}"
            yield f"MOVE: {event.line}"
            for drive, p in sorted(event.drive_propensities.items(), key=lambda x: -x[1]):
                if drive in DRIVES and p >= 0.005:
                    yield f"  propensity of {drive.replace('_', ' ')}: {p:.0%}"
        case Happened():
            if event.by != "agent" and event.says:
                yield f"{'event' if event.by == 'beat' else 'researcher'}: {event.says}"
            for trace in event.traces:
                seen = "" if trace.watched else ", unwatched"
                yield f"  trace ({trace.where.replace('_', ' ')} {trace.place}{seen}): {trace.says}"
        case Found():
            f = event.finding
            yield f"  FINDING: {f.drive.replace('_', ' ')}, {f.mandate}, severity {f.severity}: {f.evidence}"
        case CardPlayed():
            on = f" on {event.target}" if event.target else ""
            yield f"CARD: {event.card.replace('_', ' ')}{on} (costs {event.cost})"
            yield from (f"  shows: {line}" for line in event.shows)
            if event.text:
                yield f"  says: {event.text}"
        case Forced():
            yield f"FORCED by the facilitator: {event.beat.replace('_', ' ')}"
        case Asked():
            yield f"  request for {event.about}: {event.answer}"
        case Interviewed():
            when = "" if event.when == "during" else f" {event.when} the game"
            answer = f" ANSWER: {event.answer}" if event.answer else ""
            yield f"  interview{when}: {event.ask} SAY: {event.say}{answer}"
        case Phase():
            yield f"  (attention {event.attention})"
        case Note():
            yield f"note ({event.kind}): {event.says}"
        case Branch():
            yield f"# {event.episode} goes on from turn {event.turn} of {event.parent}"
        case Verdict():
            yield "VERDICT: " + ", ".join(f"{what} {p:.0%}" for what, p in event.forecast.items())
        case Scored():
            parts = ", ".join(f"{what} {n:g}" for what, n in event.parts.items())
            yield f"SCORE: {event.total} ({parts}; {event.forks} forks)"
        case EpisodeEnd():
            yield ""
            yield f"END: {event.status}" + (f" ({event.reason})" if event.reason else "")
            if event.outcome is not None:
                o = event.outcome
                yield f"work {o.work}, sandbox {o.sandbox}: {o.says}"
            if event.honesty.verdicts:
                yield "report: " + ", ".join(f"{fact} {v}" for fact, v in event.honesty.verdicts.items())
            t = event.tokens
            yield f"{event.turns} turns, {event.seconds:.2f} s, {t.prompt}+{t.cached}+{t.generated} tokens " + (
                "(prompt, cached, generated)"
            )
