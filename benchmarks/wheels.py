"""Which pins of requirements.txt can be installed where: asks the package index, installs nothing.

For each Python and system, pip is asked to find a ready-made wheel of every pin whose marker applies there.
It tells nothing of whether the wheel works. Run it with the newest pip:

    python benchmarks/wheels.py --python 3.10 3.12
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

PINS = Path(__file__).resolve().parent.parent / "requirements.txt"
SYSTEMS = {
    "Linux x86-64": ["manylinux_2_28_x86_64", "manylinux2014_x86_64"],
    "Windows x86-64": ["win_amd64"],
    "macOS Apple silicon": ["macosx_14_0_arm64"],
    "macOS Intel": ["macosx_14_0_x86_64"],
}


def pins(python: str) -> list[Requirement]:
    """The pins that apply to this version of Python."""
    lines = [line.split("#")[0].strip() for line in PINS.read_text(encoding="utf-8").splitlines()]
    requirements = [Requirement(line) for line in lines if line]
    return [one for one in requirements if one.marker is None or one.marker.evaluate({"python_version": python})]


def has_wheel(pin: Requirement, python: str, platforms: list[str]) -> bool:
    """True when the index has a wheel of this pin that this Python accepts on this system."""
    wanted = f"{pin.name}{pin.specifier}"
    with tempfile.TemporaryDirectory() as target:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps", "--ignore-installed"]
        command += ["--only-binary=:all:", "--python-version", python, "--target", target, wanted]
        for platform in platforms:
            command += ["--platform", platform]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "No matching distribution found" not in done.stderr:
        raise RuntimeError(f"pip could not tell about {wanted}: {done.stderr[-500:]}")
    return done.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", nargs="+", default=["3.10", "3.11", "3.12"])
    print("| Python | system | pins with a wheel | without |\n|---|---|---|---|")
    for python in parser.parse_args().python:
        for system, platforms in SYSTEMS.items():
            found = {pin.name: has_wheel(pin, python, platforms) for pin in pins(python)}
            without = ", ".join(name for name, here in found.items() if not here) or "none"
            print(f"| {python} | {system} | {sum(found.values())} of {len(found)} | {without} |", flush=True)


if __name__ == "__main__":
    main()
