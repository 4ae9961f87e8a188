# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of another architecture on this machine: qemu-user, through the kernel's binfmt_misc."""

from __future__ import annotations

import os
from pathlib import Path

from . import prepare
from .base import SimulatorError, run
from .description import MACHINE

DEBIAN_NAMES = {"aarch64": "arm64", "x86_64": "amd64"}
_BINFMT = Path("/proc/sys/fs/binfmt_misc")


def problem(arch: str) -> str | None:
    """Why hosts of ``arch`` can not run here, in one sentence; None when they can.

    Installs what is missing and mounts binfmt_misc, both of which take root.
    """
    if arch == MACHINE:
        return None
    if os.environ.get(f"ASCEND_SKIP_{arch.upper()}", "") not in ("", "0"):
        return f"ASCEND_SKIP_{arch.upper()} is set"
    try:
        prepare.prepare(arch)
    except SimulatorError as error:
        return f"qemu is not to be had: {error}"
    if not (_BINFMT / "register").exists():
        mounted = run("mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT, check=False)
        if mounted.returncode != 0:
            return f"binfmt_misc can not be mounted: {mounted.stderr.strip()}"
    entry = _BINFMT / f"qemu-{arch}"
    if not entry.exists():
        run("update-binfmts", "--import", f"qemu-{arch}", check=False)
        run("update-binfmts", "--enable", f"qemu-{arch}", check=False)
    if not entry.exists():
        return f"the kernel does not know qemu-{arch}; update-binfmts could not register it"
    # With the flag F the interpreter is opened now, so that it is found inside containers as well.
    if "F" not in (entry.read_text().partition("flags:")[2].split() or [""])[0]:
        return f"{entry} lacks the flag F: qemu would not be found in containers"
    tried = run("arch-test", DEBIAN_NAMES[arch], check=False)
    if tried.returncode != 0:
        return f"a program for {arch} does not start: {(tried.stderr or tried.stdout).strip()}"
    return None
