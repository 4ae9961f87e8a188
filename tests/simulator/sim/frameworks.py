# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wheels that stand in for those of frameworks that need an NPU: the published metadata, and a program of ours.

The programs are in tests/simulator/frameworks; each says that it is a stand-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import wheels
from .base import SIMULATOR

SOURCES = SIMULATOR / "frameworks"


@dataclass(frozen=True)
class Release:
    """One wheel, and the folder of its program where that is not named like it."""

    name: str
    version: str
    tag: str
    requires: tuple[str, ...] = ()
    entry_points: str = ""
    package: str = ""


def _torch_npu(version: str) -> Release:
    base = ".".join(version.split(".")[:3])
    return Release(
        "torch_npu",
        version,
        "cp311-cp311-manylinux_2_28_x86_64",
        (f"torch=={base}+cpu",),
        "[console_scripts]\ntorch_npu_run = torch_npu.distributed.run:_main\n\n"
        "[torch.backends]\ntorch_npu = torch_npu:_autoload\n",
    )


RELEASES = (
    _torch_npu("2.7.1"),  # for the simulated CANN 8.3.RC1
    _torch_npu("2.7.1.post8"),  # for 9.1.0
    Release("vllm", "0.11.0+empty", "py3-none-any"),
    Release(
        "vllm_ascend",
        "0.11.0rc1",
        "cp311-cp311-linux_x86_64",
        ("torch==2.7.1", "torch-npu==2.7.1"),
        "[vllm.platform_plugins]\nascend = vllm_ascend:register\n",
    ),
)


# TensorFlow's, with what it needs in one version. The adapter's wheel is of no Python, its name of no CANN.
TENSORFLOW = (
    Release("tensorflow_cpu", "2.6.5", "py3-none-any", ("numpy~=1.19.2", "protobuf>=3.9.2"), package="tensorflow"),
    Release("npu_device", "2.6.5", "py3-none-manylinux2014_x86_64"),
    Release("numpy", "1.19.5", "py3-none-any"),
    Release("protobuf", "3.19.6", "py3-none-any"),
)


def program(package: str, version: str) -> dict[str, str]:
    """The files of a package by their paths in site-packages. One without a program has its version."""
    folder = SOURCES / package
    found = {f"{package}/{path.name}": path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}
    return {f"{package}/__init__.py": "", **found, f"{package}/version.py": f'__version__ = "{version}"\n'}


def build(folder: Path, releases: tuple[Release, ...] = RELEASES) -> list[Path]:
    """Write the wheels into a folder; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for one in releases:
        target = folder / f"{one.name}-{one.version}-{one.tag}.whl"
        partial = target.with_suffix(".partial")
        with wheels.Writer(partial, one.name, one.version, one.tag) as files:
            for path, text in program(one.package or one.name, one.version).items():
                files.add(path, text)
            lines = ["Metadata-Version: 2.1", f"Name: {one.name}", f"Version: {one.version}"]
            lines += ["Summary: stand-in of the simulator", *(f"Requires-Dist: {text}" for text in one.requires)]
            files.add(f"{files.info}/METADATA", "\n".join([*lines, ""]))
            if one.entry_points:
                files.add(f"{files.info}/entry_points.txt", one.entry_points)
        partial.replace(target)
        found.append(target)
    return found
