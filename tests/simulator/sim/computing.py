# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stand-in of pyACL computes with: onnxruntime for the hosts' Python, fetched once, mounted into the hosts."""

from __future__ import annotations

import shutil
import sys

from .base import CACHE, run, say

FOLDER = CACHE / "runtime"
PYTHON = "3.11"  # of the hosts' Debian
PACKAGES = ("onnxruntime==1.23.2", "numpy==1.26.4")


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
