# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of vendor packages, some of them damaged, exchanged, or with an installer that behaves badly."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from tests.support.paths import ARTIFACTS

NEW = {"driver": "25.3.rc1", "firmware": "7.8.0.2.212", "cann": "8.3.RC1", "kernels": "8.3.RC1"}
OLD = {"driver": "24.1.rc3", "firmware": "7.5.0.1.129", "cann": "8.0.RC3", "kernels": "8.0.RC3"}
_NAMES = {
    "driver": "Ascend-hdk-{chip}-npu-driver_{version}_linux-x86-64.run",
    "firmware": "Ascend-hdk-{chip}-npu-firmware_{version}.run",
    "cann": "Ascend-cann-nnae_{version}_linux-x86_64.run",
    "kernels": "Ascend-cann-kernels-{chip}_{version}_linux-x86_64.run",
}

# Installers with manners nobody has documented, around the real package, which follows after the last line.
_STRANGE = r"""#!/bin/bash
line=$(grep -a -n -m 1 '^__PACKAGE__$' "$0" | cut -d: -f1)
place=$(mktemp -d)
tail -n +$((line + 1)) "$0" >"$place/NAME"
really() { bash "$place/NAME" "$@"; rc=$?; rm -rf "$place"; }
case " $* " in *" --check "*) really "$@"; exit "$rc" ;; esac
case MODE in
    asks-in-other-words)
        printf 'Something is there already. Shall it be replaced, yes or no? '
        read -r answer || while true; do sleep 1; done ;;
    asks-and-gives-up)
        printf 'Type the word agree to go on: '
        read -r answer
        echo
        exit 0 ;;
    asks-the-terminal)
        until read -r answer </dev/tty; do sleep 0.2; done 2>/dev/null ;;
    claims-and-exits-2)
        echo '[INFO]Package installed successfully! Reboot needed for installation/upgrade to take effect!'
        exit 2 ;;
    installs-and-denies)
        really "$@"
        echo '[ERROR]Operation cancelled, nothing has been changed.'
        exit "$rc" ;;
    installs-and-crashes)
        really "$@"
        kill -SEGV $$ ;;
esac
exit 1
__PACKAGE__
"""
STRANGE = (
    "asks-in-other-words",
    "asks-and-gives-up",
    "asks-the-terminal",
    "claims-and-exits-2",
    "installs-and-denies",
    "installs-and-crashes",
)
TAMPERED = ("truncated", "bit-flipped", "exchanged", "emptied")


def name(component: str, chip: str, version: str | None = None) -> str:
    """File name of a package; of the new version when none is given."""
    file = _NAMES[component].format(chip=chip, version=version or NEW[component])
    # The kernels of the older release have a name without an architecture.
    return file.replace("-x86_64", "") if component == "kernels" and version == OLD["kernels"] else file


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def folder(place: Path, chip: str) -> Path:
    """A folder with hard links to the packages one chip needs, and their SHA256SUMS."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for component in _NAMES:
        for version in (NEW[component], OLD[component]):
            os.link(ARTIFACTS / name(component, chip, version), place / name(component, chip, version))
    _sums(place)
    return place


def _sums(place: Path) -> None:
    rows = [f"{sha256(path)}  {path.name}\n" for path in sorted(place.glob("*.run"))]
    (place / "SHA256SUMS").write_text("".join(rows))


def damage(data: bytes, how: str) -> bytes:
    """The bytes of a package, truncated or with one bit turned over in the payload."""
    if how == "truncated":
        return data[: len(data) * 2 // 3]
    if how == "emptied":
        return b""
    if how == "web page":
        return b"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n"
    at = len(data) * 4 // 5
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


def tamper(place: Path, component: str, chip: str, how: str, sums: bool = True) -> None:
    """Put a damaged package into a folder; its SHA256SUMS stay as they are, or go."""
    path = place / name(component, chip)
    data = path.read_bytes()
    path.unlink()
    if how == "exchanged":
        data = (place / name(component, chip, OLD[component])).read_bytes()
    if how == "not there":
        return
    path.write_bytes(data if how == "exchanged" else damage(data, how))
    if not sums:
        (place / "SHA256SUMS").unlink()


def make_strange(place: Path, component: str, chip: str, mode: str) -> None:
    """Put a package with strange manners into a folder, with a right line in SHA256SUMS."""
    path = place / name(component, chip)
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(_STRANGE.replace("NAME", path.name).replace("MODE", mode).encode() + data)
    _sums(place)
