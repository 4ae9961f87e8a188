# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages the control node needs for the simulated fleet."""

from __future__ import annotations

import os
import shutil

from .base import CACHE, SimulatorError, run, run_long, say

# Debian package -> a program of it whose presence proves it, or None to ask dpkg.
NEEDED = {
    "podman": "podman",
    "runc": "runc",
    "netavark": None,
    "aardvark-dns": None,
    "iptables": "iptables",
    "mmdebstrap": "mmdebstrap",
    "debian-archive-keyring": None,
    "makeself": "makeself",
    "openssh-client": "ssh",
}
# What only some hosts take; installed when such a fleet is brought up.
NEEDED_FOR = {
    "dnf": {"rpm": "rpmbuild", "createrepo-c": "createrepo_c"},
    "aarch64": {"qemu-user-static": None, "binfmt-support": "update-binfmts", "arch-test": "arch-test"},
    "x86_64": {"qemu-user-static": None, "binfmt-support": "update-binfmts", "arch-test": "arch-test"},
}


def missing(needed: dict[str, str | None]) -> list[str]:
    """The Debian packages that are not there yet."""
    result = []
    for package, program in needed.items():
        if program is not None:
            found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None
        else:
            found = "ok installed" in run("dpkg-query", "-W", "-f=${Status}", package, check=False).stdout
        if not found:
            result.append(package)
    return result


def prepare(purpose: str | None = None) -> None:
    """Install what is missing, and say what that is; with a ``purpose``, what only such hosts take."""
    needed = NEEDED_FOR[purpose] if purpose else NEEDED
    packages = missing(needed)
    if not packages:
        if not purpose:
            say("prepare: everything is installed: " + " ".join(needed))
        return
    if shutil.which("apt-get") is None:
        raise SimulatorError("this is no Debian machine; install these by hand: " + " ".join(packages))
    if os.geteuid() != 0:
        raise SimulatorError("installing packages needs root; run as root, or: apt-get install " + " ".join(packages))
    say("prepare: installing " + " ".join(packages))
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run_long("prepare: apt-get update", CACHE / "log" / "apt-update.log", "apt-get", "update")
    run_long(
        "prepare: apt-get install",
        CACHE / "log" / "apt-install.log",
        "apt-get",
        "install",
        "-y",
        "--no-install-recommends",
        *packages,
    )
