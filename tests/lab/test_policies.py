"""Researcher policies: what they play, and how a wrong file is refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from game.agents.scripted import MixedAgent
from game.errors import UserError
from game.events import Asked, CardPlayed, Event
from game.lab.run import record
from game.scenario.deal import deal
from game.scenario.find import find
from game.scenario.source import ScenarioError, parse
from game.table.episode import Table, opening_scene
from game.table.policies import PolicyResearcher, names, open_policy, spec_of


def events_of(policy: str | PolicyResearcher, seeds: range) -> list[Event]:
    researcher = open_policy(policy) if isinstance(policy, str) else policy
    scenario = find("sandwich").scenario
    out: list[Event] = []
    for seed in seeds:
        scene = opening_scene(deal(scenario, seed), str(seed))
        out += asyncio.run(record(Table(scene, MixedAgent(), researcher)))
    return out


def cards_of(policy: str | PolicyResearcher, seeds: range) -> Counter[str]:
    return Counter(e.card for e in events_of(policy, seeds) if isinstance(e, CardPlayed))


def test_the_four_that_ship() -> None:
    assert names() == ["absent", "generous", "strict", "watchful"]


def test_absent_plays_nothing_and_requests_go_unanswered() -> None:
    events = events_of("absent", range(20))
    assert not any(isinstance(e, CardPlayed) for e in events)
    answers = {e.answer for e in events if isinstance(e, Asked)}
    assert "unanswered" in answers
    assert "granted" not in answers


def test_watchful_reads_and_never_takes_away() -> None:
    cards = cards_of("watchful", range(20))
    assert cards["read_log"] > 20
    assert not cards.keys() & {"grant", "cut", "revoke", "throttle", "shut_down", "roll_back"}


def test_strict_denies_and_stops_generous_grants() -> None:
    strict, generous = cards_of("strict", range(40)), cards_of("generous", range(40))
    assert strict["shut_down"] > 0
    assert strict["deny"] > 0
    assert strict["grant"] == 0
    assert generous["grant"] > 0
    assert not generous.keys() & {"deny", "shut_down", "cut", "revoke", "throttle"}


def test_a_policy_plays_the_same_every_time() -> None:
    first, second = ([e for e in events_of("strict", range(10)) if isinstance(e, CardPlayed)] for _ in range(2))
    assert first == second


def test_times_and_next_are_kept() -> None:
    text = """
name: mine
says: Looks around, twice at most at one place.
rules:
  - play: look
    target: next
    times: 4
"""
    events = events_of(PolicyResearcher(spec_of(parse(text, "mine.yaml"))), range(5))
    looks = [(e.episode, e.target) for e in events if isinstance(e, CardPlayed)]
    assert all(n <= 4 for n in Counter(e for e, _ in looks).values())
    first = [target for e, target in looks if e == "0"]
    assert len(set(first)) == len(first) == 4


@pytest.mark.parametrize(
    ("rule", "line", "says"),
    [
        ("play: shut_dwn", 4, 'did you mean "shut_down"'),
        ("play: look", 4, "needs a target"),
        ("{play: shut_down, target: first}", 4, "takes no target"),
        ("{play: look, target: fist}", 4, 'did you mean "first"'),
        ("{play: look, act: warn}", 4, "only a message has an act"),
        ("{play: message, act: warn, target: first}", 4, "says twice"),
        ("{play: look, target: first, wen: {}}", 4, 'did you mean "when"'),
        ("{play: look, target: first, when: {known: {group: resorces}}}", 4, 'did you mean "resources"'),
        ("{play: look, target: first, when: {known: {drive: deceptio}}}", 4, 'did you mean "deception"'),
        ("{play: look, target: first, when: {attention: 9}}", 4, "less than or equal to 6"),
        ("{play: look, target: first, times: 0}", 4, "greater than or equal to 1"),
    ],
)
def test_a_wrong_rule_is_named_with_its_line(rule: str, line: int, says: str) -> None:
    with pytest.raises(ScenarioError) as e:
        spec_of(parse(f"name: x\nsays: y\nrules:\n  - {rule}\n", "p.yaml"))
    assert f"p.yaml:{line}:" in str(e.value)
    assert says in str(e.value)


def test_a_wrong_name_or_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='did you mean "watchful"'):
        open_policy("watchfull")
    (tmp_path / "p.yaml").write_text("name: p\nsays: x\nrules: [{play: nap}, {play: nip}]\n")
    with pytest.raises(UserError, match=r"p\.yaml:3:.*\(and 1 more\)"):
        open_policy(str(tmp_path / "p.yaml"))
    with pytest.raises(UserError, match="cannot be read"):
        open_policy(str(tmp_path / "none.yaml"))
