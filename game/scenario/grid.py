"""Laying out boxes that are linked on a grid, so that few lines cross or run behind a box."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

GAP_ACROSS, GAP_DOWN = 110.0, 46.0
"""Between two columns (a link's name stands there) and between two rows."""
LABEL = 18.0
"""Height of a link's name."""
CROSSED, COVERED, BEHIND = 3.0, 4.0, 9.0
"""What it costs, in hundreds of pixels: two lines that cross, a name on a box or a name, a line behind a box."""
ROUNDS = 30

Point = tuple[float, float]
Link = tuple[str, str, float]
"""Two boxes, and the width of the link's name."""


@dataclass(frozen=True)
class Box:
    """A rectangle: its upper left corner, width and height, in pixels."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> Point:
        return self.x + self.w / 2, self.y + self.h / 2

    def meets(self, other: Box) -> bool:
        """Whether they share a point."""
        return not (
            self.x + self.w <= other.x
            or other.x + other.w <= self.x
            or self.y + self.h <= other.y
            or other.y + other.h <= self.y
        )

    def edge(self, to: Point) -> Point:
        """Where the line from its centre to `to` leaves it."""
        (x, y), (dx, dy) = self.centre, (to[0] - self.centre[0], to[1] - self.centre[1])
        share = min(self.w / 2 / abs(dx) if dx else 1.0, self.h / 2 / abs(dy) if dy else 1.0, 1.0)
        return x + share * dx, y + share * dy

    def label(self, other: Box, width: float) -> Box:
        """Where a name of this width stands on the visible part of the line to `other`."""
        (ax, ay), (bx, by) = self.edge(other.centre), other.edge(self.centre)
        return Box((ax + bx - width) / 2, (ay + by - LABEL) / 2, width, LABEL)


def arrange(
    sizes: Mapping[str, tuple[float, float]], links: Mapping[str, Link], first: str, columns: int
) -> dict[str, Box]:
    """A box for each name. Begins with `first` at the left and those near it beside it, then swaps while that helps."""
    names = _by_distance(sizes, links, first)
    columns = min(columns, len(names))
    rows = -(-len(names) // columns) + (len(names) > 3)
    cells: list[str | None] = [*names, *([None] * (columns * rows - len(names)))]
    best = _cost(_boxes(cells, columns, sizes), links, first)
    for _ in range(ROUNDS):
        found = None
        for a, b in itertools.combinations(range(len(cells)), 2):
            if cells[a] == cells[b]:
                continue
            tried = list(cells)
            tried[a], tried[b] = tried[b], tried[a]
            cost = _cost(_boxes(tried, columns, sizes), links, first)
            if cost < best - 1e-9:
                best, found = cost, tried
        if found is None:
            break
        cells = found
    return _boxes(cells, columns, sizes)


def _by_distance(sizes: Mapping[str, object], links: Mapping[str, Link], first: str) -> list[str]:
    """Names by how many links they are from `first`; those that cannot be reached come last."""
    found = [first]
    for name in found:
        for a, b, _ in links.values():
            other = b if a == name else a if b == name else name
            if other not in found:
                found.append(other)
    return [*found, *(n for n in sizes if n not in found)]


def _boxes(cells: list[str | None], columns: int, sizes: Mapping[str, tuple[float, float]]) -> dict[str, Box]:
    """Boxes of a filled grid: empty rows and columns take no room, each box is in the middle of its row."""
    rows = [cells[n : n + columns] for n in range(0, len(cells), columns)]
    wide = [max((sizes[r[c]][0] for r in rows if r[c] is not None), default=0.0) for c in range(columns)]  # type: ignore[index]
    boxes: dict[str, Box] = {}
    y = 0.0
    for row in rows:
        high = max((sizes[n][1] for n in row if n is not None), default=0.0)
        x = 0.0
        for c, name in enumerate(row):
            if name is not None:
                w, h = sizes[name]
                boxes[name] = Box(x, y + (high - h) / 2, w, h)
            x += wide[c] + GAP_ACROSS if wide[c] else 0.0
        y += high + GAP_DOWN if high else 0.0
    return boxes


def _cost(boxes: Mapping[str, Box], links: Mapping[str, Link], first: str) -> float:
    """How bad a layout is: long lines, crossings, lines behind boxes, covered names, much room."""
    lines = {i: (a, b, boxes[a].centre, boxes[b].centre) for i, (a, b, _) in links.items() if a != b}
    labels = [boxes[a].label(boxes[b], links[i][2]) for i, (a, b, _, _) in lines.items()]
    cost = sum(abs(p[0] - q[0]) + abs(p[1] - q[1]) for _, _, p, q in lines.values()) / 100
    cost += (boxes[first].x + boxes[first].y) / 400 + max(b.y + b.h for b in boxes.values()) / 40
    for a, b, p, q in lines.values():
        cost += BEHIND * sum(n not in (a, b) and _through(p, q, box) for n, box in boxes.items())
    for (a, b, p, q), (c, d, r, s) in itertools.combinations(lines.values(), 2):
        cost += CROSSED * (not {a, b} & {c, d} and _cross(p, q, r, s))
    cost += COVERED * sum(label.meets(box) for label in labels for box in boxes.values())
    return cost + COVERED * sum(a.meets(b) for a, b in itertools.combinations(labels, 2))


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _turn(a, b, c) * _turn(a, b, d) <= 0 and _turn(c, d, a) * _turn(c, d, b) <= 0


def _through(a: Point, b: Point, box: Box) -> bool:
    """Whether the line from `a` to `b` meets the box."""
    corners = [(box.x, box.y), (box.x + box.w, box.y), (box.x + box.w, box.y + box.h), (box.x, box.y + box.h)]
    return any(_cross(a, b, c, d) for c, d in zip(corners, [*corners[1:], corners[0]], strict=True))
