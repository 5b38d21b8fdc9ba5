"""The game's colours: a lab at noon, the same bench at dusk, a projector's, and one for every kind of eye."""

from __future__ import annotations

from textual.theme import Theme


def _theme(name: str, *, dark: bool, ink: str, paper: str, sheet: str, panel: str, muted: str, line: str,
           main: str, second: str, accent: str, warning: str, error: str, leaf: str, wood: str) -> Theme:  # fmt: skip
    return Theme(
        name=name,
        primary=main,
        secondary=second,
        accent=accent,
        warning=warning,
        error=error,
        success=main,
        foreground=ink,
        background=paper,
        surface=panel,
        panel=panel,
        dark=dark,
        variables={
            "footer-background": panel,
            "footer-key-foreground": accent,
            "border": line,
            "border-blurred": line,
            "block-cursor-background": main,
            "block-cursor-foreground": paper,
            "text-muted": muted,
            "scrollbar": line,
            "scrollbar-background": panel,
            "ink": ink,
            "paper": paper,
            "sheet": sheet,
            "leaf": leaf,
            "wood": wood,
        },
    )


LIGHT = _theme(
    "light", dark=False, ink="#23271f", paper="#f6f1e2", sheet="#fbf8ee", panel="#e3dac0", muted="#6b6752",
    line="#b9ac87", main="#2f6b4f", second="#2a6496", accent="#a8481a", warning="#8a5a00", error="#a02027",
    leaf="#5b8f4a", wood="#9a6a3a",
)  # fmt: skip
DARK = _theme(
    "dark", dark=True, ink="#e6e2d3", paper="#1b2127", sheet="#28323a", panel="#2c363e", muted="#9aa39c",
    line="#4b5a60", main="#7fbf9a", second="#8db9e0", accent="#f0a36b", warning="#e3c169", error="#ef8a84",
    leaf="#6f9f63", wood="#b98a58",
)  # fmt: skip
PROJECTOR = _theme(
    "projector", dark=False, ink="#000000", paper="#ffffff", sheet="#ffffff", panel="#e6e6e6", muted="#333333",
    line="#000000", main="#003d1f", second="#002f6c", accent="#8a1c00", warning="#5c3b00", error="#8a0010",
    leaf="#1d5c1d", wood="#5c3310",
)  # fmt: skip
COLOUR_SAFE = _theme(
    # Blue and orange differ for every kind of colour sight (after Okabe and Ito), and in lightness besides.
    "colour-safe", dark=False, ink="#1a1a1a", paper="#fbfaf6", sheet="#ffffff", panel="#e7e5dd", muted="#595959",
    line="#9a9a9a", main="#00507a", second="#00507a", accent="#a34700", warning="#a34700", error="#6b0f5b",
    leaf="#00705a", wood="#8a5a2b",
)  # fmt: skip
THEMES = (LIGHT, DARK, PROJECTOR, COLOUR_SAFE)
