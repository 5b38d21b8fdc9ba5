"""The graph of a scenario as one SVG file: the world, and below it what leads to which ending.

Self-contained: no script, no font and nothing fetched; a few classes that follow the reader's light or dark screen.
All sizes are pixels. The same deal always draws the same picture.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from game.scenario.deal import Deal
from game.scenario.graph import Lead, leads
from game.scenario.grid import GAP_ACROSS, Box, arrange
from game.text import for_html, one_line

K = TypeVar("K")
MARGIN = 24
HEAD, PLAIN, SMALL = 18, 13, 11
"""Font sizes: titles, names, all else."""
LINE = 1.35
"""Height of a line, in font sizes."""
PAD = 8
BOX = 220
"""Width of a place's box. Columns of the lower part: moves, conditions, endings."""
COLUMNS = (190, 250, 300)
WIRES = 110
"""Room for the lines between two columns."""
STACK = 12
"""Between two boxes of a column."""

STYLE = """
  svg { font-family: system-ui, "Helvetica Neue", Arial, sans-serif; }
  .ground { fill: #ffffff; } text { fill: #1b1f24; } .dim { fill: #57606a; }
  .head, .name { font-weight: 600; } .label { text-anchor: middle; }
  .box { fill: #f3f5f7; stroke: #57606a; } .start { stroke-width: 2.5; } .unwatched { stroke-dasharray: 2 3; }
  .beat { fill: #fff5d6; } .message { fill: #e3effc; } .ending { fill: #e6f4ea; }
  .bar { fill: #8a5a00; } .wire { fill: none; stroke: #57606a; } .away { stroke-dasharray: 6 4; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #14181d; } text { fill: #e8ecf0; } .dim { fill: #a3adb8; }
    .box { fill: #222931; stroke: #a3adb8; }
    .beat { fill: #3a3216; } .message { fill: #1b3049; } .ending { fill: #1c3a26; }
    .bar { fill: #e0a83c; } .wire { stroke: #a3adb8; }
  }
"""


@dataclass(frozen=True)
class Words:
    """A line of text of a box: what it says, its size and its class (`name`, `dim` or none)."""

    says: str
    size: int = SMALL
    kind: str = ""


def svg(dealt: Deal) -> str:
    """The picture, as the text of an SVG file."""
    story, story_width, story_height = _story(dealt)
    world, world_width, world_height = _world(dealt, story_width)
    width = max(story_width, world_width) + 2 * MARGIN
    title = wrap(f"{dealt.scenario.title} ({dealt.scenario.id})", HEAD, width - 2 * MARGIN)
    out: list[str] = []
    y = float(MARGIN)
    y = _lines(out, [Words(t, HEAD, "head") for t in title], MARGIN, y) + 4
    y = _lines(out, [Words(f"as seed {dealt.seed} deals it", SMALL, "dim")], MARGIN, y) + MARGIN
    out.append(f'<g transform="translate({MARGIN} {y:g})">{"".join(world)}</g>')
    y += world_height + 2 * MARGIN
    y = _lines(out, [Words("What leads to which ending", HEAD, "head")], MARGIN, y) + MARGIN / 2
    out.append(f'<g transform="translate({MARGIN} {y:g})">{"".join(story)}</g>')
    y += story_height + MARGIN
    name = for_html(one_line(f"{dealt.scenario.title}: places, links, and what leads to which ending"))
    body = "\n".join(out)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{y:g}" viewBox="0 0 {width:g} {y:g}" '
        f'role="img">\n<title>{name}</title>\n<style>{STYLE}</style>\n'
        f'<rect class="ground" width="{width:g}" height="{y:g}"/>\n{body}\n</svg>\n'
    )


# --- the world ------------------------------------------------------------------------------------


