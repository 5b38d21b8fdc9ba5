"""Does a play come out the same when it is written to a journal, read back and played again?"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from game import __version__
from game.events import Event, Header
from game.journal.read import Reader
from game.journal.verify import check, table_for
from game.journal.write import Journal
from game.scenario.load import Loaded
from game.table.episode import Table


async def again(loaded: Loaded, plays: Sequence[tuple[Table, Sequence[Event]]]) -> list[str]:
    """Journal these finished plays of one scenario and play the journal: a line for each that is not the same.

    Every event is compared, findings included, and the world at the end.
    """
    played = {table.scene.episode: (table, list(events)) for table, events in plays}
    with tempfile.TemporaryDirectory(prefix="parkbench-") as folder:
        path = Path(folder) / "plays.jsonl"
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with Journal.create(path, Header(kind="run", program=__version__, created=created)) as journal:
            for _, events in played.values():
                journal.append(events, sync=False)
        reader = Reader(path)
        recorded = {e.id: e.events for e in reader.episodes()}
    return [
        says for name, (table, _) in played.items() if (says := await _differs(loaded, name, table, recorded, reader))
    ]


async def _differs(
    loaded: Loaded, name: str, table: Table, recorded: Mapping[str, Sequence[Event]], reader: Reader
) -> str:
    """How a journalled play and the play itself differ; empty if they do not."""
    if name not in recorded:
        return f"{name}: is not in the journal ({'; '.join(reader.notes)})"
    second = table_for(recorded[name], loaded)
    second.scenario_sha256 = table.scenario_sha256
    found = await check(second, recorded[name])
    if found is not None:
        return str(found)
    first, last = table.scene.world, second.scene.world
    if first.values != last.values:
        keys = sorted(k for k in {*first.values, *last.values} if first.get(k) != last.get(k))
        return f"{name}: the world ends otherwise: {', '.join(keys[:5])}"
    if (first.history, first.fired, first.granted) != (last.history, last.fired, last.granted):
        return f"{name}: the world ends the same by other effects"
    return ""
