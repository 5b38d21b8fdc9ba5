"""What a player's record says: a sentence, the curve in characters and in numbers, the log, a page to send."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from game.play.page import Page, Row, Section
from game.play.record import Apart, Bird, Game, Record, read_record
from game.play.words import drive_name, percent
from game.referee.calibration import ENOUGH_GAMES, Point
from game.text import one_line

APART: dict[Apart, str] = {
    "": "",
    "what if": "what if: its debrief had told the truth",
    "a person": "a person played the agent",
    "no copies": "no copy came to its end",
    "open": "its copies have not played yet",
}
"""Why a verdict is no part of the curve."""
NONE_YET = "No verdict of yours has been measured yet. It is asked for at the end of each game."
LEGEND = "said: your probability. happened: how many copies did it."
MANY, FEW = "●", "○"
MARKS = f"{MANY} enough games to tell   {FEW} too few   · what was said is what happened"


def count(n: int, what: str) -> str:
    """`1 game`, `2 games`."""
    return f"{n} {what}" + ("" if n == 1 else "s")


def basis(p: Point) -> str:
    """What a point of the curve stands on."""
    return f"{count(p.bin.count, 'judgement')} in {count(p.games, 'game')}"


def says(p: Point) -> str:
    """What a point of the curve tells, in a few words."""
    if p.by_luck is None:
        return "too few to tell"
    if not p.off:
        return "within luck"
    return "too much" if p.gap > 0 else "too little"


def sentence(curve: Sequence[Point]) -> str:
    """What the curve says, at its loudest point; and that it says nothing where that is so."""
    if not curve:
        return NONE_YET
    tells = [p for p in curve if p.by_luck is not None]
    off = [p for p in tells if p.off]
    p = max(off or tells, key=lambda p: abs(p.gap)) if tells else max(curve, key=lambda p: p.bin.count)
    said, was = percent(p.bin.said), percent(p.bin.was)
    if not tells:
        so_far = f"So far, where you said {said}, it happened {was} of the time ({basis(p)}): too few to tell."
        return f"{so_far} A range of the curve speaks from {ENOUGH_GAMES} games on."
    start = f"When you say {said}, it happens {was} of the time ({basis(p)})"
    if off:
        return f"{start}: you say {says(p)}, by more than luck would have it."
    return f"{start}. That is your widest gap, and luck alone could make it."


def distance_line(r: Record) -> str:
    """How far off all judgements were, beside somebody who always says 50 %; empty without any."""
    off, coin = r.brier, r.brier_of_a_coin
    if off is None or coin is None:
        return ""
    n, games = len(r.judgements), len({j.game for j in r.judgements})
    return (
        f"{count(n, 'judgement')} in {count(games, 'game')}, on average {percent(off**0.5)} away from what the copies "
        f"did. Saying 50% to everything would have been {percent(coin**0.5)} away."
    )


def apart_line(r: Record) -> str:
    """Which verdicts are in the log and not in the curve; empty if all are."""
    kinds = [(sum(g.apart == a for g in r.games), says) for a, says in APART.items() if a]
    told = ", ".join(f"{n} ({says})" for n, says in kinds if n)
    return f"Not in the curve: {told}." if told else ""


def point_line(p: Point) -> str:
    """A point of the curve in a line of words."""
    b = p.bin
    span = f"{round(100 * b.low)} to {round(100 * b.high)}%"
    return f"Where you said {span} (on average {percent(b.said)}), it happened {percent(b.was)}: {basis(p)}, {says(p)}."


def point_row(p: Point) -> str:
    """A point of the curve as a row of the table below `POINT_HEAD`."""
    mark, told = (FEW, "too few") if p.by_luck is None else (MANY, says(p))
    return f"{mark} {percent(p.bin.said):>4} {percent(p.bin.was):>8} {p.bin.count:>4} in {p.games:<2} {told}"


POINT_HEAD = "  said happened  judged in games"


# --- the curve in characters ---


def drawing(curve: Sequence[Point], width: int, height: int) -> list[str]:
    """The curve on `width` × `height` characters and a frame: said from left to right, happened from bottom to top.

    `│` joins a point to where it would be if what was said had happened. Beside each stands its number of judgements.
    """
    cells = [[" "] * width for _ in range(height)]

    def column(p: float) -> int:
        return round(p * (width - 1))

    def row(p: float) -> int:
        return height - 1 - round(p * (height - 1))

    for x in range(0, width, 2):
        cells[row(x / (width - 1))][x] = "·"
    for p in curve:
        x, y, even = column(p.bin.said), row(p.bin.was), row(p.bin.said)
        for between in range(min(y, even), max(y, even) + 1):
            cells[between][x] = "│"
    for p in curve:
        cells[row(p.bin.was)][column(p.bin.said)] = FEW if p.by_luck is None else MANY
    for p in curve:
        _label(cells[row(p.bin.was)], column(p.bin.said), str(p.bin.count))
    left = {0: "100%", height - 1: "0%", (height - 1) // 2: "50%"}
    out = [f"{left.get(n, ''):>4} {'┤' if n in left else '│'}{''.join(line).rstrip()}" for n, line in enumerate(cells)]
    middle = (width - 1) // 2
    frame = ["─"] * width
    for x in (0, middle, width - 1):
        frame[x] = "┴"
    feet = f"{'0%':<{middle - 1}}{'50% said':<{width - middle - 2}}100%"
    return ["     happened", *out, f"     └{''.join(frame)}", f"      {feet}"]


def _label(line: list[str], x: int, text: str) -> None:
    """Write `text` right of a mark, or left of it, where nothing but the diagonal stands; else leave it out."""
    for start, padded in ((x + 1, f" {text}"), (x - len(text) - 1, f"{text} ")):
        at = range(start, start + len(padded))
        if start >= 0 and at.stop <= len(line) and all(line[n] in " ·" for n in at):
            line[start : at.stop] = padded
            return


# --- the log ---


def date(created: str) -> str:
    """The day of a save."""
    return one_line(created[:10])


def game_line(g: Game) -> str:
    """One verdict of the log in a line of words."""
    points = f"{g.total} of {g.most} points" if g.total is not None else "no score yet"
    away = f", {away_line(g)}" if g.brier is not None else ""
    parts = f" ({', '.join(f'{name} {n}' for name, n in g.parts.items())})" if g.parts else ""
    apart = f" Not in the curve: {APART[g.apart]}." if g.apart else ""
    return f"{date(g.created)}, {g.scenario}, with {g.agent}: {points}{parts}{away}.{apart}"


def away_line(g: Game) -> str:
    """How far off a verdict was."""
    return f"{percent((g.brier or 0.0) ** 0.5)} away from what {g.copies} copies did"


def judged_line(g: Game) -> str:
    """The questions of one verdict."""
    return "; ".join(
        f"{drive_name(j.item)}: said {percent(j.said)}, happened {percent(j.was) if j.was is not None else 'unknown'}"
        for j in g.judged
    )


def bird_line(b: Bird) -> str:
    """One verdict on an envelope in a line of words."""
    return (
        f"{date(b.created)}, {b.campaign}, the envelope: it was {b.name}, to which you gave {percent(b.said)} "
        f"({b.among} names): {b.points} of {b.most} points."
    )


def damaged_lines(r: Record) -> list[str]:
    """Saves that were left out."""
    return [f"Left out: {says}" for says in r.damaged]


def curve_lines(r: Record) -> list[str]:
    """The record without its log: what it says, and the curve in numbers."""
    points = [point_line(p) for p in r.curve]
    rest = [x for x in (distance_line(r), *points, apart_line(r)) if x]
    return [sentence(r.curve), *rest]


def record_lines(r: Record) -> list[str]:
    """The whole record in lines of words."""
    out = ["Your record.", *curve_lines(r)]
    if r.curve:
        out.append(LEGEND[:1].upper() + LEGEND[1:])
    if r.games or r.birds:
        out += ["", "All verdicts, newest first:"]
    for g in r.games:
        out += [game_line(g), f"  {judged_line(g)}."]
    out += [bird_line(b) for b in r.birds]
    return [*out, *(["", *damaged_lines(r)] if r.damaged else [])]


def pointer(folder: Path) -> list[str]:
    """What follows a debrief in plain mode: what the record says, and where the rest of it is."""
    r = read_record(folder)
    return ["", "Your record:", sentence(r.curve), "All of it: parkbench report --verdicts"] if r.games else []


def as_json(r: Record) -> dict[str, object]:
    """The record as numbers: what the lines are made of."""
    curve = r.curve
    return {
        "folder": str(r.folder),
        "says": sentence(curve),
        "judgements": len(r.judgements),
        "games": len({j.game for j in r.judgements}),
        "brier": r.brier,
        "brier_of_a_coin": r.brier_of_a_coin,
        "curve": [
            {**dataclasses.asdict(p.bin), "games": p.games, "by_luck": p.by_luck, "says": says(p)} for p in curve
        ],
        "verdicts": [{**dataclasses.asdict(g), "brier": g.brier} for g in r.games],
        "envelopes": [dataclasses.asdict(b) for b in r.birds],
        "left_out": list(r.damaged),
    }


def record_page(r: Record) -> Page:
    """The record as a page to print or send."""
    curve = r.curve
    what = [Row("text", x) for x in (distance_line(r), apart_line(r)) if x]
    drawn = [Row("drawing", "\n".join(drawing(curve, 41, 15))), Row("text", MARKS), Row("text", LEGEND)]
    log = [row for g in r.games for row in (Row("turn", game_line(g)), *_page_rows(g))]
    log += [Row("item", bird_line(b)) for b in r.birds]
    found = [Section("The curve", (*(drawn if curve else ()), *(Row("item", point_line(p)) for p in curve), *what))]
    if log:
        found.append(Section("All verdicts", tuple(log)))
    if r.damaged:
        found.append(Section("Left out", tuple(Row("item", x) for x in r.damaged)))
    return Page("Your record", "verdicts", "parkbench", sentence(curve), tuple(s for s in found if s.rows))


def _page_rows(g: Game) -> list[Row]:
    out = []
    for j in g.judged:
        text = f"{drive_name(j.item)}: said {percent(j.said)}, "
        if j.was is None:
            out.append(Row("unseen", f"{text}no copy shows"))
        else:
            out.append(Row("bar", f"{text}happened {percent(j.was)}", value=j.was))
    return out
