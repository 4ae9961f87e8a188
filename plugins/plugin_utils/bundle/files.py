# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies and unpacks files into a bundle, out of folders and zips that may hold anything."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import download
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import careful_zip, inside, signature

SIGNATURE_SUFFIXES = (*signature.SUFFIXES, signature.CRL_SUFFIX)
# A member of a zip may unpack to this and 20 times its packed size.
MAX_UNPACKED = 64 * 1024 * 1024


class Lacking(Exception):
    """A file that could not be had or must not be used; the text says why and what to do."""


def copy(folder: Path, source: Path, target: Path) -> None:
    """Copies a file of the folder. Raises Lacking when it lies elsewhere or is no regular file."""
    part = target.with_name(target.name + ".part")
    try:
        with inside.opened(folder, str(source.relative_to(folder))) as stream, part.open("wb") as written:
            shutil.copyfileobj(stream, written, download.CHUNK)
    except ArtifactError as error:
        raise Lacking(str(error)) from error
    part.replace(target)


def unpack(folder: Path, archive: Path, target: Path) -> bool:
    """Takes one file and its signature files out of a zip; folders inside the zip are ignored. False when absent.

    Raises:
        Lacking: the zip is broken, unpacks to more than fits, or lies outside the folder.
    """
    found = False
    try:
        with careful_zip.opened(archive, folder) as opened:
            for member in opened.infolist():
                base = artifacts.base_name(member.filename)
                for suffix in ("", *SIGNATURE_SUFFIXES):
                    if artifacts.spelling_key(base) == artifacts.spelling_key(target.name + suffix):
                        _extract(opened, member, target.with_name(target.name + suffix))
                        found = found or not suffix
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise Lacking(f"{archive} cannot be unpacked: {error}. Fetch it again") from error
    except ArtifactError as error:
        raise Lacking(str(error)) from error
    return found


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """One member, as long as it fits and is no bomb: the vendor's packages are packed already and hardly shrink."""
    free = whole_file.free_bytes(str(target.parent))
    if member.file_size > free or member.file_size > MAX_UNPACKED + 20 * member.compress_size:
        raise zipfile.BadZipFile(
            f"{target.name} says it has {artifacts.megabytes(member.file_size)} from"
            f" {artifacts.megabytes(member.compress_size)}; {artifacts.megabytes(free)} are free"
        )
    part = target.with_name(target.name + ".part")
    try:
        with archive.open(member) as source, part.open("wb") as stream:
            shutil.copyfileobj(source, stream, download.CHUNK)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def looks_right(path: Path, name: str) -> bool:
    """False when a file cannot be what its name says: a store without the right headers sends an HTML page."""
    with path.open("rb") as stream:
        start = stream.read(512)
    if name.endswith(".run"):
        return start.startswith(b"#!")
    if name.endswith((".zip", ".whl")):
        return start.startswith(b"PK")
    return True
