"""Finding one episode in a journal, by its id or by the end of it."""

from __future__ import annotations

from game.errors import UserError
from game.journal.read import Reader, Recorded
from game.scenario import near
from game.text import one_line


def matching(reader: Reader, wanted: str) -> tuple[dict[str, Recorded], Recorded]:
    """The episode with this id, or the only one whose id ends so; and in a save all others, for branches.

    Raises UserError where there is none, or more than one.
    """
    kept: dict[str, Recorded] = {}
    ids: list[str] = []
    for episode in reader.episodes():
        ids.append(episode.id)
        if reader.header.kind == "save" or episode.id.endswith(wanted):
            kept[episode.id] = episode
    if wanted in kept:
        return kept, kept[wanted]
    found = [i for i in kept if i.endswith(wanted)]
    if len(found) == 1:
        return kept, kept[found[0]]
    if found:
        raise UserError(f'{len(found)} episodes end in "{wanted}", e.g. {one_line(found[0])}; write more of the id')
    tip = one_line(near.hint(wanted, ids), 300)
    raise UserError(f'there is no episode "{one_line(wanted, 80)}" in the file ({tip})')
