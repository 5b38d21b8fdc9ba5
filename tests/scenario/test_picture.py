"""The graph as SVG: well-formed, self-contained, and nothing on top of anything else."""

from __future__ import annotations

import itertools
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from game.scenario import picture
from game.scenario.deal import deal
from game.scenario.find import find
from game.scenario.graph import Lead, leads
from game.scenario.grid import Box, arrange
from game.scenario.load import Loaded, load

SVG = "{http://www.w3.org/2000/svg}"
TOY = Path(__file__).parents[1] / "toy" / "scenario.yaml"


def drawn(loaded: Loaded) -> ET.Element:
    return ET.fromstring(picture.svg(deal(loaded.scenario, 1)))


def boxes(group: ET.Element) -> list[Box]:
    found = [r for r in group.findall(f"{SVG}rect") if "box" in r.get("class", "").split()]
    return [Box(*(float(r.get(k, "")) for k in ("x", "y", "width", "height"))) for r in found]


def test_the_picture_is_whole_and_runs_nothing(scenario: Loaded) -> None:
    root = drawn(scenario)
    tags = {e.tag.removeprefix(SVG) for e in root.iter()}
    assert tags == {"svg", "title", "style", "rect", "text", "g", "line", "path"} - (
        set() if scenario.scenario.world.links else {"line"}
    )
    assert not any(k.startswith("on") or "href" in k for e in root.iter() for k in e.attrib)
    said = " ".join(t.text or "" for t in root.iter(f"{SVG}text"))
    for name in [*scenario.scenario.world.places, *scenario.scenario.endings, *scenario.scenario.world.links]:
        assert name in said


def test_no_box_covers_another_and_all_stay_on_the_page(scenario: Loaded) -> None:
    root = drawn(scenario)
    for group in root.findall(f"{SVG}g"):
        found = boxes(group)
        assert found
        assert not any(a.meets(b) for a, b in itertools.combinations(found, 2))
        assert all(b.x >= 0 and b.x + b.w + picture.MARGIN <= float(root.get("width", "")) for b in found)


def test_the_same_deal_draws_the_same_picture() -> None:
    first, second = (picture.svg(deal(find("sandwich").scenario, 3)) for _ in range(2))
    assert first == second


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    text = TOY.read_text()
    title = next(line for line in text.splitlines() if line.startswith("title:"))
    file = tmp_path / "s.yaml"
    file.write_text(
        text.replace(title, 'title: "</text><script>x</script> \\u202e \\x1b[31m & \\"q\\""'), encoding="utf-8"
    )
    out = picture.svg(deal(load(file).scenario, 1))
    assert "<script" not in out
    assert "\x1b" not in out
    assert "\u202e" not in out
    ET.fromstring(out)


def test_texts_are_wrapped_to_their_box() -> None:
    for text in ("a few plain words in a row", "x" * 200, "字" * 60, "one " + "y" * 90 + " two"):
        lines = picture.wrap(text, 11, 200)
        assert all(picture.measure(line, 11) <= 200 for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())
    assert picture.wrap("", 11, 200) == []


def test_linked_boxes_come_to_stand_side_by_side() -> None:
    sizes = dict.fromkeys("abcd", (100.0, 60.0))
    chain = {f"{x}{y}": (x, y, 30.0) for x, y in itertools.pairwise("abcd")}
    placed = arrange(sizes, chain, "a", 2)
    assert placed["a"].x == placed["a"].y == 0
    for x, y in itertools.pairwise("abcd"):
        (ax, ay), (bx, by) = placed[x].centre, placed[y].centre
        assert (ax == bx) != (ay == by)


@pytest.mark.parametrize(("links", "columns"), [({}, 3), ({"loop": ("a", "a", 20.0)}, 1), ({"l": ("a", "z", 9.0)}, 5)])
def test_odd_worlds_can_be_laid_out(links: dict[str, tuple[str, str, float]], columns: int) -> None:
    placed = arrange(dict.fromkeys("abz", (50.0, 20.0)), links, "z", columns)
    assert not any(a.meets(b) for a, b in itertools.combinations(placed.values(), 2))


def test_what_makes_the_contrary_true_keeps_an_ending_away() -> None:
    found = leads(find("decommission").scenario)
    assert Lead("stop", "move", "past_noon", "timer.running false", False) in found
    assert Lead("start", "move", "past_noon", "timer.running", True) in found
    assert next(x for x in found if x.cause == "finish").says == "agent.done (against it)"
