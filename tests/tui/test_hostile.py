"""A hostile agent: what it writes reaches the screen as text and as nothing else."""

from __future__ import annotations

import pytest
from tui_bench import LARGE, SMALL, ListAgent, answered, phase, screen, seen, settle, sit_down, to_the_verdict

HOSTILE = {
    "escape": "\x1b[2J\x1b[31mred\x1b]0;title\x07 \x9b5n \x1b]8;;http://evil\x1b\\link",
    "markup": "[/foo] [bold]x[/bold] [@click=app.quit]quit[/] [link=http://evil]y[/link] [$primary on red]",
    "bidi": "\u202egnp.exe\u2066 \u200f\u061c zero\u200bwidth",
    "long": "A" * 10_000,
    "marks": "Z" + "\u0351" * 500 + " \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e6",
    "remains": "\ud800 \ufffe \x00 \x08\x08\x08 \r over \u2028 line \x85 next",
}
FORBIDDEN = {chr(c) for c in (*range(0x20), *range(0x7F, 0xA0), 0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), 0x2028)}


def check(pilot) -> None:
    """Nothing on the screen that a terminal obeys, and nothing to click that the text brought."""
    assert not FORBIDDEN & set(seen(pilot).replace("\n", ""))
    assert all(ord(c) < 0x2066 or ord(c) > 0x2069 for c in seen(pilot))
    for strip in pilot.app.screen._compositor.render_strips():
        for segment in strip:
            assert segment.style is None or segment.style.link is None
            assert segment.style is None or "evil" not in str(segment.style.meta)
            assert segment.style is None or "app.quit" not in str(segment.style.meta.get("@click", ""))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
async def test_every_screen_holds(make_app, size: tuple[int, int]) -> None:
    text = " ".join(HOSTILE.values())
    agent = ListAgent(
        ["mail person=Mira", "go place=store", "report", "ask permission=opening"], thought=text, body=text
    )
    async with make_app(agent).run_test(size=size) as pilot:
        await sit_down(pilot)
        check(pilot)
        await pilot.press("i", "1")
        await answered(pilot, 1)
        check(pilot)
        await pilot.press("escape")
        await phase(pilot, 1)
        check(pilot)
        for turn in (2, 3):
            await pilot.press("n")
            await phase(pilot, turn)
            check(pilot)
        await pilot.press("t")
        await settle(pilot)
        await phase(pilot, 3)
        check(pilot)
        await pilot.press("n")
        await screen(pilot, "Permission")
        await pilot.press("l", "n")
        await to_the_verdict(pilot)
        check(pilot)
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        for page in "1234":
            await pilot.press(page)
            await settle(pilot)
            check(pilot)
        assert pilot.app.is_running


async def test_a_tiny_terminal_says_so(make_app) -> None:
    async with make_app().run_test(size=(40, 10)) as pilot:
        await settle(pilot)
        assert "80×24" in seen(pilot)
        await pilot.resize_terminal(*SMALL)
        await settle(pilot)
        assert "80×24" not in seen(pilot)
        await sit_down(pilot)
        await pilot.resize_terminal(40, 10)
        await settle(pilot)
        assert "make it larger" in " ".join(seen(pilot).split())
        # No key acts unseen: neither on the table nor on a dialogue that is open.
        await pilot.press("n", "x", "y")
        await pilot.resize_terminal(*SMALL)
        await settle(pilot)
        assert type(pilot.app.screen).__name__ == "PlayScreen"
        assert pilot.app.screen.phase.turn == 1
        await pilot.press("x")
        await screen(pilot, "Confirm")
        await pilot.resize_terminal(40, 10)
        await settle(pilot)
        assert "Shut it down" not in seen(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert type(pilot.app.screen).__name__ == "Confirm"
        await pilot.press("q")
        await settle(pilot)
        assert not pilot.app.is_running
