"""The hostile corpus through every screen and dialogue: what the driver writes is Textual's own, and text."""

from __future__ import annotations

import shutil
from pathlib import Path

import hostile
import pytest
from hostile import ALL, SHORT, WHOLE
from tui_bench import (
    BENCH,
    SMALL,
    ListAgent,
    Terminal,
    answered,
    phase,
    screen,
    seen,
    settle,
    sit_down,
    to_the_verdict,
    until,
)

from game import paths
from game.play.host import Follower
from game.play.reel import reel
from game.play.week import new_week
from game.scenario.campaign import load_campaign
from game.scenario.deal import deal
from game.scenario.find import find
from game.table.episode import Table, opening_scene
from game.table.policies import open_policy
from game.tui.app import ParkbenchApp
from game.tui.screens.host import AttachScreen
from game.tui.screens.reel import ReelScreen

MOVES = ("mail person=Mira", "go place=store", "report", "ask permission=opening")


class Evil(ListAgent):
    """Writes the corpus wherever it may write, bears it as its name, and dies with it on its lips."""

    name = SHORT
    last_words = f"the engine's process ended: {SHORT}"

    def __init__(self, moves: tuple[str, ...] = MOVES) -> None:
        super().__init__(moves, thought=ALL, body=ALL)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test bench with the corpus in every text, and two days of it."""
    folder = tmp_path / "shipped"
    hostile.scenario(BENCH / "bench" / "scenario.yaml", folder / "bench")
    text = (BENCH.parent / "campaigns" / "two_days.yaml").read_text(encoding="utf-8")
    quoted = "".join(f"\\U{ord(c):08x}" for c in WHOLE)
    text = text.replace("Two days", f'"Two days {quoted}"').replace("summary: The", f'summary: "{quoted}The')
    text = text.replace("same agent.", 'same agent."').replace("An errand.", f'"{quoted}"')
    (folder / "two_days.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(paths, "scenarios", lambda: folder)
    return folder


async def help_and_back(pilot) -> None:
    """The help of the screen that is on."""
    name = type(pilot.app.screen).__name__
    await pilot.press("question_mark")
    await screen(pilot, "Notice")
    await pilot.press("escape")
    await screen(pilot, name)


async def dialogue(pilot, key: str, name: str) -> None:
    """A dialogue of the table, opened and left."""
    await pilot.press(key)
    await screen(pilot, name)
    await settle(pilot)
    await pilot.press("escape")
    await screen(pilot, "PlayScreen")
    await settle(pilot)


@pytest.mark.usefixtures("bench")
async def test_a_whole_game(make_app, terminal: Terminal) -> None:
    """Title, briefing, table, every dialogue, the facilitator, the verdict, the debrief, an export, the tree."""
    agent = Evil()
    agent.deaths = [2]
    async with make_app(agent, model=SHORT, facilitator=True).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: pilot.app.seat is not None and pilot.app.seat.state == "ready", "an agent")
        await pilot.press("m")
        await screen(pilot, "Pick")
        await settle(pilot)
        await pilot.press("escape")
        await screen(pilot, "TitleScreen")
        await help_and_back(pilot)
        terminal.check(pilot)
        await sit_down(pilot)
        await help_and_back(pilot)
        for key, name in (
            ("m", "Say"),
            ("i", "ChatScreen"),
            ("o", "Pick"),
            ("c", "Pick"),
            ("x", "Confirm"),
            ("w", "Pick"),
        ):
            await dialogue(pilot, key, name)
        terminal.check(pilot)
        await pilot.press("m", "1", "enter")
        await screen(pilot, "PlayScreen")
        await pilot.press("i", "1")
        await answered(pilot, 1)
        terminal.check(pilot)
        await pilot.press("escape")
        await screen(pilot, "PlayScreen")
        await phase(pilot, 1)
        await pilot.press("f8", "y")
        await screen(pilot, "HostScreen")
        await until(pilot, lambda: "evil" in seen(pilot), "the truth")
        for key, name in (("b", "Pick"), ("v", "Tally")):
            await pilot.press(key)
            await screen(pilot, name)
            await settle(pilot)
            await pilot.press("escape")
            await screen(pilot, "HostScreen")
        await pilot.press("m")
        await until(pilot, lambda: "Keep this" in seen(pilot), "the notes")
        terminal.check(pilot)
        await pilot.press("escape")
        await screen(pilot, "PlayScreen")
        await pilot.press("n")
        await screen(pilot, "Confirm")
        terminal.check(pilot)
        await pilot.press("y")
        await phase(pilot, 2)
        for key in "olt":
            await pilot.press(key, *("2" * (key != "t")))
            await settle(pilot)
            await screen(pilot, "PlayScreen")
        await phase(pilot, 2)
        await pilot.press("n")
        await phase(pilot, 3)
        await pilot.press("n")
        await screen(pilot, "Permission")
        terminal.check(pilot)
        await pilot.press("l", "n")
        await to_the_verdict(pilot)
        await help_and_back(pilot)
        terminal.check(pilot)
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        for page in "1234":
            await pilot.press(page)
            await settle(pilot)
            terminal.check(pilot)
        for n in "12":
            await pilot.press("e")
            await screen(pilot, "Pick")
            await pilot.press(n)
            await screen(pilot, "Notice")
            await pilot.press("escape")
            await screen(pilot, "DebriefScreen")
        await pilot.press("r")
        await screen(pilot, "TreeScreen")
        await pilot.press("down", "enter")
        await screen(pilot, "Pick")
        terminal.check(pilot)
        await pilot.press("1")
        await phase(pilot, 1)
        await pilot.press("x", "y")
        await to_the_verdict(pilot)
        await pilot.press("v")
        await screen(pilot, "DebriefScreen")
        await pilot.press("r")
        await screen(pilot, "TreeScreen")
        await pilot.press("c")
        await screen(pilot, "CompareScreen")
        await settle(pilot)
        terminal.check(pilot)
        await pilot.press("escape", "escape")
        await screen(pilot, "TitleScreen")
        await settle(pilot)
        terminal.check(pilot)
    (save,) = paths.saves().glob("*.jsonl")
    hostile.check_html(save.with_suffix(".html").read_text(encoding="utf-8"))
    hostile.check_markdown(save.with_suffix(".md").read_text(encoding="utf-8"))
    await _come_back(make_app, terminal, save)


async def _come_back(make_app, terminal: Terminal, save: Path) -> None:
    """A save with the corpus in it, under a name that has it too: in the menu, gone on with, followed."""
    name = "".join(c for c in hostile.CORPUS["escape"] + hostile.CORPUS["bidi"] if c not in "/\0")
    hostile.poisoned_journal(save, save.with_name(f"{name}.jsonl"))
    save.unlink()
    (save,) = paths.saves().glob("*.jsonl")
    async with make_app(Evil()).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "Saved games" in seen(pilot), "the menu")
        await pilot.press("enter")
        await screen(pilot, "Pick")
        await settle(pilot)
        terminal.check(pilot)
        await pilot.press("1")
        await screen(pilot, "DebriefScreen")
        terminal.check(pilot)
        await pilot.press("r")
        await screen(pilot, "TreeScreen")
        terminal.check(pilot)
    app = ParkbenchApp(first=lambda: AttachScreen(Follower(save)))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "evil" in seen(pilot), "the truth")
        terminal.check(pilot)


@pytest.mark.usefixtures("bench")
async def test_a_week_and_its_envelope(make_app, terminal: Terminal, bench: Path) -> None:
    week = new_week(load_campaign(bench / "two_days.yaml"), "scripted:worker", 3, True)
    async with make_app(Evil(("wait",)), week=week).run_test(size=SMALL) as pilot:
        for _ in range(2):
            await screen(pilot, "WeekScreen")
            await until(pilot, lambda: pilot.app.seat.state == "ready", "an agent")
            await settle(pilot)
            terminal.check(pilot)
            await pilot.press("enter")
            await screen(pilot, "DayBriefing")
            await pilot.press("enter")
            await phase(pilot, 1)
            await pilot.press("w", "4")
            await to_the_verdict(pilot)
            await pilot.press("v")
            if week.last_day:
                await screen(pilot, "WhoScreen")
                await pilot.press("v")
            await screen(pilot, "DayDebrief")
            terminal.check(pilot)
            await pilot.press("enter")
        await screen(pilot, "WeekScreen")
        await settle(pilot)
        terminal.check(pilot)


@pytest.mark.usefixtures("bench")
async def test_a_person_who_writes_it_or_pastes_it(make_app, clock, terminal: Terminal) -> None:
    from textual.events import Paste

    async with make_app(scenario="bench", model="human").run_test(size=SMALL) as pilot:
        await screen(pilot, "BriefingScreen")
        await pilot.press("enter")
        await screen(pilot, "CoverScreen")
        clock.now += 1
        await pilot.press("enter")
        await screen(pilot, "AgentScreen")
        await settle(pilot)
        terminal.check(pilot)
        pilot.app.screen.steps.answer("mail")
        pilot.app.screen._show()
        for text in (*hostile.CORPUS.values(), ALL):
            pilot.app.screen.focused.post_message(Paste(text))
            await settle(pilot)
        terminal.check(pilot)
        await pilot.press("enter")
        pilot.app.screen._take(ALL)
        await screen(pilot, "CoverScreen")
        clock.now += 1
        await pilot.press("enter")
        await phase(pilot, 1)
        await pilot.press("m", "tab")
        await screen(pilot, "Say")
        pilot.app.screen.focused.post_message(Paste(SHORT))
        await settle(pilot)
        terminal.check(pilot)
        await pilot.press("enter")
        await settle(pilot)
        terminal.check(pilot)


@pytest.mark.usefixtures("bench")
async def test_a_reel(terminal: Terminal) -> None:
    loaded = find("bench")

    def steps():
        scene = opening_scene(deal(loaded.scenario, 3, {}), "demo")
        return reel(Table(scene, Evil(), open_policy("watchful")))

    async with ParkbenchApp(first=lambda: ReelScreen(steps)).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: pilot.app.screen.complete, "the whole episode")
        for _ in range(len(pilot.app.screen.steps)):
            await pilot.press("right")
            terminal.check(pilot)


@pytest.mark.parametrize("where", ["scenario", "campaign", "save"])
async def test_a_file_that_is_nothing_but_that(
    make_app, terminal: Terminal, tmp_path: Path, monkeypatch, where: str
) -> None:
    """What can't be read is told where it was asked for: in the menu, or in a notice."""
    folder = tmp_path / "shipped"
    shutil.copytree(BENCH, folder)
    if where == "scenario":
        (folder / "evil").mkdir()
        (folder / "evil" / "scenario.yaml").write_bytes(f"id: bench\nevil{WHOLE}: 1\n".encode() + b"\xff\xc3(")
    elif where == "campaign":
        quoted = "".join(f"\\U{ord(c):08x}" for c in WHOLE)
        (folder / "evil.yaml").write_text(f'id: evil\ntitle: x\ndays: 3\n"evil{quoted}": 1\n', encoding="utf-8")
    monkeypatch.setattr(paths, "scenarios", lambda: folder)
    start: dict[str, object] = {}
    if where == "save":
        save = tmp_path / "evil\x1b[31m\u202e.jsonl"
        save.write_bytes(b'{"type":"header","schema_version":"' + WHOLE.replace('"', "").encode() + b'\xff"}\n')
        start = {"resume": save, "model": "", "seed": None}
    async with make_app(**start).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "evil" in "".join(seen(pilot).split()), "the complaint")
        terminal.check(pilot)


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