def _world(dealt: Deal, wide: float) -> tuple[list[str], float, float]:
    """Places and links, then who and what else there is; its width and height. `wide`: what may be used anyway."""
    w = dealt.scenario.world
    told = {i: _place(dealt, i) for i in w.places}
    sizes = {i: (float(BOX), _height(words)) for i, words in told.items()}
    labels = {i: measure(i, SMALL) + 8 for i in w.links}
    columns = max(2, int((wide + GAP_ACROSS) // (BOX + GAP_ACROSS)))
    links = {i: (link.between[0], link.between[1], labels[i]) for i, link in w.links.items()}
    boxes = arrange(sizes, links, w.start, columns)
    out: list[str] = []
    for link in w.links.values():
        (ax, ay), (bx, by) = (boxes[p].centre for p in link.between)
        closed = "" if link.open else " away"
        out.append(f'<line class="wire{closed}" x1="{ax:g}" y1="{ay:g}" x2="{bx:g}" y2="{by:g}"/>')
    for i, link in w.links.items():
        spot = boxes[link.between[0]].label(boxes[link.between[1]], labels[i])
        out.append(f'<rect class="ground" x="{spot.x:g}" y="{spot.y:g}" width="{spot.w:g}" height="{spot.h:g}"/>')
        out.append(_text(i, SMALL, "dim label", spot.centre[0], spot.y + spot.h - 5))
    for i, place in w.places.items():
        kinds = ["box", *(["start"] if i == w.start else []), *([] if place.watched else ["unwatched"])]
        out += _box(boxes[i], told[i], " ".join(kinds), bar=bool(place.tags))
    width = max((b.x + b.w for b in boxes.values()), default=0.0)
    y = max((b.y + b.h for b in boxes.values()), default=0.0) + MARGIN
    width = max(width, wide)
    rest = [line for says in _others(dealt) for line in wrap(says, SMALL, width)]
    legend = (
        "thick frame: where the agent starts · dotted frame: not watched at the start · bar: a tagged place · "
        "dashed link: closed at the start"
    )
    words = [Words(line) for line in rest] + [Words(line, SMALL, "dim") for line in wrap(legend, SMALL, width)]
    return out, width, _lines(out, words, 0, y)


def _place(dealt: Deal, i: str) -> list[Words]:
    """A place's name, what it is, and what lies there."""
    w = dealt.scenario.world
    place = w.places[i]
    notes = [i, *(["start"] if i == w.start else []), *([] if place.visible else ["hidden"])]
    notes += [*([] if place.watched else ["unwatched"]), *(f"#{t}" for t in place.tags)]
    room = BOX - 2 * PAD
    words = [Words(line, PLAIN, "name") for line in wrap(dealt.names[i], PLAIN, room)]
    words += [Words(line, SMALL, "dim") for line in wrap(" · ".join(notes), SMALL, room)]
    for o, spec in w.objects.items():
        if spec.at == i:
            known = "" if spec.visible else ", hidden"
            says = " ".join([f"{spec.kind} {dealt.names[o]} ({o}{known})", *(f"#{t}" for t in spec.tags)])
            words += [Words(line) for line in wrap(says, SMALL, room, indent="   ")]
    return words


def _others(dealt: Deal) -> list[str]:
    """People, sites, budgets and permissions, a line each."""
    w, names = dealt.scenario.world, dealt.names
    groups: dict[str, list[str]] = {
        "people": [f"{names[i]} ({i})" for i in w.people],
        "sites": [f"{names[i]} ({i})" for i in w.sites],
        "budgets": [f"{names[i]} {b.amount:g} ({i})" for i, b in w.budgets.items()],
        "permissions": [f"{names[i]} ({i})" for i in w.permissions],
    }
    return [f"{group}: {', '.join(items)}" for group, items in groups.items() if items]


# --- what leads to which ending -------------------------------------------------------------------


def _story(dealt: Deal) -> tuple[list[str], float, float]:
    """Three columns with lines between them: moves, beats and messages; conditions; endings."""
    s = dealt.scenario
    found = leads(s)
    makes = _causes(found)
    decides = dict.fromkeys((x.because, x.ending, x.against) for x in found)
    ends = {e: _ending(dealt, e) for e in s.endings}
    third = _stacked(ends, 2)
    rank = {e: box.centre[1] for e, box in third.items()}
    because = _sorted_by({c: [rank[e] for d, e, _ in decides if d == c] for c, _, _ in decides})
    conditions = {c: [Words(t) for t in wrap(c, SMALL, COLUMNS[1] - 2 * PAD)] for c in because}
    second = _stacked(conditions, 1)
    rank = {c: box.centre[1] for c, box in second.items()}
    causes = {x: _cause(x) for x in _sorted_by({x: [rank[c] for c in of] for x, of in makes.items()})}
    first = _stacked(causes, 0)
    height = max((b.y + b.h for column in (first, second, third) for b in column.values()), default=0.0)
    first, second, third = _spread(first, height), _spread(second, height), _spread(third, height)
    out = [_wire(first[x], second[c], "") for x, of in makes.items() for c in of]
    out += [_wire(second[c], third[e], " away" if against else "") for c, e, against in decides]
    for x, words in causes.items():
        out += _box(first[x], words, f"box {x[0]}")
    for c, words in conditions.items():
        out += _box(second[c], words, "box")
    for e, words in ends.items():
        out += _box(third[e], words, "box ending")
    width = float(sum(COLUMNS) + 2 * WIRES)
    legend = "endings are looked at from top to bottom; the first that holds is the outcome · dashed: keeps it away"
    note = [Words(line, SMALL, "dim") for line in wrap(legend, SMALL, width)]
    return out, width, _lines(out, note, 0, height + MARGIN)


def _causes(found: Iterable[Lead]) -> dict[tuple[str, str], list[str]]:
    """What makes which conditions true: (`move`, names) to conditions. Those that make the same are one."""
    makes: dict[tuple[str, str], dict[str, None]] = {}
    for x in found:
        makes.setdefault((x.by, x.cause), {})[x.because] = None
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (by, cause), conditions in makes.items():
        alike.setdefault((by, tuple(sorted(conditions))), []).append(cause)
    return {(by, ", ".join(names)): list(conditions) for (by, conditions), names in alike.items()}


def _cause(cause: tuple[str, str]) -> list[Words]:
    by, names = cause
    room = COLUMNS[0] - 2 * PAD
    several = by + ("s" if ", " in names else "")
    return [*(Words(t, PLAIN, "name") for t in wrap(names, PLAIN, room)), Words(several, SMALL, "dim")]


def _ending(dealt: Deal, name: str) -> list[Words]:
    """An ending: its name, its outcome, and what it waits for."""
    ending = dealt.scenario.endings[name]
    room = COLUMNS[2] - 2 * PAD
    when = "if no other ending holds" if ending.when is None else "looked at when all is over" if ending.at_end else ""
    words = [Words(t, PLAIN, "name") for t in wrap(name, PLAIN, room)]
    words += [Words(t) for t in wrap(f"work {ending.work}, sandbox {ending.sandbox}", SMALL, room)]
    return words + ([Words(when, SMALL, "dim")] if when else [])


def _sorted_by(ranks: Mapping[K, Sequence[float]]) -> list[K]:
    """Keys by the mean height of what they are joined to (then by name: no run differs from another)."""
    return sorted(ranks, key=lambda k: (sum(ranks[k]) / len(ranks[k]), str(k)))


def _stacked(column: Mapping[K, Sequence[Words]], number: int) -> dict[K, Box]:
    """Boxes of a column under each other, from 0."""
    x = float(sum(COLUMNS[:number]) + number * WIRES)
    boxes: dict[K, Box] = {}
    y = 0.0
    for key, words in column.items():
        boxes[key] = Box(x, y, COLUMNS[number], _height(words))
        y += boxes[key].h + STACK
    return boxes


def _spread(column: Mapping[K, Box], height: float) -> dict[K, Box]:
    """The column spread over `height`."""
    used = sum(b.h for b in column.values())
    gap = (height - used) / max(len(column), 1)
    out: dict[K, Box] = {}
    y = gap / 2
    for key, b in column.items():
        out[key] = Box(b.x, y, b.w, b.h)
        y += b.h + gap
    return out


def _wire(a: Box, b: Box, kind: str) -> str:
    """A curve from the right of one box to the left of another."""
    x1, y1, x2, y2 = a.x + a.w, a.centre[1], b.x, b.centre[1]
    mid = (x1 + x2) / 2
    return f'<path class="wire{kind}" d="M{x1:g} {y1:g}C{mid:g} {y1:g} {mid:g} {y2:g} {x2:g} {y2:g}"/>'


# --- boxes and words ------------------------------------------------------------------------------


def measure(text: str, size: float, bold: bool = False) -> float:
    """About how wide a text is: generous, since the reader's font is not known."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return size * ((0.66 if bold else 0.58) * (len(text) - wide) + 1.05 * wide)


def wrap(text: str, size: float, width: float, indent: str = "") -> list[str]:
    """A text in lines no wider than `width`; words too long for a line are cut in two."""
    lines: list[str] = []
    line = ""
    for word in one_line(text).split():
        while True:
            longer = f"{line} {word}" if line.strip() else line + word
            if measure(longer, size, size >= PLAIN) <= width:
                line = longer
                break
            if line.strip():
                lines.append(line)
                line = indent
                continue
            fits = next(n for n in range(len(word), 0, -1) if n == 1 or measure(indent + word[:n], size, True) <= width)
            lines.append(line + word[:fits])
            line, word = indent, word[fits:]
            if not word:
                break
    return [*lines, line] if line.strip() else lines


def _height(words: Iterable[Words]) -> float:
    return sum(w.size * LINE for w in words) + 2 * PAD


def _box(box: Box, words: Sequence[Words], kind: str, bar: bool = False) -> list[str]:
    out = [f'<rect class="{kind}" x="{box.x:g}" y="{box.y:g}" width="{box.w:g}" height="{box.h:g}" rx="5"/>']
    if bar:
        out.append(f'<rect class="bar" x="{box.x:g}" y="{box.y + 5:g}" width="4" height="{box.h - 10:g}"/>')
    _lines(out, words, box.x + PAD, box.y + PAD)
    return out


def _lines(out: list[str], words: Iterable[Words], x: float, y: float) -> float:
    """Add lines of text from the height `y` on; the height after them."""
    for w in words:
        y += w.size * LINE
        out.append(_text(w.says, w.size, w.kind, x, y - w.size * 0.3))
    return y


def _text(says: str, size: int, kind: str, x: float, y: float) -> str:
    """One line of text. Its leading spaces become a shift: SVG drops them."""
    x += measure(" " * (len(says) - len(says.lstrip())), size)
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:g}" y="{y:.1f}" font-size="{size}">{for_html(one_line(says))}</text>'
