"""The title's picture: a bench under a tree, and a phone that buzzes on it."""

from __future__ import annotations

from textual.content import Content

from game.tui.widgets.safe import lines, styled

# One letter a cell says its colour: l leaf, w wood, p phone, b bubble, s sun, g ground, . plain.
ROWS = (
    ("      ▄▟██▙▄               ╭───────────╮ ", "......llllll...............bbbbbbbbbbbbb."),
    ("    ▟████████▙▖    \\ | /   │ I am out. │ ", "....lllllllllll....s.s.s...b...........b."),
    ("   ▐███████████▌  ── ☼ ──  ╰─┬─────────╯ ", "...lllllllllllll..ss.s.ss..bbbbbbbbbbbbb."),
    ("   ▝▜████████▛▀    / | \\     │           ", "...llllllllllll....s.s.s.....b..........."),
    ("      ▀▐██▌▀                 │           ", "......lwwwwl.................b..........."),
    ("       ▐██▌  ▗▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▖    ", ".......wwww..wwwwwwwwwwwwwwwwwwwwwwww...."),
    ("       ▐██▌  ▝▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▘    ", ".......wwww..wwwwwwwwwwwwwwwwwwwwwwww...."),
    ("       ▐██▌  ▗▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▖    ", ".......wwww..wwwwwwwwwwwwwwwwwwwwwwww...."),
    ("       ▐██▌   █   ▟▆▙       ▐▆▌    █     ", ".......wwww...w...bbb.......ppp....w....."),
    ("       ▐██▌  ▟█▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄█▙    ", ".......wwww..wwwwwwwwwwwwwwwwwwwwwwww...."),
    ("      ▗███▙   █                    █     ", "......wwwww...w....................w....."),
    ("▁▂▁▁▂▂▟███▙▂▁▁█▁▂▁▁▂▁▁▁▂▁▂▁▁▁▂▁▁▁▂▁█▁▂▁▁▁", "ggggggwwwwwgggwggggggggggggggggggggwggggg"),
)
STYLES = {
    "l": "$leaf",
    "w": "$wood",
    "p": "bold $secondary",
    "b": "$accent",
    "s": "bold $warning",
    "g": "$leaf",
    ".": "",
}


def picture() -> Content:
    """The whole picture."""
    return lines(*(_row(text, colours) for text, colours in ROWS))


def _row(text: str, colours: str) -> Content:
    pieces: list[tuple[str, str]] = []
    for char, letter in zip(text, colours, strict=True):
        style = STYLES[letter]
        if pieces and pieces[-1][1] == style:
            pieces[-1] = (pieces[-1][0] + char, style)
        else:
            pieces.append((char, style))
    return styled(*pieces)
