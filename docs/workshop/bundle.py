"""`make bundle`: all that a workshop carries on a stick, for the platform and the Python that it is made with.

    python docs/workshop/bundle.py [FOLDER]

FOLDER (default: dist/parkbench-VERSION-PLATFORM) gets the wheels of everything in requirements.lock,
the project's own wheel with its models and scenarios, the sha256 of each, and install.py. llama.cpp is
compiled for any processor with AVX2, once; build/bundle keeps it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from install import this_machine

ROOT = Path(__file__).resolve().parents[2]
COMPILED = "llama-cpp-python"
"""The one requirement that has no wheel to download."""
README = """parkbench on a stick

Install:   python install.py           (Python {python}, {system}, {machine}; no network, no compiler)
Play:      what the installer prints
Check:     the same with "doctor" behind it
Rid of it: delete the folder that the installer names

The wheels are in wheels/, their sha256 in requirements.txt. parkbench is under the MIT licence; what it
stands on has its licences inside the wheels.
"""


def main(arguments: list[str]) -> int:
    """Make the bundle; whatever pip can't do ends it with pip's own words."""
    machine = this_machine()
    version = re.search(r'__version__ = "([^"]+)"', (ROOT / "game" / "__init__.py").read_text(encoding="utf-8"))
    assert version is not None
    name = f"parkbench-{version[1]}-{machine['system']}-{machine['machine']}-py{machine['python']}".lower()
    out = Path(arguments[0]) if arguments else ROOT / "dist" / name
    if out.exists() and not (out / "bundle.json").exists() and any(out.iterdir()):
        print(f"bundle: {out} is there already and is no bundle; name another folder", file=sys.stderr)
        return 2
    shutil.rmtree(out, ignore_errors=True)
    wheels = out / "wheels"
    wheels.mkdir(parents=True)
    work = ROOT / "build" / "bundle"
    work.mkdir(parents=True, exist_ok=True)
    ready, compiled = split((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    (work / "ready.txt").write_text(ready, encoding="utf-8")
    (work / "compiled.txt").write_text(compiled, encoding="utf-8")
    pip("download", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", work / "ready.txt", "-d", wheels)
    shutil.copy(llama(work, compiled), wheels)
    pip("wheel", "--no-deps", "--wheel-dir", wheels, ROOT)
    (out / "requirements.txt").write_text(pinned(wheels), encoding="utf-8")
    shutil.copy(ROOT / "docs" / "workshop" / "install.py", out)
    (out / "README.txt").write_text(README.format(**machine), encoding="utf-8")
    # Last: a folder with this file is whole.
    (out / "bundle.json").write_text(json.dumps({"version": version[1], **machine}, indent=1) + "\n", encoding="utf-8")
    size = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    print(f"{out}: {len(list(wheels.iterdir()))} wheels, {size / 1e6:.0f} MB")
    return 0


def split(lock: str) -> tuple[str, str]:
    """A lock file's requirements that have wheels, and the one that is compiled here."""
    blocks = re.split(r"^(?=[a-zA-Z0-9])", lock, flags=re.MULTILINE)
    ours = [block for block in blocks if block.startswith(f"{COMPILED}==")]
    return "".join(block for block in blocks if block not in ours), "".join(ours)


def llama(work: Path, requirement: str) -> Path:
    """The wheel of llama.cpp, compiled for any processor of this kind; minutes the first time."""
    options = portable()
    kept = work / hashlib.sha256(f"{requirement}{options}".encode()).hexdigest()[:12]
    if not list(kept.glob("*.whl")):
        build = ["wheel", "--no-cache-dir", "--no-deps", "--no-binary", COMPILED, "--require-hashes"]
        pip(*build, "-r", work / "compiled.txt", "--wheel-dir", kept, CMAKE_ARGS=options)
    return next(kept.glob("*.whl"))


def portable() -> str:
    """CMake's options: nothing that only this processor has, nothing that another machine may lack."""
    options = ["-DGGML_NATIVE=OFF", "-DGGML_OPENMP=OFF", "-DLLAVA_BUILD=OFF"]
    if this_machine()["machine"] == "x86_64":
        options += [f"-DGGML_{name}=ON" for name in ("AVX", "AVX2", "FMA", "F16C", "BMI2")]
    if platform.system() == "Linux":
        options.append("-DCMAKE_SHARED_LINKER_FLAGS=-static-libstdc++\\ -static-libgcc")
    return " ".join(options)


def pinned(wheels: Path) -> str:
    """Every wheel in a folder as a requirement with its version and sha256."""
    lines = []
    for wheel in sorted(wheels.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name.replace('_', '-')}=={version} --hash=sha256:{digest}\n")
    return "".join(lines)


def pip(*arguments: str | Path, **environment: str) -> None:
    """Run pip of this Python. Ends the program where pip fails."""
    line = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    if subprocess.run(line, env={**os.environ, **environment}, cwd=ROOT).returncode:
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
