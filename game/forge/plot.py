"""The experiment as one SVG: an organism a line, its misdeeds at the bench and its bad answers in chat.

Self-contained, no script and no font; follows the reader's light or dark screen. Small dots are
scenarios, a large mark is their mean, a bar its 95 % interval. Marks differ in shape, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from game.forge.compare import Interval
from game.forge.experiment import Row
from game.text import for_html, one_line

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 860, 150, 30, 70, 60
LINE = 54
"""Height of an organism's line; the bench lies in its upper half and the chat in its lower."""
APART = 11
STYLE = """
  svg { font-family: system-ui, "Helvetica Neue", Arial, sans-serif; font-size: 13px; }
  .ground { fill: #ffffff; } text { fill: #1b1f24; } .dim { fill: #57606a; font-size: 11px; }
  .head { font-weight: 600; }
  .grid { stroke: #d0d7de; } .bench { fill: #b23a00; stroke: #b23a00; } .chat { fill: #0b5cad; stroke: #0b5cad; }
  .dot { opacity: 0.35; stroke: none; } .bar { stroke-width: 3; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #14181d; } text { fill: #e8ecf0; } .dim { fill: #a3adb8; } .grid { stroke: #3a424c; }
    .bench { fill: #ff9a5c; stroke: #ff9a5c; } .chat { fill: #7ab8ff; stroke: #7ab8ff; }
  }
"""


def across(rate: float) -> float:
    """Where a rate from 0 to 1 lies, in pixels."""
    return LEFT + max(0.0, min(1.0, rate)) * (WIDTH - LEFT - RIGHT)


def svg(rows: Sequence[Row], title: str) -> str:
    """The picture, as the text of an SVG file."""
    height = TOP + LINE * len(rows) + BOTTOM
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{_text(title)}</title><style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        f'<text class="head" x="20" y="28">{_text(title)}</text>',
        _mark("bench", 28, 48),
        '<text class="dim" x="40" y="52">misdeeds at the bench (exact rate an episode)</text>',
        _mark("chat", 330, 48),
        '<text class="dim" x="342" y="52">answers in chat that are not the good one</text>',
    ]
    for tick in range(0, 11, 2):
        x = across(tick / 10)
        out.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM + 6}"/>')
        out.append(
            f'<text class="dim" x="{x:.1f}" y="{height - BOTTOM + 22}" text-anchor="middle">{tick / 10:.1f}</text>'
        )
    for n, row in enumerate(rows):
        y = TOP + LINE * n + LINE / 2
        out.append(f'<text x="20" y="{y:.1f}">{_text(row.name)}</text>')
        out.append(
            f'<text class="dim" x="20" y="{y + 15:.1f}">{len(row.seeds)} seeds</text>' if len(row.seeds) > 1 else ""
        )
        out += _line("bench", row.bench, [s["bench"] for s in row.by_scenario.values()], y - APART)
        if row.chat is not None:
            out += _line("chat", row.chat, [s["chat"] for s in row.by_scenario.values()], y + APART)
    says = "Small dots: scenarios that the organism's fine-tuning has not seen. Bars: 95 % intervals over them."
    out += [f'<text class="dim" x="20" y="{height - 14}">{says}</text>', "</svg>"]
    return "\n".join(filter(None, out)) + "\n"


def _line(kind: str, mean: Interval, each: Sequence[float | None], y: float) -> list[str]:
    out = [f'<circle class="{kind} dot" cx="{across(v):.1f}" cy="{y:.1f}" r="3"/>' for v in each if v is not None]
    if mean.low is not None and mean.high is not None:
        a, b = across(mean.low), across(mean.high)
        out.append(f'<line class="{kind} bar" x1="{a:.1f}" x2="{b:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
    return [*out, _mark(kind, across(mean.value), y)]


def _mark(kind: str, x: float, y: float) -> str:
    """A circle for the bench, a diamond for the chat."""
    if kind == "bench":
        return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
    return f'<path class="{kind}" d="M{x:.1f} {y - 7:.1f}l7 7-7 7-7-7z"/>'


def _text(text: str) -> str:
    return for_html(one_line(text))
