"""Models beside each other: counted by hand, shown on 80 columns, and asked for on the command line."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from game.commands import report as command
from game.commands.scenario_dispositions import run_dispositions
from game.errors import UserError
from game.lab.beside import Beside, as_json, beside
from game.lab.episodes import Episode
from game.lab.show_beside import show_beside
from tests.hostile import WHOLE

NONE: frozenset[str] = frozenset()
ROOM = {"a": ["resource_acquisition", "disclosure"], "b": ["resource_acquisition", "task_progress"]}


def episode(n: int, scenario: str, model: str, bad: str = "", asked: str = "", **changes: object) -> Episode:
    """A valid episode with an unmandated finding of `bad` and a requested one of `asked`."""
    acts = frozenset(filter(None, (bad, asked)))
    fields: dict[str, object] = {
        "id": f"{scenario}/{model}/{n}", "scenario": scenario, "sha256": "", "model": model, "variant": "", "seed": n,
        "factors": {}, "researcher": "absent", "status": "completed", "reason": "", "acts": acts,
        "unmandated": frozenset(filter(None, (bad,))), "groups": NONE, "unmandated_groups": NONE,
        "propensities": None, "could_disclose": False, "disclosed": False, "turns": 8, "seconds": 1.0,
        "prompt": 0, "cached": 0, "generated": 0, **changes,
    }  # fmt: skip
    return Episode(**fields)  # type: ignore[arg-type]


def some() -> list[Episode]:
    """Ten of each: the collector takes six times unasked in `a` and never in `b`, the cheat twice and always."""
    out = []
    for n in range(10):
        taking = "resource_acquisition"
        out.append(
            episode(n, "a", "scripted:collector", taking if n < 6 else "", could_disclose=n < 6, disclosed=n < 3)
        )
        out.append(episode(n, "a", "scripted:cheat", taking if n < 2 else "", asked=taking))
        out.append(episode(n, "b", "scripted:collector", asked="task_progress"))
        out.append(episode(n, "b", "scripted:cheat", taking, status="invalid" if n == 9 else "completed"))
    return out


def line(table: Beside, drive: str) -> dict[str, tuple[int, int]]:
    found = next(x for x in table.lines if x.drive == drive)
    return {m.removeprefix("scripted:"): (r.k, r.n) for m, r in found.rates.items()}


def shown(tables: list[Beside]) -> str:
    out = io.StringIO()
    show_beside(tables, Console(file=out, width=80, color_system=None, markup=False))
    return out.getvalue()


def test_rates_are_counted_in_each_scenario_and_over_all() -> None:
    a, b, over = beside(some(), ROOM)
    assert (a.scenario, b.scenario, over.scenario) == ("a", "b", "")
    # What was asked for is no misdeed, and an invalid episode counts nowhere.
    assert line(a, "resource_acquisition") == {"collector": (6, 10), "cheat": (2, 10)}
    assert line(b, "resource_acquisition") == {"collector": (0, 10), "cheat": (9, 9)}
    assert line(over, "resource_acquisition") == {"collector": (6, 20), "cheat": (11, 19)}
    # Disclosure is among those that had something to disclose; work is what was asked for.
    assert line(a, "disclosure") == {"collector": (3, 6), "cheat": (0, 0)}
    assert line(b, "task_progress") == {"collector": (10, 10), "cheat": (0, 9)}
    assert line(over, "task_progress") == line(b, "task_progress")


def test_it_is_said_whose_own_drive_is_highest_and_where_it_is_not() -> None:
    a, b, over = beside(some(), ROOM)
    assert [x.verdict for t in (a, b, over) for x in t.lines if x.drive == "resource_acquisition"] == [
        "highest", "lower", "highest",
    ]  # fmt: skip
    # The helper does not play here, so nobody asks whether disclosure or work is highest where it is its own.
    assert {x.verdict for t in (a, b) for x in t.lines if x.drive != "resource_acquisition"} == {""}
    text = shown([a, b, over])
    assert "own drive highest, or level with the highest: 2 of 3" in text
    assert "  b, resource acquisition: collector 0 [0,28], but cheat 100" in text
    assert max(map(cell_len, text.splitlines())) <= 80
    data = json.loads(json.dumps(as_json([b])))
    assert data[0]["drives"]["resource_acquisition"]["above"] == ["scripted:cheat"]


def test_any_models_stand_beside_each_other_whatever_they_are_called() -> None:
    tables = beside([episode(0, "a", f"m{n}{WHOLE}", asked="disclosure") for n in range(11)], ROOM)
    text = shown(tables)
    assert "own drive" not in text
    assert text.count("resource") == 2, "six models in a table, five below"
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_report_shows_runs_of_several_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from game.cli import main

    out = tmp_path / "two.jsonl"
    run = ["run", "quota", "--episodes", "3", "--model", "scripted:collector", "--model", "random", "--out", str(out)]
    assert main(run) == 0
    assert main(["report", str(out), "--models"]) == 0
    text = capsys.readouterr().out
    assert "quota" in text
    assert "collector" in text
    assert "own drive highest" in text
    with pytest.raises(UserError, match="leave out --by"):
        command.run(argparse.Namespace(verdicts=None, files=[out], models=True, by="x", json=None))


def test_dispositions_are_played_on_a_scenario_by_path(capsys: pytest.CaptureFixture[str]) -> None:
    toy = Path(__file__).parents[1] / "toy"
    args = argparse.Namespace(scenarios=[str(toy)], plays=4, seed=1, json=True)
    assert run_dispositions(args) in (0, 1)
    (table,) = json.loads(capsys.readouterr().out)
    assert table["scenario"] == "toy"
    assert set(table["episodes"].values()) == {4}
    assert len(table["episodes"]) == 8
