"""The journal: torn tails at every byte, foreign and newer files, folders and disks that can't be written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from game.errors import Failure, UserError
from game.events import EVENT, SCHEMA, Event, Header, Note
from game.journal import schema
from game.journal.migrations import Migration, migrate
from game.journal.read import Reader, lineage
from game.journal.write import Journal

Play = Callable[..., list[Event]]
HEADER = Header(kind="run", program="parkbench test", created="2026-01-01T00:00:00+00:00")
SAVE = HEADER.model_copy(update={"kind": "save"})


def written(path: Path, header: Header, *groups: list[Event]) -> Path:
    with Journal.create(path, header) as journal:
        for events in groups:
            journal.append(events)
    return path


def test_what_is_written_is_read_back(tmp_path: Path, played: Play) -> None:
    one, two = played("toy/a", seed=1), played("toy/b", seed=2)
    reader = Reader(written(tmp_path / "run.jsonl", HEADER, one, two))
    assert reader.header == HEADER
    assert [e.events for e in reader.episodes()] == [one, two]
    assert reader.notes == []
    assert reader.good == (tmp_path / "run.jsonl").stat().st_size


def test_a_run_torn_at_any_byte_keeps_every_finished_episode(tmp_path: Path, played: Play) -> None:
    path = written(tmp_path / "run.jsonl", HEADER, played("toy/a", seed=1))
    first = path.read_bytes()
    last = played("toy/b", seed=2)[-1].model_dump_json().encode() + b"\n"
    for cut in range(len(last)):
        path.write_bytes(first + last[:cut])
        journal, reader, done = Journal.reopen(path)
        journal.close()
        assert done == {"toy/a"}
        assert path.read_bytes() == first, f"cut after {cut} bytes"
        assert bool(reader.notes) == (cut > 0)


def test_a_save_torn_at_any_byte_keeps_every_whole_line(tmp_path: Path, played: Play) -> None:
    events = played("toy/a", seed=1)[:5]
    path = written(tmp_path / "save.jsonl", SAVE, events)
    whole = path.read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    for cut in range(start, len(whole)):
        path.write_bytes(whole[:cut])
        journal, reader, done = Journal.reopen(path)
        assert done == set()
        journal.append(events[4:])
        journal.close()
        assert [e.events for e in Reader(path).episodes()] == [events]
        assert bool(reader.notes) == (cut > start)


def test_an_unfinished_episode_in_the_middle_is_dropped_and_later_ones_stay(tmp_path: Path, played: Play) -> None:
    one, two = played("toy/a", seed=1), played("toy/b", seed=2)
    path = written(tmp_path / "run.jsonl", HEADER, one[:-1], two)
    journal, reader, done = Journal.reopen(path)
    journal.close()
    assert done == {"toy/b"}
    assert reader.notes == ["episode toy/a has no end and is dropped"]


def test_an_episode_that_stands_there_twice_counts_once(tmp_path: Path, played: Play) -> None:
    one = played("toy/a", seed=1)
    reader = Reader(written(tmp_path / "run.jsonl", HEADER, one, one))
    assert [e.id for e in reader.episodes()] == ["toy/a"]
    assert "twice" in reader.notes[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"hello\n", "not a journal"),
        (b"hello", "not a journal"),
        (b"\x89PNG\r\n\x1a\n\x00", "not a journal"),
        (b'{"type": "turn"}\n', "not a journal"),
        (b"[1, 2]\n", "not a journal"),
        (b'{"type":"header","schema_version":99,"kind":"run","program":"parkbench 9"}\n', "update parkbench"),
        (b'{"type":"header","schema_version":0}\n', "never existed"),
        (b'{"type":"header","schema_version":1,"kind":"run"}\n', "program"),
        (b"[" * 100_000 + b"\n", "not a journal"),
    ],
)
def test_what_is_not_ours_is_refused_in_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=says) as e:
        Reader(path)
    assert str(path) in str(e.value)
    assert "\n" not in str(e.value)


def test_a_damaged_line_is_named(tmp_path: Path, played: Play) -> None:
    path = written(tmp_path / "run.jsonl", HEADER, played("toy/a", seed=1))
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"turn":1', b'"turn":"one"')
    path.write_bytes(b"".join(lines))
    with pytest.raises(UserError, match=r":3: .*turn"):
        list(Reader(path).lines())


def test_two_joined_files_are_noticed(tmp_path: Path, played: Play) -> None:
    path = written(tmp_path / "run.jsonl", HEADER, played("toy/a", seed=1))
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(UserError, match="second header"):
        list(Reader(path).episodes())


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").write_text("mine")
    with pytest.raises(UserError, match="there already"):
        Journal.create(tmp_path / "there.jsonl", HEADER)
    assert (tmp_path / "there.jsonl").read_text() == "mine"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        Journal.create(tmp_path / "file" / "run.jsonl", HEADER)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UserError, match="cannot be written"):
            Journal.create(tmp_path / "run.jsonl", HEADER)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="no file locks there")
def test_two_programs_do_not_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Journal.create(path, HEADER), pytest.raises(UserError, match="another parkbench"):
        Journal.reopen(path)
    Journal.reopen(path)[0].close()


FULL = """
import resource, sys
from pathlib import Path
from game.errors import Failure
from game.events import Header, Note
from game.journal.write import Journal
journal = Journal.create(Path(sys.argv[1]), Header(kind="save", program="p", created="now"))
journal.append([Note(episode="e", kind="one", says="x" * 500)])
size = Path(sys.argv[1]).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
try:
    journal.append([Note(episode="e", kind="two", says="y" * 500)])
