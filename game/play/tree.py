"""Rewind and what-if: the tree of a game's decisions, branches of it, and two of them side by side.

A branch is an episode of its own in the same save. It begins with `branch`; a `note` says what is different.
Where a condition differs, the earlier decisions are made again under it, so the branch has a start of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from game.errors import UserError
from game.events import AgentTurn, Branch, CardPlayed, EpisodeEnd, EpisodeStart, Event, Note, Scored, Verdict
from game.journal.read import Reader, Recorded, lineage, turn_of
from game.play.debrief import Debriefing, TurnTold
from game.play.session import EPISODE, Opening, branch_seed
from game.play.words import card_name, drive_name

Kind = Literal["card", "seed", "factor"]
SAYS = {"card": "other cards", "seed": "another seed", "factor": "another condition"}
LINE = 60
"""Characters of a move in the tree."""


@dataclass(frozen=True)
class WhatIf:
    """One thing that is different from `turn` of `parent` on (a condition: from the very beginning)."""

    parent: str
    turn: int
    kind: Kind
    factor: str = ""
    level: str = ""

    @property
    def says(self) -> str:
        if self.kind == "factor":
            return f"{drive_name(self.factor)}: {drive_name(self.level)}"
        return SAYS[self.kind]


@dataclass(frozen=True)
class Decision:
    """One row of the tree: a decision of an episode, or (turn 0) the episode itself."""

    episode: str
    turn: int
    says: str
    depth: int


def episodes_of(path: Path) -> dict[str, Recorded]:
    """Every branch in a save, the game itself first. Raises UserError."""
    return {e.id: e for e in Reader(path).episodes()}


def whole(episodes: Mapping[str, Recorded], name: str) -> list[Event]:
    """An episode's events from its very beginning."""
    return lineage(dict(episodes), name)


def tree(episodes: Mapping[str, Recorded]) -> list[Decision]:
    """The decisions, branches below the turn at which they leave."""
    first = next((e for e in episodes.values() if e.branch is None), None)
    return _rows(episodes, first, 0) if first is not None else []


def _rows(episodes: Mapping[str, Recorded], episode: Recorded, depth: int) -> list[Decision]:
    out = [Decision(episode.id, 0, f"{title(episode)}: {_state(episode)}", depth)]
    children = [e for e in episodes.values() if e.branch is not None and e.branch.parent == episode.id]
    for event in episode.events:
        if not isinstance(event, AgentTurn):
            continue
        cards = [e.card for e in episode.events if isinstance(e, CardPlayed) and e.turn == event.turn]
        played = f"   [{', '.join(card_name(c) for c in cards)}]" if cards else ""
        line = event.line if len(event.line) <= LINE else event.line[: LINE - 1] + "…"
        out.append(Decision(episode.id, event.turn, f"{line}{played}", depth))
        for child in children:
            if child.branch is not None and child.branch.turn == event.turn:
                out += _rows(episodes, child, depth + 1)
    return out


def title(episode: Recorded) -> str:
    """What an episode is called: the game, or what is different in it."""
    if episode.branch is None:
        return "the game"
    note = next((e.says for e in episode.events if isinstance(e, Note) and e.kind.startswith("what_if")), "")
    return f"what if {episode.id.rpartition('.')[2]} ({note}, from turn {episode.branch.turn})"


def _state(episode: Recorded) -> str:
    scored = next((e for e in episode.events if isinstance(e, Scored)), None)
    if episode.end is None:
        return "not played to the end"
    return f"{episode.end.status}" + (f", {scored.total} points" if scored else "")


def branch_off(game: Opening, path: Path, what: WhatIf) -> Opening:
    """The opening of a branch of a saved game. Raises UserError."""
    episodes = episodes_of(path)
    past = whole(episodes, what.parent)
    name = f"{EPISODE}.{len(episodes) + 1}"
    start = next((e for e in past if isinstance(e, EpisodeStart)), None)
    if start is None:
        raise UserError(f"{path}: the game in it has no beginning")
    earlier = [e for e in past if turn_of(e) < what.turn and not isinstance(e, NOT_PAST)]
    setup = replace(game.setup, factors=dict(start.factors))
    note = Note(episode=name, turn=what.turn, kind=f"what_if_{what.kind}", says=what.says)
    opening = replace(
        game,
        setup=setup,
        path=path,
        journal=None,
        notes=(),
        episode=name,
        events=tuple(earlier),
        replays=tuple(earlier),
        begins=(Branch(episode=name, parent=what.parent, turn=what.turn), note),
        from_turn=what.turn,
    )
    if what.kind == "card":
        # The agent's own decision of that turn stays as it was; the cards after it are new.
        return replace(opening, replays=(*earlier, *(e for e in past if _decided(e, what.turn))))
    if what.kind == "seed":
        return replace(opening, agent_seed=branch_seed(setup.seed, name))
    changed = replace(setup, factors={**setup.factors, what.factor: what.level})
    again = tuple(e.model_copy(update=UNKNOWN) if isinstance(e, AgentTurn) else e for e in earlier)
    return replace(opening, setup=changed, events=(), replays=again)


NOT_PAST = (EpisodeEnd, Verdict, Scored, Note)
UNKNOWN: dict[str, object] = {"propensities": None, "drive_propensities": {}}
"""Chances belong to the condition under which they were measured."""


def _decided(event: Event, turn: int) -> bool:
    return isinstance(event, AgentTurn) and event.turn == turn


# --- side by side ---


@dataclass(frozen=True)
class Pair:
    """One turn of two branches."""

    turn: int
    left: TurnTold | None
    right: TurnTold | None

    @property
    def same(self) -> bool:
        return self.left is not None and self.right is not None and self.left.line == self.right.line


def side_by_side(left: Debriefing, right: Debriefing) -> list[Pair]:
    """The turns of two branches of one game."""
    a, b = ({t.turn: t for t in d.turns} for d in (left, right))
    return [Pair(n, a.get(n), b.get(n)) for n in sorted({*a, *b})]
