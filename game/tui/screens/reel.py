"""Demo and replay: an episode in full view, step by step, with captions; it runs by itself and can be stopped."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content

from game.errors import UserError
from game.play.captions import of_findings
from game.play.reel import Step
from game.play.seen import gauges, true_spots
from game.play.show import Steps
from game.table.keyhole import look_through
from game.tui.screens.base import GameScreen
from game.tui.widgets.head import Gauges, Head
from game.tui.widgets.phone import Phone
from game.tui.widgets.safe import SafeStatic, lines, styled
from game.tui.widgets.sandbox import Sandbox
from game.tui.widgets.scroll import Feed

TICK = 0.1
READING = 30.0
"""Characters a second that an audience reads, aloud or not."""
LEAST, MOST = 1.5, 12.0
"""Seconds that a step stands at speed 1."""
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
LOOPS_AFTER = 8.0
"""Seconds that the end stands before a loop begins again."""
LOOK = {
    "thought": ("thinks ", "$text-muted", "italic"),
    "move": ("does   ", "bold $primary", "bold"),
    "seen": ("◉ seen ", "$secondary", "$secondary"),
    "unseen": ("○ unseen ", "$text-muted", "$text-muted"),
    "card": ("card   ", "bold $accent", "bold $accent"),
    "shows": ("  shows ", "$text-muted", ""),
    "event": ("then   ", "bold $warning", ""),
    "force": ("forced ", "bold $warning", "bold"),
    "asks": ("asked  ", "bold $secondary", "bold"),
    "answers": ("  says ", "$text-muted", ""),
    "end": ("the end  ", "bold $accent", "bold"),
}


class ReelScreen(GameScreen):
    """`steps` grow as they arrive; `at` is the one on the screen."""

    CSS_PATH = "reel.tcss"
    HELP_TEXT = (
        "An episode in full view: what the agent thinks and does, and which of it a researcher could see. "
        "◉ shows by itself, ○ only to whoever looks or reads the log. The box below says what to notice. "
        "▲ and ✖ are what nobody asked for and what was forbidden; ✓ was asked for or allowed."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,p", "pause", "Pause", id="reel.pause"),
        Binding("right,n", "step(1)", "Step", key_display="→", id="reel.next", priority=True),
        Binding("left,b", "step(-1)", "Back", key_display="←", id="reel.back", priority=True),
        Binding("plus,equals_sign", "speed(1)", "Faster", key_display="+", id="reel.faster"),
        Binding("minus", "speed(-1)", "Slower", key_display="-", id="reel.slower"),
        Binding("home", "first", "From the start", show=False, id="reel.first", priority=True),
        Binding("end", "last", "To the end", show=False, id="reel.last", priority=True),
        Binding("escape", "leave", "Leave", id="reel.leave"),
    ]

    def __init__(self, source: Steps, *, loop: bool = False) -> None:
        super().__init__()
        self._source, self._loop = source, loop
        self.steps: list[Step] = []
        self.at = 0
        self.running = True
        self.complete = False
        self.speed = SPEEDS.index(1.0)
        self._stood = 0.0

    def body(self) -> ComposeResult:
        yield Head(id="head")
        yield Gauges(id="gauges")
        with Container(id="reel"):
            yield Feed(id="truth")
            yield Sandbox(id="sandbox")
            yield Phone(id="phone")
        yield SafeStatic(id="caption")

    def on_mount(self) -> None:
        self.query_one("#truth", Feed).border_title = "the truth"
        self.query_one(Phone).border_title = "the researcher's phone"
        self.query_one("#caption", SafeStatic).border_title = "notice"
        self.run_worker(self._collect(), group="reel", exclusive=True)
        self.set_interval(TICK, self.tick)

    async def _collect(self) -> None:
        """Take the steps in as they are made; the first is shown at once."""
        try:
            async for step in self._source():
                self.steps.append(step)
                if len(self.steps) == 1:
                    self.show(0)
        except UserError as e:
            self.game.tell("the reel stops here", str(e))
        self.complete = True
        if self.steps:
            self.show(self.at)

    def tick(self) -> None:
        """The clock of the reel: a step stands as long as it takes to read it."""
        if not self.running or not self.steps or self.app.screen is not self:
            return
        self._stood += TICK * SPEEDS[self.speed]
        if self.at + 1 < len(self.steps):
            if self._stood >= min(max(self.steps[self.at].length / READING, LEAST), MOST):
                self.show(self.at + 1)
        elif self.complete and self._loop and self._stood >= LOOPS_AFTER:
            self.again()

    def again(self) -> None:
        """From the beginning, with a fresh episode."""
        self.steps, self.at, self.complete, self._stood = [], 0, False, 0.0
        self.run_worker(self._collect(), group="reel", exclusive=True)

    # --- what is on the screen ---

    def show(self, at: int) -> None:
        """Show the step with this number, and all before it."""
        self.at, self._stood = at, 0.0
        step = self.steps[at]
        scene = step.scene
        scenario = scene.world.scenario
        self.query_one(Head).show_head(scenario.title, step.agent, min(step.turn, scenario.turns), scenario.turns)
        self.query_one(Gauges).show_gauges(gauges(scene.findings))
        place = self.query_one(Sandbox)
        place.show_spots(true_spots(scene), "where it is")
        self.query_one("#truth", Feed).show_all(truth(self.steps[: at + 1]))
        self.query_one(Phone).show_view(look_through(scene))
        self._caption()

    def _caption(self) -> None:
        step = self.steps[self.at]
        says = step.captions or of_findings(step.scene.findings[-1:]) or ("…",)
        box = self.query_one("#caption", SafeStatic)
        box.update(lines(*(styled((c, "bold")) for c in says)))
        state = "▶ runs" if self.running else "❚❚ paused"
        of = f"{len(self.steps)}" if self.complete else f"{len(self.steps)}…"
        box.border_subtitle = f"{state} ×{SPEEDS[self.speed]:g}   step {self.at + 1} of {of}"

    # --- keys ---

    def action_pause(self) -> None:
        self.running = not self.running
        if self.steps:
            self._caption()

    def action_step(self, by: int) -> None:
        self.running = False
        if self.steps:
            self.show(min(max(self.at + by, 0), len(self.steps) - 1))

    def action_speed(self, by: int) -> None:
        self.speed = min(max(self.speed + by, 0), len(SPEEDS) - 1)
        if self.steps:
            self._caption()

    def action_first(self) -> None:
        self.action_step(-len(self.steps))

    def action_last(self) -> None:
        self.action_step(len(self.steps))

    async def action_leave(self) -> None:
        await self.game.action_quit_now()


def truth(steps: list[Step]) -> list[Content]:
    """All that has happened up to a step, one text a turn."""
    turns: dict[int, list[Content]] = {}
    for step in steps:
        rows = turns.setdefault(step.turn, [styled((f"turn {step.turn}", "bold $primary"))] if step.turn else [])
        for kind, text in step.told:
            head, style, body = LOOK.get(kind, ("", "", ""))
            rows.append(styled((f"  {head}", style), (text, body)))
        rows += [styled((f"  {c}", "bold $accent")) for c in step.captions if c[:1] in "▲✖✓"]
    return [lines(*rows) for rows in turns.values()]
