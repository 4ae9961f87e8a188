# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zip files of somebody else's, read without trusting what they say of their size."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import inside

# The table of contents of the largest wheels (12,000 files) has 2 MB.
MAX_TABLE_BYTES = 16 * 1024 * 1024


class _Careful(io.BufferedReader):
    """A file that zipfile cannot be made to read whole: it takes the table of contents in one piece."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            size = os.fstat(self.fileno()).st_size - self.tell()
        if size > MAX_TABLE_BYTES:
            raise zipfile.BadZipFile(f"its table of contents is larger than {MAX_TABLE_BYTES // 1024**2} MB")
        return super().read(size)


@contextmanager
def opened(path: Path, folder: Path | None = None) -> Iterator[zipfile.ZipFile]:
    """The zip, open for reading.

    Args:
        folder: what the file must lie in, also behind links; default is the one it is named in.

    Raises:
        ArtifactError: it lies elsewhere, or is no plain file.
        zipfile.BadZipFile: it is no whole zip, or has more members than any real one.
    """
    folder = folder or path.parent
    name = str(path.relative_to(folder))
    with inside.opened(folder, name) as stream, _Careful(io.FileIO(stream.fileno(), closefd=False)) as careful:
        try:
            archive = zipfile.ZipFile(careful)
        except (ValueError, NotImplementedError, OverflowError) as error:
            raise zipfile.BadZipFile(str(error)) from error
        with archive:
            yield archive


def read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """The content of one small member.

    Raises:
        zipfile.BadZipFile: it says or turns out to be larger than `limit` bytes, is packed in an odd way, or broken.
    """
    if member.file_size > limit:
        raise zipfile.BadZipFile(f"{member.filename[:100]} says it has {member.file_size} bytes, {limit} are the most")
    # zipfile unpacks these two piece by piece; the others it unpacks whole, however much that is.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"{member.filename[:100]} is packed with method {member.compress_type}, not deflate")
    try:
        with archive.open(member) as stream:
            data = stream.read(limit + 1)
    except (RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise zipfile.BadZipFile(f"{member.filename[:100]}: {error}") from error
    if len(data) > limit:
        raise zipfile.BadZipFile(f"{member.filename[:100]} has more than {limit} bytes")
    return data


def names(path: Path, folder: Path | None = None) -> set[str]:
    """Base names of the files in a zip; empty when it is not one."""
    try:
        with opened(path, folder) as archive:
            return {artifacts.base_name(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, ArtifactError):
        return set()
