# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stand-in of pyACL computes with: onnxruntime for the hosts' Python, fetched once, mounted into the hosts."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from . import wheels
from .base import CACHE, SIMULATOR, run, say

FOLDER = CACHE / "runtime"
PYTHON = "3.11"  # of the hosts' Debian
PACKAGES = ("onnxruntime==1.23.2", "numpy==1.26.4")


AIS_BENCH = "0.0.2"


def ais_bench(folder: Path) -> Path:
    """Put the wheel of the vendor's measuring program where a site has its wheels; its path."""
    made = io.BytesIO()
    with wheels.Writer(made, "ais_bench", AIS_BENCH) as wheel:
        wheel.add("ais_bench/__init__.py", "")
        wheel.add("ais_bench/__main__.py", (SIMULATOR / "vendor" / "ais_bench").read_bytes())
        wheel.add(f"{wheel.info}/METADATA", f"Metadata-Version: 2.1\nName: ais_bench\nVersion: {AIS_BENCH}\n")
    path = folder / wheels.file_name("ais_bench", AIS_BENCH)
    if not path.is_file() or path.read_bytes() != made.getvalue():
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(made.getvalue())
    return path


def build() -> None:
    """Fetch it unless it is there."""
    stamp = FOLDER / ".complete"
    wanted = "\n".join((PYTHON, *PACKAGES))
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    say("runtime: fetching onnxruntime and numpy, once (35 MB)")
    shutil.rmtree(FOLDER, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", PYTHON, "--target", str(FOLDER)]
    run(*command, *PACKAGES)
    stamp.write_text(wanted, encoding="utf-8")
