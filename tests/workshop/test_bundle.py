"""The stick: what goes on it, whom it fits, and that a damaged one installs nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs" / "workshop"))

import bundle  # noqa: E402
import install  # noqa: E402


def test_everything_that_is_locked_goes_on_the_stick_and_one_thing_is_compiled() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    ready, compiled = bundle.split(lock)
    names = re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE)
    assert re.findall(r"^([a-z0-9-]+)==", compiled, re.MULTILINE) == ["llama-cpp-python"]
    assert sorted(re.findall(r"^([a-z0-9-]+)==", ready + compiled, re.MULTILINE)) == sorted(names)
    assert ready.count("--hash=") + compiled.count("--hash=") == lock.count("--hash=")


def test_llama_cpp_is_compiled_for_other_processors_than_this_one() -> None:
    assert "-DGGML_NATIVE=OFF" in bundle.portable()
    assert "AVX512" not in bundle.portable()


def test_a_stick_for_another_machine_says_so() -> None:
    here = install.this_machine()
    assert install.unfit(here) == ""
    for what in here:
        assert f"for {what} other" in install.unfit({**here, what: "other"})


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A bundle of one small wheel, whose parkbench says hello."""
    wheels = tmp_path / "stick" / "wheels"
    wheels.mkdir(parents=True)
    info = "parkbench-9.9.dist-info"
    with zipfile.ZipFile(wheels / "parkbench-9.9-py3-none-any.whl", "w") as wheel:
        wheel.writestr("hello.py", "def main(): print('hello')\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: parkbench\nVersion: 9.9\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\nparkbench = hello:main\n")
        wheel.writestr(f"{info}/RECORD", f"hello.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    folder = wheels.parent
    (folder / "requirements.txt").write_text(bundle.pinned(wheels), encoding="utf-8")
    (folder / "bundle.json").write_text(json.dumps(install.this_machine()), encoding="utf-8")
    (folder / "install.py").write_bytes((ROOT / "docs" / "workshop" / "install.py").read_bytes())
    return folder


def put(stick: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(stick / "install.py"), *arguments], capture_output=True, text=True)


def test_one_line_installs_and_says_how_to_start(stick: Path, tmp_path: Path) -> None:
    done = put(stick, str(tmp_path / "here"))
    assert (done.returncode, done.stderr) == (0, "")
    program = done.stdout.splitlines()[0].split("Start it with: ")[1]
    assert subprocess.run([program], capture_output=True, text=True).stdout == "hello\n"
    assert put(stick, str(tmp_path / "here")).returncode == 0


def test_a_damaged_stick_installs_nothing(stick: Path, tmp_path: Path) -> None:
    (wheel,) = (stick / "wheels").iterdir()
    with zipfile.ZipFile(wheel, "a") as file:
        file.writestr("more.py", "")
    done = put(stick, str(tmp_path / "here"))
    assert done.returncode == 1
    assert done.stderr.endswith("install: a file on this stick is missing or damaged; copy it again\n")


def test_a_folder_of_somebody_elses_is_left_alone(stick: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work")
    done = put(stick, str(tmp_path / "full"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "full" / "thesis.txt").read_text() == "years of work"
