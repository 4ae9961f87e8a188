# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of another architecture on this machine: qemu-user, through the kernel's binfmt_misc."""

from __future__ import annotations

import os
import re
from pathlib import Path

from . import prepare
from .base import SimulatorError, run, say
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
    _register(entry)
    tried = run("arch-test", DEBIAN_NAMES[arch], check=False)
    if tried.returncode != 0:
        return f"a program for {arch} does not start: {(tried.stderr or tried.stdout).strip()}"
    return None


def _register(entry: Path) -> None:
    """Give qemu's entry the flags that containers need; until the next restart of this machine.

    F: the interpreter is opened now, so that it is found inside containers. C: a program keeps its own credentials,
    without which sudo is not root.
    """
    fields = dict(line.partition(" ")[::2] for line in entry.read_text().splitlines())
    if {"F", "C"} <= set(fields["flags:"]):
        return
    escaped = {key: re.sub("(..)", r"\\x\1", fields[key]) for key in ("magic", "mask")}
    flags = "".join(sorted(set(fields["flags:"]) | set("FCO")))
    entry.write_text("-1")
    (_BINFMT / "register").write_text(
        f":{entry.name}:M:{fields['offset']}:{escaped['magic']}:{escaped['mask']}:{fields['interpreter']}:{flags}"
    )
    say(f"emulation: {entry.name} is registered with the flags {flags} until the next restart")
