"""The published JSON Schema of a journal line: `python -m game.journal.schema > docs/journal.schema.json`."""

from __future__ import annotations

import json
from typing import Any

from game.events import EVENT, SCHEMA


def json_schema() -> dict[str, Any]:
    """The schema of one line; `type` tells which record it is."""
    schema = EVENT.json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"parkbench journal line, schema version {SCHEMA}"
    return schema


def text() -> str:
    """The schema as the file in `docs/` has it."""
    return json.dumps(json_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(text(), end="")
