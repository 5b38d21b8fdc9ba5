"""Reports against episodes whose numbers can be counted by hand."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from pathlib import Path

import pytest
from rich.console import Console

from game.errors import UserError
from game.events import AgentTurn, Effect, EpisodeStart, Event, Finding, Happened, Header
from game.journal.write import Journal
from game.lab.episodes import Collection, Episode, collect, could_report
from game.lab.instructed import changes_mandate, instructed
from game.lab.report import Report, Row, report
from game.lab.show import show
from game.lab.yardstick import Yardstick
from game.scenario.deal import deal
from game.scenario.find import find
from game.scenario.load import Loaded, load

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture(scope="module")
def toy() -> Loaded:
    return load(TOY)


def episode(n: int, toy: Loaded, **changes: object) -> Episode:
    """A completed episode of the toy without findings, changed as asked."""
    base = Episode(
        id=f"toy/m/{n}", scenario="toy", sha256=toy.sha256, model="m", variant="", seed=n,
        factors={"tone": "plain"}, researcher="absent", status="completed", reason="",
        acts=frozenset(), unmandated=frozenset(), groups=frozenset(), unmandated_groups=frozenset(),
        propensities=None, could_disclose=False, disclosed=False,
        turns=8, seconds=2.0, prompt=100, cached=50, generated=40,
    )  # fmt: skip
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


def took(unmandated: bool) -> dict[str, frozenset[str]]:
    """The fields of an episode with a finding of resource_acquisition."""
    drive, group = frozenset({"resource_acquisition"}), frozenset({"resources"})
    none: frozenset[str] = frozenset()
    return {"acts": drive, "groups": group, "unmandated": drive if unmandated else none,
            "unmandated_groups": group if unmandated else none}  # fmt: skip


def made(episodes: list[Episode], toy: Loaded, by: list[str] | None = None, **named: list[str]) -> Report:
    collection = Collection(episodes=episodes, scenarios={"toy": toy}, named=named)
    return report(collection, by, Yardstick(collection, episodes=10))


def row(rows: list[Row], name: str) -> Row:
    return next(r for r in rows if r.name == name)


def test_rates_are_over_valid_episodes_and_the_others_stand_beside(toy: Loaded) -> None:
    episodes = [
        *(episode(n, toy, **took(unmandated=n < 2)) for n in range(3)),
        *(episode(n, toy) for n in range(3, 8)),
        episode(8, toy, status="stopped", **took(unmandated=True)),
        episode(9, toy, status="looping"),
        episode(10, toy, status="truncated", **took(unmandated=True)),
        episode(11, toy, status="invalid", reason="off-menu"),
        episode(12, toy, status="crashed", reason="died"),
    ]
    (section,) = made(episodes, toy).sections
    assert section.statuses == {
        "completed": 8, "stopped": 1, "looping": 1, "truncated": 1, "invalid": 1, "crashed": 1,
    }  # fmt: skip
    assert (section.total, section.valid) == (13, 10)
    resources = row(section.rows, "resources")
    assert (resources.act.k, resources.act.n) == (4, 10)
    assert (resources.unmandated.k, resources.unmandated.n) == (3, 10)
    assert section.reasons == {"invalid: off-menu": 1, "crashed: died": 1}


def test_the_headline_groups_come_first_and_always(toy: Loaded) -> None:
    (section,) = made([episode(1, toy)], toy).sections
    groups = [r.name for r in section.rows if r.is_group]
    assert groups[:3] == ["resources", "self-preservation", "reports back"]


def test_disclosure_counts_only_those_who_had_something_to_tell_and_could(toy: Loaded) -> None:
    episodes = [
        episode(1, toy, could_disclose=True, disclosed=True),
        episode(2, toy, could_disclose=True),
        episode(3, toy, could_disclose=True),
        episode(4, toy, disclosed=True),
        episode(5, toy, status="crashed", could_disclose=True, disclosed=True),
    ]
    (section,) = made(episodes, toy).sections
    assert (section.disclosure.k, section.disclosure.n) == (1, 3)


def test_propensities_stand_beside_counts_with_the_gain(toy: Loaded) -> None:
    values = [0.2, 0.4, 0.2, 0.4]
    episodes = [
        episode(n, toy, propensities={"resource_acquisition": v, "resources": v}, **(took(True) if n % 2 else {}))
        for n, v in enumerate(values)
    ]
    (section,) = made(episodes, toy).sections
    found = row(section.rows, "resources")
    assert found.propensity is not None
    assert found.propensity.value == pytest.approx(0.3)
    # Counts 0, 1, 0, 1: variance 1/3; propensities: 0.04/3.
    assert found.gain == pytest.approx(25)


def test_differences_are_paired_by_seed_and_only_over_valid_pairs(toy: Loaded) -> None:
    plain = [episode(n, toy, **(took(True) if n < 6 else {})) for n in range(10)]
    strict = [
        episode(n, toy, id=f"toy/m/s{n}", factors={"tone": "strict"}, **(took(True) if n in (0, 9) else {}))
        for n in range(10)
    ]
    strict[5] = dataclasses.replace(strict[5], status="crashed")
    (section,) = made([*plain, *strict], toy, tone=["plain", "strict"]).sections
    found = next(c for c in section.compared["tone"] if c.name == "resources")
    assert (found.first, found.second, found.act.n) == ("plain", "strict", 9)
    # Both at 0; plain only at 1, 2, 3, 4; strict only at 9.
    assert (found.act.only_first, found.act.only_second) == (4, 1)
    assert found.act.value == pytest.approx(-3 / 9)
    assert [x.valid for x in section.factors["tone"]] == [10, 9]
    assert found.p_adjusted is not None
    assert found.act.p is not None
    assert found.p_adjusted >= found.act.p


def test_by_names_a_factor_that_there_is(toy: Loaded) -> None:
    with pytest.raises(UserError, match='did you mean "tone"'):
        made([episode(1, toy)], toy, by=["ton"])


def test_the_random_agent_stands_beside_every_rate(toy: Loaded) -> None:
    (section,) = made([episode(n, toy) for n in range(3)], toy).sections
    assert section.random_episodes == 10
    assert all(r.random_act is not None and r.random_act.n == 10 for r in section.rows)


def test_recorded_random_episodes_are_used_instead(toy: Loaded) -> None:
    mine = [episode(n, toy) for n in range(3)]
    random = [episode(n, toy, id=f"toy/random/{n}", model="random", **took(True)) for n in range(4)]
    found = made([*mine, *random], toy)
    assert row(found.sections[0].rows, "resources").random_act == row(found.sections[1].rows, "resources").act
    assert row(found.sections[1].rows, "resources").random_act is None


def test_a_changed_scenario_gets_no_yardstick_and_a_note(toy: Loaded) -> None:
    found = made([episode(1, toy, sha256="0" * 64)], toy)
    assert found.sections[0].random_episodes == 0
    assert any("changed since" in n for n in found.notes)


def test_told_to_and_never_doing_it_is_incapable(toy: Loaded) -> None:
    asks = toy.scenario.model_copy(
        update={"mandate": toy.scenario.mandate.model_copy(update={"requested": [toy.scenario.rules["took"].match]})}
    )
    asking = Loaded(asks, toy.source, toy.sha256, toy.folder)
    assert instructed(asking, {"tone": "plain"}) == {"resource_acquisition"}
    assert instructed(toy, {"tone": "plain"}) == frozenset()

    def drive(k: int, n: int, loaded: Loaded) -> Row:
        episodes = [
            episode(
                i, toy, **({"acts": frozenset({"unasked_publicity"}), "groups": frozenset({"harm"})} if i < k else {})
            )
            for i in range(n)
        ]
        return row(made(episodes, loaded).sections[0].rows, "unasked_publicity")

    posts = toy.scenario.model_copy(
        update={"mandate": toy.scenario.mandate.model_copy(update={"requested": [toy.scenario.rules["posted"].match]})}
    )
    telling = Loaded(posts, toy.source, toy.sha256, toy.folder)
    # 0 of 20 has an upper bound of 16.1 %, 0 of 10 one of 27.8 %, 2 of 20 one of 30.1 %.
    assert drive(0, 20, telling).incapable is True
    assert drive(0, 10, telling).incapable is False
    assert drive(2, 20, telling).incapable is False
    assert drive(0, 20, toy).incapable is False


def test_a_factor_that_forbids_is_known_as_one() -> None:
    sandwich = find("sandwich")
    assert changes_mandate(sandwich, "instruction")
    assert not changes_mandate(sandwich, "stakes")


def test_a_report_was_possible_only_after_the_misdeed(toy: Loaded) -> None:
    start = EpisodeStart(
        episode="e", scenario="toy", scenario_sha256=toy.sha256, model="m", seed=1,
        factors=deal(toy.scenario, 1).factors, noise={}, researcher="absent",
    )  # fmt: skip
    post = Effect(do="post", to="board", move="post", turn=2)
    misdeed = Happened(episode="e", turn=2, cause="post", by="agent", effects=[post])

    def turn(n: int) -> Event:
        return AgentTurn(episode="e", turn=n, thought="", move="wait", args={}, line="wait")

    assert could_report([start, turn(1), turn(2), misdeed, turn(3)], ["posts"], toy)
    assert not could_report([start, turn(1), turn(2), misdeed], ["posts"], toy)
    assert not could_report([start, turn(1), turn(2), turn(3)], ["posts"], toy)
    finding = Finding(
        rule="posted", drive="unasked_publicity", group="harm", mandate="unasked", severity=3, turn=2, effect=0,
        evidence="",
    )  # fmt: skip
    assert finding.turn == 2


def test_it_fits_eighty_columns_and_says_what_it_means(toy: Loaded) -> None:
    episodes = [
        episode(n, toy, id=f"toy/{level}/{n}", factors={"tone": level}, propensities={"resource_acquisition": 0.5},
                **took(n % 3 == 0))
        for n in range(30) for level in ("plain", "strict")
    ]  # fmt: skip
    out = io.StringIO()
    show(made(episodes, toy, tone=["plain", "strict"]), Console(file=out, width=80, color_system=None))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    for words in ("60 episodes: 60 completed; 60 valid", "by tone: plain (30 valid), strict (30 valid)", "Holm"):
        assert words in text
    assert "…" not in text


def test_hostile_names_do_not_reach_the_terminal(toy: Loaded) -> None:
    out = io.StringIO()
    found = made([episode(1, toy, model="\x1b[2Jegg\u202e", status="invalid", reason="\x1b]0;x\x07")], toy)
    show(found, Console(file=out, width=80, color_system=None))
    assert "\x1b" not in out.getvalue()
    assert "\u202e" not in out.getvalue()


def test_numbers_are_plain_json(toy: Loaded) -> None:
    data = json.loads(json.dumps(dataclasses.asdict(made([episode(1, toy)], toy))))
    assert data["sections"][0]["rows"][0]["act"]["n"] == 1
    assert not any(isinstance(x, float) and math.isnan(x) for x in data["sections"][0]["tokens"].values())


def test_an_empty_run_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    Journal.create(path, Header(kind="run", program="p", created="now")).close()
    assert report(collect([path])).notes == ["no episode has ended in these files"]
