"""The settings file: what it may hold, and one clear line for what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from game.errors import UserError
from game.settings import Settings, read_settings
from game.tui.keys import bindings, check_keys
from game.tui.widgets.hand import KEYS


def read(path: Path, text: str) -> Settings:
    file = path / "settings.yaml"
    file.write_text(text, encoding="utf-8")
    settings = read_settings(file)
    check_keys(settings.keys, file)
    return settings


def test_no_file_and_an_empty_one_are_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.yaml") == read(tmp_path, "# nothing\n") == Settings()


def test_everything_that_can_be_set(tmp_path: Path) -> None:
    text = "theme: projector\npace: 0\nreduced_motion: true\nkeys: {play.go_on: 'f5,enter', app.help: h}\n"
    text += "engine: {context: 4096, kv_type: q8_0, flash_attention: on, threads: 2, gpu_layers: 3, mmap: off}\n"
    settings = read(tmp_path, text)
    assert settings.engine.model_dump() == {
        "context": 4096, "kv_type": "q8_0", "flash_attention": "on", "threads": 2, "gpu_layers": 3, "mmap": "off",
    }  # fmt: skip
    assert (settings.theme, settings.pace, settings.reduced_motion) == ("projector", 0, True)
    assert settings.keys["play.go_on"] == "f5,enter"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("theme: dark\npace: fast\n", "settings.yaml:2: pace: "),
        ("pace: -1\n", "settings.yaml:1: pace: "),
        ("pace: .nan\n", "settings.yaml:1: pace: "),
        ("\ntheme: neon\n", "settings.yaml:2: theme: input should be 'light', 'dark', 'projector'"),
        ("colour: red\n", "there is no such setting (there are: theme, pace, reduced_motion, engine, keys)"),
        ("pace: 3\nengine:\n  threads: many\n", "settings.yaml:3: threads: "),
        ("engine: {kv_type: q4}\n", "settings.yaml:1: kv_type: input should be 'auto', 'f32', 'f16' or 'q8_0'"),
        ("engine: {cpus: 3}\n", "there is no such setting (there are: context, kv_type, flash_attention, threads"),
        ("- dark\n", "settings are lines like"),
        ("theme: [\n", "settings.yaml:2: not YAML"),
        ("theme: !!python/name:os.system x\n", "not YAML"),
        ("keys: {play.goon: f5}\n", 'did you mean "play.go_on"?'),
        ("keys: {play.go_on: f55}\n", '"f55" is no key'),
        ("keys: {play.go_on: w}\n", 'play.go_on and play.walk would both be on "w"'),
        ("keys: {play.look: k}\n", 'play.look and app.lesson would both be on "k"'),
        ("keys: {play.go_on: ctrl+c}\n", "ctrl+c always quits"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UserError) as found:
        read(tmp_path, text)
    assert says in str(found.value)
    assert "\n" not in str(found.value)


def test_no_key_means_two_things_as_the_game_comes() -> None:
    on: dict[tuple[str, str], str] = {}
    for b in bindings():
        for key in b.key.split(","):
            screen = (b.id or "").partition(".")[0]
            assert on.setdefault((screen, key), b.id or "") == b.id
            assert screen == "app" or ("app", key) not in on, f"{b.id} is on a key of the whole game: {key}"


def test_every_key_that_can_be_changed_is_in_the_docs() -> None:
    told = (Path(__file__).parents[2] / "docs" / "playing.md").read_text(encoding="utf-8")
    cards = {f"play.{card}" for card in KEYS}
    assert [b.id for b in bindings() if b.id not in cards and f"`{b.id}`" not in told] == []
