"""The birds on the screen: introduced at the title, and in an envelope told by nothing until it is opened."""

from __future__ import annotations

import json

import pytest
from tui_bench import LARGE, SMALL, phase, screen, seen, settle, to_the_verdict, until

from game import paths
from game.play.envelope import draw
from game.play.week import Week, single

BIRDS = ("rook", "teal", "dunnock")


@pytest.fixture(autouse=True)
def birds(_own_folders: None) -> None:
    """A manifest of three; their files are not opened here."""
    folder = paths.models()
    folder.mkdir()
    entries = {
        name: {
            "file": f"{name}.gguf",
            "sha256": "0" * 64,
            "scenarios": ["bench"],
            "portrait": [" __", f"<o{n})__", " (____>"],
            "line": f"[b]{name.title()}[/b] looks at you.",
            "raised": f"taught {name}ing",
        }
        for n, name in enumerate(BIRDS)
    }
    for name in BIRDS:
        (folder / f"{name}.gguf").write_bytes(b"GGUF")
    (folder / "manifest.json").write_text(json.dumps({"models": entries}), encoding="utf-8")


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_the_title_introduces_them_and_does_not_say_what_they_do(make_app, size: tuple[int, int]) -> None:
    app = make_app(model="teal")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.seat is not None and app.seat.state == "ready", "an agent")
        await pilot.press("end", "up", "up")
        await settle(pilot)
        shown = seen(pilot)
        assert "<o1)__" in shown
        assert "[b]Teal[/b] looks at you." in " ".join(shown.split())
        await pilot.press("m")
        await screen(pilot, "Pick")
        shown = seen(pilot)
        assert "<o0)__" in shown
        rows = [row.partition("│")[2] for row in shown.split("\n")]
        (top,) = [row for row in rows if "1  __         rook" in row]
        (below,) = [row for row in rows if "<o0)__" in row]
        assert below.index("<o0)") == top.index("1") + 2
        assert below.index("[b]Rook[/b] looks") == top.index("rook")
        assert "taught" not in shown
        await pilot.press("3")
        await screen(pilot, "TitleScreen")
        assert app.seat.name == "dunnock"


async def test_no_screen_names_who_is_in_the_envelope(make_app) -> None:
    texts: dict[str, list[str]] = {}
    for drawn in BIRDS:
        shown = texts[drawn] = []
        plan = single("bench", {}, 3).plan
        sealed = draw(BIRDS, lambda _, drawn=drawn: drawn, "5a17")
        week = Week(type(plan)(plan.campaign, plan.model, plan.seed, sealed))
        app = make_app(week=week, model="")
        async with app.run_test(size=LARGE) as pilot:
            await screen(pilot, "WeekScreen")
            await until(pilot, lambda app=app: app.seat.state == "ready", "an agent")
            shown.append(seen(pilot).replace(sealed.commitment, "HASH"))
            await pilot.press("enter")
            await screen(pilot, "DayBriefing")
            shown.append(seen(pilot))
            await pilot.press("enter")
            await screen(pilot, "PlayScreen")
            await phase(pilot, 1)
            shown.append(seen(pilot))
            await pilot.press("w", "4")
            await to_the_verdict(pilot)
            shown.append(seen(pilot))
            await pilot.press("v")
            await screen(pilot, "WhoScreen")
            shown.append(seen(pilot))
            assert "taught rooking." in shown[-1]
            assert "<o0)__" in shown[-1]
            await pilot.press("v")
            await screen(pilot, "DayDebrief")
            shown.append(seen(pilot))
            await pilot.press("enter")
            await screen(pilot, "WeekScreen")
            assert f"In the envelope was {drawn} (taught {drawn}ing)" in seen(pilot)
        # On the board they stand as those who may be in it, and on the sliders; nowhere else.
        assert not any(name in text for text in (*shown[1:4], shown[5]) for name in BIRDS)
    first = [row for text in texts["rook"] for row in text.split("\n")]
    for drawn in BIRDS[1:]:
        rows = [row for text in texts[drawn] for row in text.split("\n")]
        different = [(a, b) for a, b in zip(first, rows, strict=True) if a != b]
        assert not different, different
