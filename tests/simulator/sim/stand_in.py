# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wheel of a release that no index has, made of the nearest one that an index has.

What is in it stays, and is what runs; only what a wheel says of itself (name, version, MindSpore's version.py) is the
wanted release's.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

from .base import SimulatorError
from .wheels import digest


def make(nearest: Path, folder: Path, name: str, version: str, arch: str) -> Path:
    """Write `name` `version` into `folder`; its path.

    Args:
        nearest: a wheel of one CPython.
        arch: processor architecture, as in the names of the vendor's own wheels.

    Raises:
        SimulatorError: it is no wheel of one CPython, or has no version.py.
    """
    tag = re.search(r"-(cp3\d+)-cp3\d+m?-", nearest.name)
    if not tag:
        raise SimulatorError(f"{nearest.name} is no wheel of one CPython")
    target = folder / f"{name}-{version}-{tag[1]}-{tag[1]}-linux_{arch}.whl"
    partial = target.with_suffix(".partial")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(nearest, partial)
    with zipfile.ZipFile(partial, "a", zipfile.ZIP_DEFLATED) as archive:
        (record,) = [entry for entry in archive.namelist() if entry.endswith(".dist-info/RECORD")]
        own, info = record.rpartition("/")[0], f"{name}-{version}.dist-info"
        if f"{name}/version.py" not in archive.namelist():
            raise SimulatorError(f"{nearest.name} has no {name}/version.py")
        kept = [line for line in archive.read(record).decode().splitlines() if not line.startswith(f"{own}/")]
        texts = {f"{name}/version.py": f"__version__ = '{version}'\n".encode()}
        for entry in archive.namelist():
            if entry.startswith(f"{own}/") and entry != record:
                texts[info + entry[len(own) :]] = archive.read(entry)
        told = {b"Name": name, b"Version": version}
        lines = texts[f"{info}/METADATA"].split(b"\n")
        texts[f"{info}/METADATA"] = b"\n".join(_told(line, told) for line in lines)
        kept = [line for line in kept if line.split(",")[0] not in texts]
        kept += [f"{path},sha256={digest(data)},{len(data)}" for path, data in texts.items()]
        texts[f"{info}/RECORD"] = "\n".join([*kept, f"{info}/RECORD,,", ""]).encode()
        # The archive's directory is written anew at the end, so that what is not in it is not in the archive.
        gone = {entry for entry in archive.namelist() if entry.startswith(f"{own}/")} | {f"{name}/version.py"}
        archive.filelist = [entry for entry in archive.filelist if entry.filename not in gone]
        for entry in gone:
            del archive.NameToInfo[entry]
        for path, data in texts.items():
            archive.writestr(path, data)
    partial.replace(target)
    return target


def _told(line: bytes, told: dict[bytes, str]) -> bytes:
    """A line of the metadata, with the wanted release's word where it has one."""
    field, colon, _text = line.partition(b": ")
    return field + colon + told[field].encode() if colon and field in told else line
