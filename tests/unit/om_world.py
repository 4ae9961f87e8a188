# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder in the place of a host: CANN with the simulator's ATC or pyACL, a chip, a Python for the compiler."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.simulator.sim import computing
from tests.simulator.sim.base import SIMULATOR

VENDOR = SIMULATOR / "vendor"
# Whether the stand-in of pyACL can compute in this Python.
COMPUTES = sys.version_info[:2] == (3, 11) and (computing.FOLDER / ".complete").is_file()
# What the compiler asks its Python for is there; everything else is this Python.
_PYTHON = f"""#!/bin/sh
case "$2" in *decorator*) echo "1.26.4 3 10"; exit 0 ;; esac
exec {sys.executable} "$@"
"""


def cann(root: Path, product: str, version: str = "8.3.RC1") -> Path:
    """Install a product of CANN below root; its folder."""
    place = root / {"toolkit": "ascend-toolkit"}.get(product, product)
    release, arch = place / version, place / version / "x86_64-linux"
    (arch / "devlib").mkdir(parents=True)
    (arch / "bin").mkdir()
    (release / "python").mkdir()
    (arch / f"ascend_{product}_install.info").write_text(
        f"package_name=Ascend-cann-{product}\nversion={version}\ninnerversion=V100R001C23SPC001B231\n"
        f"compatible_version=[V100R001C23]\narch=x86_64\nos=linux\npath={arch}\n"
    )
    (release / "python" / "acl.py").write_text((VENDOR / "pyacl").read_text().replace("@CANN@", version))
    (arch / "devlib" / "libascend_hal.so").touch()
    if product == "toolkit":
        (arch / "bin" / "atc").write_text((VENDOR / "atc").read_text().replace("@CANN@", version))
        (arch / "bin" / "atc").chmod(0o755)
    (place / "latest").symlink_to(version)
    (place / "set_env.sh").write_text(
        f"export ASCEND_TOOLKIT_HOME={place}/latest\nexport PATH={release}/x86_64-linux/bin:$PATH\n"
        f"export PYTHONPATH={release}/python:$PYTHONPATH\nexport LD_LIBRARY_PATH={release}/lib64:$LD_LIBRARY_PATH\n"
    )
    return place


def environment(folder: Path) -> Path:
    """A Python environment that has what the compiler imports."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python3").write_text(_PYTHON)
    (folder / "bin" / "python3").chmod(0o755)
    return folder


def chip(folder: Path, name: str = "310P3", count: int = 1) -> dict[str, str]:
    """A chip with its driver loaded; the variables that show it to the stand-in of pyACL."""
    folder.mkdir()
    for number in range(count):
        (folder / f"davinci{number}").touch()
        (folder / f"davinci{number}").chmod(0o666)
    (folder / "chips.tsv").write_text(f"4\t0\t0\t0000:C1:00.0\t{name}\t0\n")
    return {
        "NPU_SIM_DEVICES": str(folder),
        "NPU_SIM_SILICON": str(folder),
        "NPU_SIM_LOADED": str(folder / "chips.tsv"),
        "NPU_SIM_COMPUTES_WITH": str(computing.FOLDER),
    }
