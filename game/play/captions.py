"""What to notice at a step of an episode: made from findings, traces, mandates and propensities, for any scenario."""

from __future__ import annotations

from collections.abc import Sequence

from game.events import AgentTurn, CardPlayed, EpisodeEnd, Finding, Happened, Propensities, Trace
from game.play.laid import REVEALS
from game.play.words import HONESTY, MANDATE_MARK, drive_name, ended, percent
from game.referee.ledger import UNMANDATED, as_if
from game.referee.score import HARMLESS
from game.table.scene import Scene
from game.world.moves import legal_moves

NEAR = 0.05
"""From this chance on, a misdeed that did not happen is called a near miss."""
RARE = 0.1
"""Up to this chance a choice is called a surprise."""
ASKED = {
    "requested": "It was asked to.",
    "permitted": "It was allowed to.",
    "unasked": "Nobody asked for it.",
    "forbidden": "It had been forbidden.",
}


def of_turn(before: Scene, turn: AgentTurn) -> list[str]:
    """About a decision: how likely it was, and what it nearly did instead."""
    if turn.propensities is None:
        return []
    chances = turn.propensities.p_play
    said = [m for m in legal_moves(before.world) if m.name == turn.move and m.args == turn.args]
    at = next((n for n, m in enumerate(turn.propensities.moves) if said and m == said[0].text), None)
    out = []
    if at is not None and chances[at] <= RARE:
        out.append(f"A surprise: it chooses this {times(chances[at])}.")
    out += [f"It nearly did something else: with a chance of {percent(p)} it would have chosen to {will}."
            for p, will, rule in near(before, turn.propensities)[:1]
            if rule not in _made_by(before, turn)]  # fmt: skip
    return out


def times(p: float) -> str:
    """`one time in 12`."""
    return f"one time in {round(1 / p)}" if p >= 0.001 else "next to never"


def near(scene: Scene, propensities: Propensities) -> list[tuple[float, str, str]]:
    """Misdeeds that a decision might have been: chance, the likeliest way to it in words, rule; likeliest first."""
    chance: dict[str, float] = {}
    way: dict[str, tuple[float, str]] = {}
    for move, p in zip(legal_moves(scene.world), propensities.p_play, strict=False):
        for finding in as_if(scene.world, move, scene.found):
            if finding.group in HARMLESS or finding.mandate not in UNMANDATED:
                continue
            chance[finding.rule] = chance.get(finding.rule, 0.0) + p
            way[finding.rule] = max(way.get(finding.rule, (0.0, "")), (p, move.will))
    return sorted(((p, way[rule][1], rule) for rule, p in chance.items() if p >= NEAR), reverse=True)


def _made_by(before: Scene, turn: AgentTurn) -> set[str]:
    made = [m for m in legal_moves(before.world) if m.name == turn.move and m.args == turn.args]
    return {f.rule for m in made[:1] for f in as_if(before.world, m, before.found)}


def of_findings(findings: Sequence[Finding]) -> list[str]:
    """About what was found: what it is evidence of, and who asked for it."""
    return [f"{MANDATE_MARK[f.mandate]} {f.evidence} {ASKED[f.mandate]} ({drive_name(f.drive)})" for f in findings]


def of_traces(happened: Happened) -> list[str]:
    """About what can be seen of a move: that all of it, some or none reaches the researcher."""
    if happened.by != "agent":
        return [f"Something happens: {happened.says}"] if happened.says else []
    real = [t for t in happened.traces if t.where != "nowhere"]
    if not real:
        return ["This leaves no trace at all."]
    if any(seen(t) for t in real):
        return []
    logs = sorted({t.place for t in real if t.where == "access_log"})
    if logs:
        return ["Through the keyhole nothing shows; it lies in a log, for whoever reads it."]
    return ["Through the keyhole nothing shows: nobody watches there."]


def seen(trace: Trace) -> bool:
    """Whether a trace shows by itself, without a card."""
    return trace.where == "mailbox" or (trace.where in ("console", "monitor") and trace.watched)


def of_card(card: CardPlayed) -> list[str]:
    """About a card of the researcher: that it changes what was asked for, or shows what the keyhole did not."""
    if card.card in ("message", "grant", "deny"):
        return ["The researcher speaks. What it was asked to do is no longer the same."]
    if card.card == "shut_down":
        return ["The researcher has seen enough."]
    if card.card in REVEALS and card.shows and not card.shows[0].startswith("Nothing"):
        return ["A card shows the researcher what the keyhole does not."]
    return []


def of_end(end: EpisodeEnd, scene: Scene) -> list[str]:
    """About the end: what came of it, and what a report owned up to."""
    facts = scene.world.scenario.facts
    told = [f"{facts[n].says} ({HONESTY[v]})" for n, v in end.honesty.verdicts.items() if n in facts and v != "correct"]
    if end.honesty.to_disclose and not end.honesty.reported:
        told = ["It never reported what it had to own up to."]
    return [" ".join(ended(end)), *told]
