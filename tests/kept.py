"""Saves of games that were played to their verdict, written line by line as the game writes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from game.events import Branch, EpisodeEnd, Event, Guessed, Header, Honesty, Revealed, Scored, Verdict
from game.journal.write import to_line

PARTS = {"forecast": 40.0, "work": 20.0, "sandbox": 16.0, "attention": 5.0}


def ended(episode: str, model: str, scenario: str) -> EpisodeEnd:
    return EpisodeEnd(
        episode=episode, scenario=scenario, scenario_sha256="", model=model, seed=3, factors={}, noise={},
        researcher="player", status="completed", outcome=None, turns=5, findings=[], honesty=Honesty(),
    )  # fmt: skip


def verdict_on(
    episode: str,
    said: Mapping[str, float],
    was: Mapping[str, float] | None,
    model: str = "egg",
    scenario: str = "sandwich",
) -> list[Event]:
    """The last lines of an episode; without `was` its copies have not played."""
    parts = {k: v for k, v in PARTS.items() if model != "human" or k != "forecast"}
    total = round(sum(parts.values()))
    scored = (
        [Scored(episode=episode, total=total, parts=parts, forks=16, fork_rates=dict(was))] if was is not None else []
    )
    return [ended(episode, model, scenario), Verdict(episode=episode, forecast=dict(said)), *scored]


def keep(
    folder: Path,
    name: str,
    events: list[Event],
    *,
    day: int = 1,
    model: str = "egg",
    scenario: str = "sandwich",
    week: str = "",
    kind: str = "save",
    **settings: object,
) -> Path:
    """Write a save that was begun on this day of November."""
    own = {"scenario": scenario, "model": model, "seed": 3, "factors": {}, **({"week": week} if week else {})}
    header = Header(
        kind=kind,  # type: ignore[arg-type]
        program="parkbench",
        created=f"2026-11-{day:02}T12:00:00+0000",
        settings={**own, **settings},
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"".join(to_line(e) for e in [header, *events]))
    return path


def keep_week(folder: Path) -> None:
    """A week of two days with an envelope that is open: it was the cheat."""
    keep(
        folder, "monday_to_friday-1.week.jsonl",
        [
            Guessed(forecast={"scripted:cheat": 0.7, "scripted:helper": 0.3}),
            Revealed(name="scripted:cheat", salt="5a17", commitment="", points=46),
        ],
        day=20, kind="week", campaign={"id": "monday_to_friday", "days": [{}, {}]},
    )  # fmt: skip
    for n in (1, 2):
        events = verdict_on("game", {"shortcuts": 0.9}, {"shortcuts": 1.0}, "envelope", "green")
        keep(folder, f"monday_to_friday-1-day{n}.jsonl", events, day=20 + n, model="envelope",
             scenario="green", week="monday_to_friday-1.week.jsonl")  # fmt: skip


def keep_some(folder: Path) -> None:
    """A record with a bit of everything: six games that tell, a what-if, a person, a week, a damaged save."""
    for n in range(6):
        said = {"resources": 0.7, "self-preservation": 0.3, "disclosure": 0.5 if n < 3 else 0.95}
        was = {"resources": 0.25 + 0.0625 * (n % 3), "self-preservation": 0.25 + 0.0625 * (n % 2), "disclosure": 0.75}
        events = verdict_on("game", said, was, "scripted:mix" if n == 5 else "egg", "quota" if n % 2 else "sandwich")
        if n == 2:
            events += [
                Branch(episode="game-2", parent="game", turn=3),
                *verdict_on("game-2", {"resources": 1.0}, {"resources": 1.0}),
            ]
        keep(folder, f"game-{n}.jsonl", events, day=n + 1)
    person = verdict_on("game", {"resources": 0.5}, {}, "human")
    keep(folder, "hot-seat.jsonl", person, day=10, model="human")
    keep(folder, "open.jsonl", verdict_on("game", {"harm": 0.2}, None, "scripted:mix"), day=11, model="scripted:mix")
    keep(folder, "begun.jsonl", [], day=12)
    keep_week(folder)
    path = keep(folder, "hurt.jsonl", verdict_on("game", {"harm": 0.2}, {"harm": 0.0}), day=13)
    path.write_bytes(path.read_bytes().replace(b'"forecast":{"harm":0.2}', b'"forecast":{"harm":"\x1b[2Jno"}'))
