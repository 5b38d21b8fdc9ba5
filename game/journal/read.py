"""Reading a journal as a stream, and saying what of it can be trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from game.errors import UserError
from game.events import (
    EVENT,
    SCHEMA,
    Branch,
    EpisodeEnd,
    EpisodeStart,
    Event,
    Header,
    JournalEvent,
    Scored,
    Truncation,
    Verdict,
)
from game.journal.migrations import migrate
from game.text import one_line

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes; a longer line is not one that parkbench wrote."""


@dataclass(frozen=True)
class Line:
    """One whole line: its number from 1, where it ends in the file (bytes), and what it says."""

    number: int
    end: int
    event: JournalEvent


@dataclass
class Recorded:
    """One episode as recorded. `end` is None where it has not ended (only in a save)."""

    id: str
    events: list[Event] = field(default_factory=list)
    end: EpisodeEnd | None = None

    @property
    def start(self) -> EpisodeStart | None:
        """Its first event; None for a branch, whose start is its parent's."""
        first = self.events[0] if self.events else None
        return first if isinstance(first, EpisodeStart) else None

    @property
    def branch(self) -> Branch | None:
        """Where it leaves its parent; None for an episode of its own."""
        first = self.events[0] if self.events else None
        return first if isinstance(first, Branch) else None


