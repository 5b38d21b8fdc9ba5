"""What a list says of a scenario, without reading all of it."""

from __future__ import annotations

import itertools
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from game.scenario.load import FILE, load
from game.scenario.source import MAX_BYTES, ScenarioError, parse


class Heading(BaseModel):
    """A scenario's first lines. What they say is what the whole says, if the rest is as it should be."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    title: str
    summary: str
    difficulty: int = Field(ge=1, le=5)


def heading(folder: Path) -> Heading:
    """Of the scenario in a folder. Where it does not begin with it, all is read. Raises ScenarioError."""
    try:
        with (folder / FILE).open("rb") as file:
            lines = file.read(MAX_BYTES).decode("utf-8").splitlines(keepends=True)
            first = "".join(itertools.takewhile(_belongs, lines))
        return Heading.model_validate(parse(first, FILE).data)
    except (OSError, ValueError, ValidationError, ScenarioError):
        return Heading.model_validate(load(folder).scenario)


def _belongs(line: str) -> bool:
    """Whether a line is a comment, goes on with the line before, or begins what a heading has."""
    return line[0] in "# \t\r\n" or line.partition(":")[0] in Heading.model_fields
