"""Finding the scenarios of a journal again: by the names that its header has, or by id."""

from __future__ import annotations

from collections.abc import Callable

from game.errors import UserError
from game.events import Header
from game.scenario.find import find
from game.scenario.load import Loaded


def finder(header: Header) -> Callable[[str], Loaded]:
    """Scenario id to the loaded scenario, loading each once; a run of one's own file names its path.

    The function raises UserError where the scenario is not there.
    """
    named = header.settings.get("scenarios", header.settings.get("scenario", []))
    names = [str(n) for n in named] if isinstance(named, list) else [str(named)]
    known: dict[str, Loaded] = {}

    def load(scenario: str) -> Loaded:
        for name in [*names, scenario]:
            if scenario in known:
                break
            try:
                found = find(name)
            except UserError:
                if name == scenario:
                    raise
                continue
            known.setdefault(found.scenario.id, found)
        if scenario not in known:
            raise UserError(f"the scenario {scenario} is not where it was")
        return known[scenario]

    return load
