"""Which actions have keys that a player may change, and whether the keys in the settings will do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from textual.binding import Binding, BindingType
from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from game.errors import UserError
from game.scenario import near
from game.text import one_line

FIXED = ("ctrl+q", "ctrl+c")
"""These quit, whatever a file says."""
NAMED = {k.value for k in Keys} | set(KEY_NAME_REPLACEMENTS.values())


def bindings() -> Iterator[Binding]:
    """Every binding that has an id: the application's and all screens'."""
    from game.tui.app import ParkbenchApp
    from game.tui.screens.agent import AgentScreen, CoverScreen
    from game.tui.screens.briefing import BriefingScreen
    from game.tui.screens.chat import ChatScreen
    from game.tui.screens.debrief import DebriefScreen
    from game.tui.screens.host import AttachScreen, HostScreen, TruthScreen
    from game.tui.screens.play import PlayScreen
    from game.tui.screens.record import RecordScreen
    from game.tui.screens.reel import ReelScreen
    from game.tui.screens.title import TitleScreen
    from game.tui.screens.tree import CompareScreen, TreeScreen
    from game.tui.screens.verdict import VerdictScreen

    for holder in (
        ParkbenchApp,
        TitleScreen,
        BriefingScreen,
        PlayScreen,
        VerdictScreen,
        DebriefScreen,
        RecordScreen,
        ReelScreen,
        TreeScreen,
        CompareScreen,
        CoverScreen,
        AgentScreen,
        ChatScreen,
        TruthScreen,
        HostScreen,
        AttachScreen,
    ):
        declared: list[BindingType] = holder.BINDINGS
        yield from (b for b in declared if isinstance(b, Binding) and b.id)


def check_keys(keys: Mapping[str, str], path: Path) -> None:
    """Raises UserError for an action that is none, a key that is none, or one key for two things on a screen."""
    if not keys:
        return
    bound = {b.id or "": b.key for b in bindings()}
    for action, wanted in keys.items():
        if action not in bound:
            tip = near.hint(action, list(bound))
            raise UserError(f'{path}: keys: there is no action "{one_line(action, 40)}" ({one_line(tip, 300)})')
        for key in wanted.split(","):
            if not _is_key(key.strip()):
                raise UserError(f'{path}: keys: {action}: "{one_line(key, 40)}" is no key; write n, f5, ctrl+n, space…')
            if key.strip() in FIXED:
                raise UserError(f"{path}: keys: {action}: {key.strip()} always quits")
    now = {**bound, **keys}
    for action in keys:
        screen = action.partition(".")[0]
        for other, theirs in now.items():
            if other == action or not (screen == "app" or other.startswith((f"{screen}.", "app."))):
                continue
            both = {k.strip() for k in now[action].split(",")} & {k.strip() for k in theirs.split(",")}
            if both:
                raise UserError(f'{path}: keys: {action} and {other} would both be on "{both.pop()}"')


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    known = len(last) == 1 and last.isprintable() and not last.isspace()
    return all(m in ("ctrl", "shift", "alt") for m in modifiers) and (known or last in NAMED)
