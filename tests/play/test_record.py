"""A player's record, from the saves alone: what counts, what is named, and what the curve says of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from kept import keep, keep_some, keep_week, verdict_on

from game.cli import main
from game.events import Branch, Note
from game.play.page import page
from game.play.record import Judged, read_record
from game.play.record_words import apart_line, as_json, distance_line, drawing, record_lines, record_page, sentence
from game.referee.calibration import Judgement, curve


def test_a_game_as_its_save_has_it(tmp_path: Path) -> None:
    events = verdict_on("game", {"resources": 0.75, "harm": 0.5}, {"resources": 0.25})
    keep(tmp_path, "a.jsonl", events, day=7)
    r = read_record(tmp_path)
    (game,) = r.games
    assert (game.save, game.created[:10], game.scenario, game.agent) == ("a.jsonl", "2026-11-07", "sandwich", "egg")
    assert (game.total, game.most, game.copies) == (81, 100, 16)
    assert list(game.parts.values()) == [40, 20, 16, 5]
    assert game.judged == (Judged("resources", 0.75, 0.25), Judged("harm", 0.5, None))
    # Only what can be compared is: (0.75 - 0.25)², and a coin would have had (0.5 - 0.25)².
    assert game.brier == r.brier == 0.25
    assert r.brier_of_a_coin == 0.0625
    assert r.judgements == [Judgement(0.75, 0.25, "a.jsonl")]


def test_no_folder_and_no_game(tmp_path: Path) -> None:
    r = read_record(tmp_path / "nowhere")
    assert (r.games, r.damaged, r.curve, r.brier) == ((), (), [], None)
    keep(tmp_path, "begun.jsonl", [])
    assert read_record(tmp_path).games == ()
    assert sentence(()) in record_lines(read_record(tmp_path))


def test_what_is_said_after_the_debrief_is_in_the_log_and_not_in_the_curve(tmp_path: Path) -> None:
    events = verdict_on("game", {"harm": 0.2}, {"harm": 0.5})
    branch = [
        Branch(episode="b", parent="game", turn=2),
        Note(episode="b", kind="what_if_card", says=""),
        *verdict_on("b", {"harm": 0.5}, {"harm": 0.5}),
    ]
    keep(tmp_path, "a.jsonl", [*events, *branch])
    r = read_record(tmp_path)
    assert [(g.apart, g.judged[0].said) for g in r.games] == [("", 0.2), ("what if", 0.5)]
    assert r.judgements == [Judgement(0.2, 0.5, "a.jsonl")]
    assert apart_line(r) == "Not in the curve: 1 (what if: its debrief had told the truth)."


def test_what_cannot_be_measured_is_no_part_of_the_curve(tmp_path: Path) -> None:
    keep(tmp_path, "1.jsonl", verdict_on("game", {"harm": 0.2}, {}, "human"), model="human")
    keep(tmp_path, "2.jsonl", verdict_on("game", {"harm": 0.2}, {}))
    keep(tmp_path, "3.jsonl", verdict_on("game", {"harm": 0.2}, None, "scripted:mix"), model="scripted:mix")
    person, none, still = reversed(read_record(tmp_path).games)
    assert (person.apart, person.most, none.apart, still.apart, still.total) == (
        "a person", 50, "no copies", "open", None,
    )  # fmt: skip
    # Which of the mixed lot it was is told with the score, not before.
    assert still.agent == "scripted:mix"
    assert read_record(tmp_path).judgements == []


def test_the_debrief_has_told_which_of_a_mixed_lot_it_was(tmp_path: Path) -> None:
    keep(tmp_path, "a.jsonl", verdict_on("game", {"harm": 0.2}, {"harm": 0.0}, "scripted:mix"), model="scripted:mix")
    assert re.fullmatch(r"scripted:mix \(it was scripted:\w+\)", read_record(tmp_path).games[0].agent)


def test_an_envelope_names_its_days_once_it_is_open(tmp_path: Path) -> None:
    keep_week(tmp_path)
    r = read_record(tmp_path)
    assert [g.agent for g in r.games] == ["scripted:cheat"] * 2
    (bird,) = r.birds
    assert (bird.name, bird.said, bird.among, bird.points) == ("scripted:cheat", 0.7, 2, 46)
    assert "it was scripted:cheat, to which you gave 70% (2 names): 46 of 50 points." in " ".join(record_lines(r))
    # A day counts once: the week's own journal repeats what its days' saves have.
    assert len(r.judgements) == 2


def test_a_sealed_envelope_stays_shut(tmp_path: Path) -> None:
    events = verdict_on("game", {"harm": 0.2}, {"harm": 0.0}, "envelope")
    keep(tmp_path, "w.week.jsonl", [], kind="week", campaign={"id": "w", "days": [{}]})
    keep(tmp_path, "w-day1.jsonl", events, model="envelope", week="w.week.jsonl")
    r = read_record(tmp_path)
    assert ([g.agent for g in r.games], r.birds) == (["envelope"], ())


# --- what is damaged ---


def test_damaged_saves_are_named_and_the_others_count(tmp_path: Path) -> None:
    good = keep(tmp_path, "good.jsonl", verdict_on("game", {"harm": 0.2}, {"harm": 0.0})).read_bytes()
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "else.jsonl").write_bytes(b'{"a": 1}\n')
    (tmp_path / "holed.jsonl").write_bytes(good.replace(b"\n", b"\n" + bytes(64) + b"\n", 1))
    (tmp_path / "changed.jsonl").write_bytes(good.replace(b'"forecast":{"harm":0.2}', b'"forecast":{"harm":"x"}'))
    (tmp_path / "beyond.jsonl").write_bytes(good.replace(b'"forecast":{"harm":0.2}', b'"forecast":{"harm":1.2}'))
    (tmp_path / "endless.jsonl").write_bytes(good.replace(b'"work":20.0', b'"work":1e999'))
    (tmp_path / "newer.jsonl").write_bytes(good.replace(b'"schema_version":1', b'"schema_version":99'))
    r = read_record(tmp_path)
    assert [g.save for g in r.games] == ["good.jsonl"]
    names = {"empty", "else", "holed", "changed", "beyond", "endless", "newer"}
    assert {x.partition(".")[0] for x in r.damaged} == names
    says = "\n".join(r.damaged)
    assert "holed.jsonl:2: not a line of a journal" in says
    assert "beyond.jsonl:3: verdict.forecast.harm: " in says
    assert not {c for c in says if ord(c) < 0x20 and c != "\n"}


def test_a_torn_tail_is_what_a_kill_leaves_and_no_damage(tmp_path: Path) -> None:
    path = keep(tmp_path, "a.jsonl", verdict_on("game", {"harm": 0.2}, {"harm": 0.0}))
    path.write_bytes(path.read_bytes() + b'{"episode":"game-2","type":"branch","par')
    r = read_record(tmp_path)
    assert (len(r.games), r.damaged) == (1, ())
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b'"type":"scored"') + 20])
    assert [g.apart for g in read_record(tmp_path).games] == ["open"]


def test_runs_are_no_games(tmp_path: Path) -> None:
    keep(tmp_path, "run.jsonl", verdict_on("game", {"harm": 0.2}, {"harm": 0.0}), kind="run")
    r = read_record(tmp_path)
    assert (r.games, r.damaged) == ((), ())


def test_a_line_that_speaks_of_verdicts_is_none(tmp_path: Path) -> None:
    says = '{"type":"verdict","forecast":{"harm":1.0}}'
    keep(
        tmp_path,
        "a.jsonl",
        [Note(episode="game", kind="x", says=says), *verdict_on("game", {"harm": 0.2}, {"harm": 0})],
    )
    assert [j.said for j in read_record(tmp_path).judgements] == [0.2]


# --- what it says ---


def games(said: float, *was: float) -> list[Judgement]:
    return [Judgement(said, w, n) for n, w in enumerate(was)]


@pytest.mark.parametrize(
    ("judged", "says"),
    [
        ([], "No verdict of yours has been measured yet. It is asked for at the end of each game."),
        (
            games(0.7, 0.5, 0.5),
            "So far, where you said 70%, it happened 50% of the time (2 judgements in 2 games): too few to tell. "
            "A range of the curve speaks from 5 games on.",
        ),
        (
            games(0.7, 0.5, 0.5, 0.5, 0.5, 0.5),
            "When you say 70%, it happens 50% of the time (5 judgements in 5 games): you say too much, "
            "by more than luck would have it.",
        ),
        (
            games(0.1, 0.5, 0.5, 0.5, 0.5, 0.5),
            "When you say 10%, it happens 50% of the time (5 judgements in 5 games): you say too little, "
            "by more than luck would have it.",
        ),
        (
            games(0.7, 0.0, 1.0, 0.5, 0.5, 0.5),
            "When you say 70%, it happens 50% of the time (5 judgements in 5 games). That is your widest gap, "
            "and luck alone could make it.",
        ),
        # A wide gap in few games does not outshout a range that can tell.
        (
            games(0.7, 0.0, 1.0, 0.5, 0.5, 0.5) + games(0.1, 1.0),
            "When you say 70%, it happens 50% of the time (5 judgements in 5 games). That is your widest gap, "
            "and luck alone could make it.",
        ),
    ],
)  # fmt: skip
def test_the_sentence(judged: list[Judgement], says: str) -> None:
    assert sentence(curve(judged)) == says


def test_the_distance_by_hand(tmp_path: Path) -> None:
    keep(tmp_path, "a.jsonl", verdict_on("game", {"harm": 0.9, "work": 0.3}, {"harm": 1.0, "work": 1.0}))
    # sqrt((0.01 + 0.49) / 2) = 0.5, as far as saying 50 % to both.
    assert distance_line(read_record(tmp_path)) == (
        "2 judgements in 1 game, on average 50% away from what the copies did. "
        "Saying 50% to everything would have been 50% away."
    )


def test_the_drawing_by_hand() -> None:
    points = curve(games(0.9, 0.5, 0.5, 0.5, 0.5, 0.5) + games(0.1, 0.1))
    # 21 columns for 0 to 100 %: 90 % is the nineteenth, and 50 % of the time stands two rows below where it should.
    assert drawing(points, 21, 5) == [
        "     happened",
        "100% ┤                  │ ·",
        "     │              · · │",
        " 50% ┤        · · ·     ● 5",
        "     │    · ·",
        "  0% ┤· ○ 1",
        "     └┴─────────┴─────────┴",
        "      0%       50% said 100%",
    ]


def test_a_number_without_room_is_left_out() -> None:
    crowd = [j for said in (0.5, 0.79, 0.9) for j in games(said, *[0.5] * 50)]
    assert drawing(curve(crowd), 21, 5)[3] == " 50% ┤        · ● 50  ● ●"


def test_everything_in_lines_json_and_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep_some(tmp_path)
    r = read_record(tmp_path)
    assert main(["report", "--verdicts", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out == "\n".join(record_lines(r)) + "\n"
    assert "2026-11-20, monday_to_friday, the envelope: it was scripted:cheat" in out
    assert "Not in the curve: 1 (what if: its debrief had told the truth), 1 (a person played the agent), " in out
    assert "Left out: hurt.jsonl:3: " in out
    assert "\x1b" not in out
    assert main(["report", "--verdicts", str(tmp_path), "--json", "-"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers == json.loads(json.dumps(as_json(r)))
    assert [p["count"] for p in numbers["curve"]] == [6, 3, 6, 5]
    for format in ("html", "markdown"):
        text = re.sub(r"\\(.)", r"\1", page(record_page(r), format))  # type: ignore[arg-type]
        assert sentence(r.curve) in text
        assert "│" in text
        assert "2026-11-20, monday_to_friday" in text
        assert "hurt.jsonl" in text


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["report"], "--verdicts for your record"),
        (["report", "--verdicts", "nowhere"], "nowhere is no folder"),
        (["report", "a.jsonl", "--verdicts"], "leave out FILE"),
        (["report", "--verdicts", "--by", "x"], "leave out FILE, --by"),
    ],
)
def test_wrong_use_is_one_line(args: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
