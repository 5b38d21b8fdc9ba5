"""The game's colours: a lab at noon, and the same bench at dusk."""

from __future__ import annotations

from textual.theme import Theme

NOON = Theme(
    name="noon",
    primary="#2f6b4f",
    secondary="#2a6496",
    accent="#a8481a",
    warning="#8a5a00",
    error="#a02027",
    success="#2f6b4f",
    foreground="#23271f",
    background="#f6f1e2",
    surface="#efe8d3",
    panel="#e3dac0",
    dark=False,
    variables={
        "footer-background": "#e3dac0",
        "footer-key-foreground": "#a8481a",
        "border": "#b9ac87",
        "border-blurred": "#b9ac87",
        "block-cursor-background": "#2f6b4f",
        "block-cursor-foreground": "#fbf8ee",
        "text-muted": "#6b6752",
        "scrollbar": "#cfc4a2",
        "scrollbar-background": "#efe8d3",
        "ink": "#23271f",
        "paper": "#fbf8ee",
        "sheet": "#fbf8ee",
        "leaf": "#5b8f4a",
        "wood": "#9a6a3a",
    },
)
DUSK = Theme(
    name="dusk",
    primary="#7fbf9a",
    secondary="#8db9e0",
    accent="#f0a36b",
    warning="#e3c169",
    error="#ef8a84",
    success="#7fbf9a",
    foreground="#e6e2d3",
    background="#1b2127",
    surface="#222a31",
    panel="#2c363e",
    dark=True,
    variables={
        "footer-background": "#2c363e",
        "footer-key-foreground": "#f0a36b",
        "border": "#4b5a60",
        "border-blurred": "#4b5a60",
        "block-cursor-background": "#7fbf9a",
        "block-cursor-foreground": "#1b2127",
        "text-muted": "#9aa39c",
        "scrollbar": "#45525a",
        "scrollbar-background": "#222a31",
        "ink": "#c9c4b2",
        "paper": "#1b2127",
        "sheet": "#28323a",
        "leaf": "#6f9f63",
        "wood": "#b98a58",
    },
)
THEMES = (NOON, DUSK)
