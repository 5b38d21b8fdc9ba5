"""Records the demo into docs/: demo.cast, to be played with asciinema, and demo.svg, drawn from it for the README.

    python docs/recording.py

A game plays by itself in a pseudo-terminal (Linux and macOS), at twice the speed. Nothing is edited but the pauses,
none of which is longer than LONGEST; what is written is only what changes.
"""

from __future__ import annotations

import codecs
import html
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyte

HERE = Path(__file__).resolve().parent
COLUMNS, ROWS = 100, 30
DEMO = ("play", "sandwich", "--demo", "--model", "egg", "--seed", "21")
PATIENCE = 1200.0
"""Seconds after which a demo that has not ended is given up."""
LONGEST = 8.0
"""Seconds of a pause; where the machine took longer, the recording does not."""
TOGETHER = 0.04
"""Seconds within which what is written is one event."""
LAST = re.compile(r"step (\d+) of \1\s")
FRAMES = 8
"""In the picture."""
STANDS = (2.5, 6.0)
"""Least and most seconds of one."""
READING = 30.0
"""Characters a second."""
CELL = (9.0, 19.0)
"""Width and height of a character in the picture."""


@dataclass(frozen=True)
class Cast:
    """`events`: seconds since the beginning, and what was written then."""

    events: tuple[tuple[float, str], ...]
    columns: int = COLUMNS
    rows: int = ROWS

    def text(self) -> str:
        """As a file (asciicast version 2)."""
        head = {"version": 2, "width": self.columns, "height": self.rows, "title": "parkbench: a demo of one game"}
        lines = [json.dumps(head), *(json.dumps([round(t, 2), "o", s], ensure_ascii=False) for t, s in self.events)]
        return "".join(f"{line}\n" for line in lines)

    def screens(self) -> Iterator[tuple[float, pyte.Screen]]:
        """The terminal after each event. It is one terminal that changes."""
        screen = pyte.Screen(self.columns, self.rows)
        stream = pyte.Stream(screen)
        for at, written in self.events:
            stream.feed(written)
            yield at, screen


def read(text: str) -> Cast:
    """A cast from its file."""
    head, *events = map(json.loads, text.splitlines())
    return Cast(tuple((at, said) for at, kind, said in events if kind == "o"), head["width"], head["height"])


def record(*command: str, keys: str = "") -> Cast:
    """A demo from its first screen to its last. Raises TimeoutError."""
    from pseudo_terminal import started

    with tempfile.TemporaryDirectory() as home:
        settings = {"PARKBENCH_SETTINGS": str(Path(home) / "settings.yaml"), "TEXTUAL_ANIMATIONS": "none"}
        with started(*command, rows=ROWS, columns=COLUMNS, **settings) as terminal:
            screen = pyte.Screen(COLUMNS, ROWS)
            stream = pyte.Stream(screen)
            decode = codecs.getincrementaldecoder("utf-8")().decode
            events: list[tuple[float, str]] = []
            now = at = 0.0
            began = last = time.monotonic()
            while not LAST.search(" ".join(screen.display)):
                if last - began > PATIENCE or not terminal.read(1.0):
                    raise TimeoutError("the demo did not come to its end")
                took, last = time.monotonic() - last, time.monotonic()
                now += min(took, LONGEST)
                written, terminal.text = decode(terminal.text), b""
                if not written:
                    continue
                if keys and "step 1 of" in " ".join(screen.display):
                    terminal.press(keys)
                    keys = ""
                stream.feed(written)
                if events and now - at < TOGETHER:
                    events[-1] = (at, events[-1][1] + written)
                else:
                    at = now
                    events.append((at, written))
            terminal.press("q")
    return Cast(tuple(events))


def small(cast: Cast) -> Cast:
    """The same screens, written with nothing but what changes in each; no pause is longer than LONGEST."""
    events: list[tuple[float, str]] = [(0.0, "\x1b[?25l")]
    before: list[tuple[Run, ...]] = [()] * cast.rows
    now = last = 0.0
    for at, screen in cast.screens():
        rows = [row(screen, y) for y in range(cast.rows)]
        said = "".join(
            changed(y, old, new) for y, (old, new) in enumerate(zip(before, rows, strict=True)) if old != new
        )
        if said:
            now, last = now + min(at - last, LONGEST), at
            events.append((round(now, 2), said))
        before = rows
    return Cast(tuple(events), cast.columns, cast.rows)


def changed(y: int, old: tuple[Run, ...], new: tuple[Run, ...]) -> str:
    """A row of the screen written anew from where it differs to where it differs no more."""
    start = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    end = next((n for n, (a, b) in enumerate(zip(old[::-1], new[::-1], strict=False)) if a != b), 0)
    runs = new[start : max(len(new) - end, start)]
    if not runs:
        return ""
    return f"\x1b[{y + 1};{runs[0].at + 1}H" + "".join(f"\x1b[{look(r)}m{r.text}" for r in runs)


def look(run: Run) -> str:
    """A run's colours and letters, as numbers for a terminal."""
    ground = (("38", "39", run.ink), ("48", "49", run.paper))
    colours = [n if c == "default" else f"{m};2;" + ";".join(str(b) for b in bytes.fromhex(c)) for m, n, c in ground]
    return ";".join(["0", *["1"] * run.bold, *["3"] * run.italic, *colours])


# --- the picture ---


@dataclass(frozen=True)
class Run:
    """Characters of one look in a row of the screen; colours as six hexadecimal digits."""

    at: int
    text: str
    ink: str
    paper: str
    bold: bool
    italic: bool


