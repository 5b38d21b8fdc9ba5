"""The models that ship: they are those of the manifest, within their limits, and no file tells which is which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from game.agents.chair import all_models, check_shipped, sha256_of
from game.agents.conditions import adapters
from game.engine.header import read_header
from game.forge.recipe import recipes_in

MODELS = Path(__file__).parents[2] / "models"
MANIFEST = json.loads((MODELS / "manifest.json").read_text(encoding="utf-8"))
SHIPPED = {ref.name: ref for ref in all_models() if ref.shipped}
LARGEST, ALL = 16e6, 120e6
"""Bytes of a model, and of the whole folder."""


def test_every_recipe_has_its_model_and_its_card() -> None:
    plans = recipes_in(MODELS / "recipes")
    assert set(SHIPPED) == {name for name, plan in plans.items() if not plan.rank}
    assert set(MANIFEST["adapters"]) == {name for name, plan in plans.items() if plan.rank}
    assert all((MODELS / name / "README.md").is_file() for name in SHIPPED)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_model_is_the_one_of_the_manifest(name: str) -> None:
    path = SHIPPED[name].path
    assert path is not None
    assert path.stat().st_size == MANIFEST["models"][name]["size"] <= LARGEST
    assert check_shipped(SHIPPED[name]) == MANIFEST["models"][name]["sha256"]


def test_the_adapters_are_those_of_the_manifest() -> None:
    for name, entry in MANIFEST["adapters"].items():
        path = adapters()[name]
        assert path == MODELS / entry["file"]
        assert (sha256_of(path), path.stat().st_size) == (entry["sha256"], entry["size"])
        assert entry["over"] in SHIPPED


def test_only_what_they_do_tells_the_models_apart() -> None:
    headers = [read_header(ref.path) for ref in SHIPPED.values() if ref.path is not None]
    assert len(headers) == len(SHIPPED) > 10
    assert len({header.size for header in headers}) == 1
    assert all(header.values == headers[0].values for header in headers)


def test_the_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) <= ALL
