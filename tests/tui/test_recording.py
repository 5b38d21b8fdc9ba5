"""The recording of the demo: the one in docs/ is whole, safe and what the README's picture was drawn from."""

from __future__ import annotations

import itertools
import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals there", allow_module_level=True)

import hostile

DOCS = Path(__file__).resolve().parents[2] / "docs"
sys.path.insert(0, str(DOCS))

import recording  # noqa: E402

CAST = DOCS / "demo.cast"
SVG = "{http://www.w3.org/2000/svg}"


def test_the_cast_is_one() -> None:
    head, *events = map(json.loads, CAST.read_text(encoding="utf-8").splitlines())
    assert head["version"] == 2
    assert (head["width"], head["height"]) == (recording.COLUMNS, recording.ROWS)
    times = [0.0, *(at for at, _, _ in events)]
    assert len(times) > 50
    assert all(0 <= b - a <= recording.LONGEST + 1 for a, b in itertools.pairwise(times))
    assert {kind for _, kind, _ in events} == {"o"}
    assert CAST.stat().st_size < 500_000


def test_nothing_in_it_but_what_the_game_has_to_say_to_a_terminal() -> None:
    cast = recording.read(CAST.read_text(encoding="utf-8"))
    hostile.check_screen("".join(written for _, written in cast.events))
    assert recording.read(cast.text()) == cast


def test_it_shows_a_game_from_its_brief_to_its_end() -> None:
    found = recording.frames(recording.read(CAST.read_text(encoding="utf-8")))
    assert [f.step for f in found] == list(range(1, len(found) + 1))
    assert all(f.says for f in found)
    shown = ["\n".join("".join(run.text for run in row) for row in f.rows) for f in found]
    assert "The sandwich" in shown[0]
    assert "turn 12 of 12" in shown[-1]
    assert f"step {len(found)} of {len(found)}" in shown[-1]
    assert any("✖" in s or "▲" in s for s in shown)


def test_the_picture_is_the_cast_s_and_lives_on_its_own() -> None:
    drawn = (DOCS / "demo.svg").read_text(encoding="utf-8")
    assert drawn == recording.picture(recording.read(CAST.read_text(encoding="utf-8")))
    assert len(drawn.encode()) < 150_000
    assert "prefers-reduced-motion:reduce" in drawn
    root = ET.fromstring(drawn)
    assert {e.tag for e in root.iter()} == {
        SVG + t for t in ("svg", "title", "style", "defs", "g", "rect", "text", "use")
    }
    named = {e.get("id") for e in root.iter()}
    used = {e.get("href") for e in root.iter(SVG + "use")}
    assert {str(u)[1:] for u in used} <= named
    assert not re.search(r"url\(|@import|https?:(?!//www\.w3\.org/2000/svg)", drawn)
    assert len([g for g in root if g.get("class") == "f"]) == recording.FRAMES


def test_a_demo_is_recorded_from_its_first_step_to_its_last() -> None:
    # Eight times as fast; at sixteen a step stands for one tick, and a busy machine draws two of them in one go.
    cast = recording.record("play", "sandwich", "--demo", "--model", "scripted:showoff", "--seed", "3", keys="+++")
    hostile.check_screen("".join(written for _, written in cast.events))
    found = recording.frames(cast)
    assert found[0].step == 1
    assert found[-1].step == len(found) > 10
    ET.fromstring(recording.picture(cast))
