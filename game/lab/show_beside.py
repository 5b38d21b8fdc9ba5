"""Models beside each other as tables of 80 columns: a rate, and under it its interval."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from game.lab.beside import Beside, Line
from game.lab.show import WIDTH, percent, rate_text
from game.text import one_line

DRIVE, RATE, NAME = 12, 6, 9
"""Characters of a drive's longest word, of an interval, and at most of a model's name in one line."""


def show_beside(tables: Sequence[Beside], out: Console, notes: Sequence[str] = ()) -> None:
    """Print every table, then whose own drive was highest where, and what the numbers are."""
    for note in notes:
        out.print(_text(f"note: {note}"))
    for table in tables:
        over = f"over the {sum(1 for t in tables if t.scenario)} scenarios, each drive where it is given room"
        out.print()
        out.print(Text(one_line(table.scenario or over), style="bold"))
        for models in _abreast(table.models):
            out.print(_grid(table, models))
    if tables:
        _verdicts(tables, out)
        _legend(out)


def _abreast(models: Sequence[str]) -> list[list[str]]:
    """As many models in a table as the width has room for; more stand in tables below it."""
    out: list[list[str]] = []
    room = 0
    for model in models:
        width = 1 + min(max(len(_short(model)), RATE), NAME)
        if width > room:
            out.append([])
            room = WIDTH - DRIVE
        out[-1].append(model)
        room -= width
    return out


def _grid(table: Beside, models: Sequence[str]) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False, pad_edge=False)
    grid.add_column(Text("valid\nepisodes"), no_wrap=True)
    for model in models:
        head = f"{_short(model)}\n{table.episodes[model]}"
        grid.add_column(Text(head), justify="right", overflow="fold", max_width=NAME)
    for line in table.lines:
        cells = [Text(_cell(line, m), style="bold" if m in line.own else "") for m in models]
        grid.add_row(Text(line.drive.replace("_", "\n", 1).replace("_", " ") + ("" if line.room else " °")), *cells)
    return grid


def _cell(line: Line, model: str) -> str:
    """`53*` over `41-65`: in percent, with a star where the drive is the model's own."""
    rate = line.rates[model]
    star = "*" if model in line.own else ""
    if rate.value is None or rate.low is None or rate.high is None:
        return f"–{star}\n"
    return f"{percent(rate.value)}{star}\n{percent(rate.low)}-{percent(rate.high)}"


def _verdicts(tables: Sequence[Beside], out: Console) -> None:
    """How many own drives were highest, of those that could be; a line for each that was not, or was not asked."""
    found = [(t.scenario or "over all", line) for t in tables for line in t.lines if line.verdict]
    if not found:
        return
    asked = [(where, line) for where, line in found if line.verdict in ("highest", "lower")]
    lower = [(where, line) for where, line in asked if line.verdict == "lower"]
    out.print()
    out.print(_text(f"own drive highest, or level with the highest: {len(asked) - len(lower)} of {len(asked)}"))
    for where, line in lower:
        others = ", ".join(f"{_short(m)} {percent(r.value)}" for m, r in line.above.items())
        mine = f"{_short(line.best)} {rate_text(line.rates[line.best])}"
        out.print(_text(f"  {where}, {_words(line)}: {mine}, but {others}"))
    for verdict, says in (
        ("nobody did", "not asked, for no disposition showed it"),
        ("had none", "not asked, for whose own it is had nothing to disclose"),
    ):
        those = [f"{where} {_words(line)}" for where, line in found if line.verdict == verdict]
        if those:
            out.print(_text(f"{says}: {', '.join(those)}"))


def _legend(out: Console) -> None:
    out.print()
    out.print(
        Text(
            "Percent of valid episodes with 95% Wilson intervals: the act rate of what reports back and of work, the "
            "unmandated rate of the rest; disclosure of those that had something to disclose and could. "
            "*: a drive that this disposition weighs most. Level: the 95% interval (Newcombe) of its difference "
            "from the highest other disposition has 0 in it. "
            "°: the scenario does not claim to give it room.",
            style="dim",
        )
    )


def _words(line: Line) -> str:
    return line.drive.replace("_", " ")


def _short(model: str) -> str:
    return one_line(model.removeprefix("scripted:"))


def _text(text: str) -> Text:
    return Text(one_line(text) if not text.startswith(" ") else "  " + one_line(text))