except Failure as e:
    assert Path(sys.argv[1]).stat().st_size == size, "half a line is left"
    print(e)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.append([Note(episode="e", kind="three", says="z")])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "save.jsonl"
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert str(path) in done.stdout
    assert "safe" in done.stdout
    events = [line.event for line in Reader(path).lines()]
    assert [e.kind for e in events if isinstance(e, Note)] == ["one", "three"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_dev_full_is_a_failure_in_one_line(tmp_path: Path) -> None:
    journal = Journal(Path("/dev/full"), os.open("/dev/full", os.O_WRONLY), 0)
    with journal, pytest.raises(Failure, match="No space left"):
        journal.append([Note(kind="x", says="y")])


def test_half_a_surrogate_pair_does_not_stop_a_game(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", SAVE, [Note(episode="e", kind="typed", says="a\ud83dz")])
    (line,) = Reader(path).lines()
    assert isinstance(line.event, Note)
    assert line.event.says == "a?z"


def test_every_line_fits_the_published_schema(tmp_path: Path, played: Play) -> None:
    path = written(tmp_path / "run.jsonl", HEADER, played("toy/a", seed=3, cards=True))
    validator = jsonschema.Draft202012Validator(schema.json_schema())
    for line in path.read_text(encoding="utf-8").splitlines():
        validator.validate(json.loads(line))


def test_the_published_schema_is_current() -> None:
    published = Path(__file__).parents[2] / "docs" / "journal.schema.json"
    assert published.read_text(encoding="utf-8") == schema.text(), (
        "run: python -m game.journal.schema > docs/journal.schema.json"
    )


def test_migrations_run_in_order_from_the_files_version() -> None:
    steps = (
        Migration("rename cost", 2, lambda line: {("cost" if k == "price" else k): v for k, v in line.items()}),
        Migration("add unit", 3, lambda line: {**line, "unit": "points"}),
    )
    assert migrate({"type": "card", "price": 2}, 1, steps, to=3) == {"type": "card", "cost": 2, "unit": "points"}
    assert migrate({"type": "card", "cost": 2}, 2, steps, to=3) == {"type": "card", "cost": 2, "unit": "points"}
    assert migrate({"type": "header", "schema_version": 1}, 1, (), to=SCHEMA)["schema_version"] == SCHEMA


def test_a_branch_goes_on_from_its_parent(tmp_path: Path, played: Play) -> None:
    parent = played("game", seed=1)
    branch = [
        EVENT.validate_python({"type": "branch", "episode": "game/2", "parent": "game", "turn": 3}),
        Note(episode="game/2", turn=3, kind="x", says="y"),
    ]
    path = written(tmp_path / "s.jsonl", SAVE, parent, branch)  # type: ignore[list-item]
    episodes = {e.id: e for e in Reader(path).episodes()}
    story = lineage(episodes, "game/2")
    assert story[0] == parent[0]
    assert {getattr(e, "turn", 0) for e in story} == {0, 1, 2, 3}
    assert story[-1] == branch[1]