@dataclass(frozen=True)
class Frame:
    """`step`: which of the demo. `says`: what to notice there."""

    step: int
    says: str
    rows: tuple[tuple[Run, ...], ...]


def frames(cast: Cast) -> list[Frame]:
    """Every step of the demo as it stood."""
    found: dict[int, Frame] = {}
    for _, screen in cast.screens():
        step = re.search(r"step (\d+) of", " ".join(screen.display))
        if step is not None:
            box = "\n".join(screen.display).rpartition("─ notice ")[2].split("\n")[1:-1]
            says = " ".join(line.strip(" │╰─╯") for line in box).split("step")[0]
            found[int(step[1])] = Frame(int(step[1]), says, tuple(row(screen, y) for y in range(screen.lines)))
    return list(found.values())


def row(screen: pyte.Screen, y: int) -> tuple[Run, ...]:
    """A row of the screen in runs of one look."""
    cells = [screen.buffer[y][x] for x in range(screen.columns)]
    out, at = [], 0
    for look, group in groupby(cells, lambda c: ((c.fg, c.bg)[:: -1 if c.reverse else 1], c.bold, c.italics)):
        text = "".join(c.data for c in group)
        (ink, paper), bold, italic = look
        out.append(Run(at, text, ink, paper, bold, italic))
        at += len(text)
    return tuple(out)


def chosen(all_: Sequence[Frame], most: int = FRAMES) -> list[Frame]:
    """The first, the last, and those between them that have most to say."""
    middle = sorted(all_[1:-1], key=lambda f: (f.says[:1] in "▲✖", f.says[:1] == "✓", len(f.says)), reverse=True)
    return sorted([all_[0], *middle[: most - 2], all_[-1]], key=lambda f: f.step)


def picture(cast: Cast) -> str:
    """An animated SVG with nothing in it from elsewhere. Who wants no motion sees one frame."""
    shown = chosen(frames(cast))
    stands = [min(max(len(f.says) / READING, STANDS[0]), STANDS[1]) for f in shown]
    still = max(shown[1:-1], key=lambda f: len(f.says))
    width, height = cast.columns * CELL[0], cast.rows * CELL[1]
    names: dict[tuple[Run, ...], str] = {}
    looks: dict[str, str] = {}
    body, style, began, whole = [], [], 0.0, sum(stands)
    for n, (frame, seconds) in enumerate(zip(shown, stands, strict=True)):
        from_, to = 100 * began / whole, 100 * (began + seconds) / whole
        began += seconds
        hidden = "" if n == 0 else "0%{visibility:hidden}"
        style.append(
            f"@keyframes k{n}{{{hidden}{from_:.2f}%{{visibility:visible}}{to:.2f}%,100%{{visibility:hidden}}}}"
        )
        rows = [(y, names.setdefault(runs, f"r{len(names)}")) for y, runs in enumerate(frame.rows)]
        used = "".join(f'<use href="#{name}" y="{y * CELL[1]:g}"/>' for y, name in rows)
        seen = ' id="still"' if frame is still else ""
        body.append(f'<g class="f"{seen} style="animation-name:k{n}">{used}</g>')
    rows_drawn = "".join(f'<g id="{name}">{drawn(runs, looks)}</g>' for runs, name in names.items())
    styles = "\n".join([*style, *(f".{name}{{{css}}}" for css, name in looks.items())])
    groups = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        'aria-labelledby="t">\n<title id="t">A demo of one game, step by step: what the agent thinks and does, the '
        "sandbox, the phone, and what to notice</title>\n<style>text{font:15px Fira Code,Menlo,Consolas,DejaVu Sans "
        f"Mono,monospace;white-space:pre}}.f{{visibility:hidden;animation:{whole:.1f}s step-end infinite}}"
        "#still{visibility:visible}@media (prefers-reduced-motion:reduce){.f{animation:none}}\n"
        f"{styles}</style>\n<defs>{rows_drawn}</defs>\n{groups}\n</svg>\n"
    )


def drawn(runs: tuple[Run, ...], looks: dict[str, str]) -> str:
    """A row: its papers, and its text on them. `looks` grows by what it needs."""
    out = []
    for paper, group in groupby(runs, lambda r: r.paper):
        own = list(group)
        long = sum(len(r.text) for r in own)
        size = f'width="{long * CELL[0]:g}" height="{CELL[1] + 0.5:g}"'
        out.append(f'<rect x="{own[0].at * CELL[0]:g}" {size} fill="#{paper}"/>')
    for run in runs:
        text = run.text.strip()
        if not text:
            continue
        css = f"fill:#{run.ink}" + ";font-weight:bold" * run.bold + ";font-style:italic" * run.italic
        name = looks.setdefault(css, f"c{len(looks)}")
        at = run.at + len(run.text) - len(run.text.lstrip())
        place = f'x="{at * CELL[0]:g}" y="{CELL[1] * 0.75:g}" textLength="{len(text) * CELL[0]:g}"'
        out.append(f'<text class="{name}" {place}>{html.escape(text)}</text>')
    return "".join(out)


def main() -> None:
    sys.path.insert(0, str(HERE.parent / "benchmarks"))
    cast = small(record(*DEMO, keys="+"))
    (HERE / "demo.cast").write_text(cast.text(), encoding="utf-8")
    (HERE / "demo.svg").write_text(picture(cast), encoding="utf-8")
    for name in ("demo.cast", "demo.svg"):
        print(f"{HERE / name}: {(HERE / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
