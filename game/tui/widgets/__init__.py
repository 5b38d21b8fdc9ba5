"""Widgets: each shows one thing, and none of them knows the game's rules."""
