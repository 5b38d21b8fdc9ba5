"""Installs parkbench from this folder: no network, no compiler, no shell. Needs Python and nothing else.

    python install.py [FOLDER]

FOLDER (default: parkbench in your home) gets an environment of its own; delete it to be rid of all.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """0 when it is installed; 1 and one line that says why not."""
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    folder = Path(arguments[0]).expanduser() if arguments else Path.home() / "parkbench"
    wrong = unfit(json.loads((HERE / "bundle.json").read_text(encoding="utf-8")))
    if wrong:
        return _fail(wrong)
    if folder.exists() and not (folder / "pyvenv.cfg").is_file() and any(folder.iterdir()):
        return _fail(f"{folder} is there already and is something else; name another folder")
    try:
        venv.create(folder, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as e:
        hint = "; on Debian and Ubuntu the package python3-venv is needed" if platform.system() == "Linux" else ""
        return _fail(f"no environment can be made in {folder} ({e}){hint}")
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(programs / "python"), "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--quiet"]
    here = [
        "--no-index",
        "--find-links",
        str(HERE / "wheels"),
        "--require-hashes",
        "-r",
        str(HERE / "requirements.txt"),
    ]
    if subprocess.run([*pip, *here]).returncode:
        return _fail("a file on this stick is missing or damaged; copy it again")
    print(f"parkbench is installed. Start it with: {programs / 'parkbench'}")
    print(f"Will this laptop do for a workshop?    {programs / 'parkbench'} doctor")
    return 0


def unfit(bundle: dict[str, str]) -> str:
    """Why this bundle is not for this machine; empty where it is."""
    here = this_machine()
    for what in ("python", "system", "machine"):
        if here[what] != bundle[what]:
            return f"this stick is for {what} {bundle[what]}, and here is {here[what]}"
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").lower()
    except OSError:
        return ""
    if here["machine"] == "x86_64" and "flags" in flags and "avx2" not in flags.split():
        return "this processor has no AVX2 (it is from before 2013); install from the sources instead"
    return ""


def this_machine() -> dict[str, str]:
    """What the wheels have to fit to."""
    names = {"AMD64": "x86_64", "aarch64": "arm64"}
    machine = platform.machine()
    return {
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "system": platform.system(),
        "machine": names.get(machine, machine),
    }


def _fail(says: str) -> int:
    print(f"install: {says}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