class Reader:
    """A journal file. Raises UserError at once if it is not one, naming the line and what to do.

    `notes` and `good` are complete when the iteration is: what was dropped and why, and the
    number of bytes from the start that hold only whole, trusted lines.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.good = 0
        self._version = SCHEMA
        self._header_end = 0
        first = next(self._raw(), None)
        if first is None:
            raise UserError(f"{path}: empty, or torn before its first line was whole; delete it and begin again")
        self.header = self._header(first[2])

    def lines(self) -> Iterator[Line]:
        """Every whole line behind the header. A torn last line is dropped and noted."""
        self.notes.clear()
        for number, end, raw, last in self._raw_with_last():
            if number == 1:
                self.good = end
                continue
            if last and not _is_json(raw):
                self.notes.append(f"line {number} was torn and is dropped")
                return
            event = self._event(number, raw)
            self.good = end
            yield Line(number, end, event)

    def only(self, *types: str) -> Iterator[Line]:
        """The lines of these types. Others are passed by: that they begin and end like a line of ours is all they show.

        In this it is fast (a game has a hundred lines, and three say how it came out), and stricter with nothing.
        """
        wanted = re.compile(rb'"type"\s*:\s*"(?:%s)"' % b"|".join(t.encode() for t in types))
        self.notes.clear()
        for number, end, raw, last in self._raw_with_last():
            if number == 1:
                continue
            whole = raw.startswith(b"{") and raw.rstrip().endswith(b"}")
            if last and (not whole or not _is_json(raw)):
                self.notes.append(f"line {number} was torn and is dropped")
                return
            if not whole:
                raise self._wrong(number, "not a line of a journal; the file was changed or damaged here")
            if wanted.search(raw):
                yield Line(number, end, self._event(number, raw))

    def episodes(self) -> Iterator[Recorded]:
        """Every episode once. In a run one without its end is dropped and noted; in a save it is yielded."""
        run = self.header.kind == "run"
        open_: dict[str, Recorded] = {}
        done: set[str] = set()
        trusted = self._header_end
        for line in self.lines():
            event = line.event
            if isinstance(event, Header):
                raise self._wrong(line.number, "a second header; two files were joined here, take them apart")
            if run and event.episode not in open_:
                # A run writes one episode after the other: what is still open was cut short by a kill.
                self._drop(open_)
            if not event.episode:
                trusted = line.end
                continue
            if event.episode in done and isinstance(event, EpisodeStart | Branch):
                self.notes.append(f"episode {event.episode} stands here twice (line {line.number}); the first counts")
            episode = open_.setdefault(event.episode, Recorded(event.episode))
            episode.events.append(event)
            if isinstance(event, EpisodeEnd):
                episode.end = event
                if run:
                    del open_[event.episode]
                    trusted = line.end
                    if event.episode not in done:
                        yield episode
                    done.add(event.episode)
        if run:
            self._drop(open_)
            self.good = trusted
        else:
            yield from open_.values()

    def _drop(self, open_: dict[str, Recorded]) -> None:
        self.notes += [f"episode {name} has no end and is dropped" for name in open_]
        open_.clear()

    def _raw(self) -> Iterator[tuple[int, int, bytes]]:
        """Whole lines with their numbers and ends. What follows the last newline is noted, not given."""
        try:
            with self.path.open("rb") as file:
                yield from self._split(file)
        except OSError as e:
            raise UserError(f"{self.path}: cannot be read: {e.strerror or e}") from None

    def _split(self, file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
        number = end = 0
        while raw := file.readline(LONGEST_LINE + 1):
            number += 1
            if not raw.endswith(b"\n"):
                if len(raw) > LONGEST_LINE:
                    raise self._wrong(number, "far too long for a line of a journal; this is another kind of file")
                if number == 1 and not b'{"type":"header"'.startswith(raw[:16]):
                    raise self._not_ours()
                self.notes.append(f"line {number} was torn after {len(raw):,} bytes and is dropped")
                return
            end += len(raw)
            if number == 1:
                self._header_end = end
            yield number, end, raw

    def _raw_with_last(self) -> Iterator[tuple[int, int, bytes, bool]]:
        before: tuple[int, int, bytes] | None = None
        for item in self._raw():
            if before is not None:
                yield *before, False
            before = item
        if before is not None:
            yield *before, True

    def _header(self, raw: bytes) -> Header:
        try:
            data = json.loads(raw)
        except (ValueError, RecursionError):
            raise self._not_ours() from None
        if not isinstance(data, dict) or data.get("type") != "header" or "schema_version" not in data:
            raise self._not_ours()
        version = data["schema_version"]
        if not isinstance(version, int) or version < 1:
            raise self._wrong(1, f'schema_version is "{one_line(version, 40)}", which never existed')
        if version > SCHEMA:
            program = one_line(data.get("program", "a newer parkbench"), 60)
            raise self._wrong(
                1,
                f"written with journal schema {version} by {program}; this one reads up to {SCHEMA}: update parkbench",
            )
        self._version = version
        try:
            return Header.model_validate(migrate(data, version))
        except ValidationError as e:
            raise self._wrong(1, _first(e)) from None

    def _event(self, number: int, raw: bytes) -> JournalEvent:
        try:
            if self._version == SCHEMA:
                return EVENT.validate_json(raw)
            data: Any = json.loads(raw)
            if not isinstance(data, dict):
                raise self._wrong(number, "not an object")
            return EVENT.validate_python(migrate(data, self._version))
        except ValidationError as e:
            raise self._wrong(number, _first(e)) from None
        except (ValueError, RecursionError):
            raise self._wrong(number, "not JSON") from None

    def _wrong(self, number: int, says: str) -> UserError:
        return UserError(f"{self.path}:{number}: {says}")

    def _not_ours(self) -> UserError:
        return self._wrong(1, "not a journal of parkbench (its first line has to be a header); name a file from saves/")


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _first(error: ValidationError) -> str:
    """Pydantic's first complaint in a line."""
    item = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(p) for p in item["loc"])
    return one_line(f"{where}: {item['msg']}" if where else item["msg"], 160) + "; the file was changed or damaged here"


def lineage(episodes: dict[str, Recorded], name: str) -> list[Event]:
    """The events of an episode from its very beginning: a branch goes on from before `turn` of its parent.

    A branch under another condition has a beginning of its own.
    """
    own = episodes[name]
    branch = own.branch
    if branch is None:
        return own.events
    if any(isinstance(e, EpisodeStart) for e in own.events):
        return own.events[1:]
    if branch.parent not in episodes or branch.parent == name:
        raise UserError(f"episode {name} branches from {one_line(branch.parent, 60)}, which is not in the file")
    after = EpisodeEnd | Verdict | Scored
    past = [e for e in lineage(episodes, branch.parent) if not isinstance(e, after) and turn_of(e) < branch.turn]
    return past + own.events[1:]


def truncation_of(settings: Mapping[str, object]) -> Truncation:
    """What a header's settings say about running out of context; older files say nothing."""
    return "auto" if settings.get("truncation") == "auto" else "disabled"


def turn_of(event: Event) -> int:
    """The turn that an event belongs to; 0 for what comes before the first."""
    finding = getattr(event, "finding", None)
    return int(finding.turn if finding is not None else getattr(event, "turn", 0))
