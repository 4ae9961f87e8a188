# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wheels that pip really installs: how one is written, and the tiny te, topi and hccl that CANN brings along."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

_MODULE = '''"""Stand-in for CANN's {name}."""

__version__ = "{version}"
__cann_version__ = "{cann}"
'''


class Writer:
    """A wheel that is being written; its RECORD comes when the `with` ends. The same bytes for the same files."""

    def __init__(
        self, target: Path | BinaryIO, name: str, version: str, tag: str = "py3-none-any", level: int | None = None
    ) -> None:
        self.info = f"{name}-{version}.dist-info"
        self._archive = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=level)
        self._record: list[str] = []
        pure = str(tag.endswith("-any")).lower()
        self._wheel = f"Wheel-Version: 1.0\nGenerator: simulator\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.add(f"{self.info}/WHEEL", self._wheel)
            path = f"{self.info}/RECORD"
            self._write(path, "".join([*self._record, f"{path},,\n"]).encode())
        self._archive.close()

    def add(self, path: str, content: str | bytes) -> None:
        """One file."""
        data = content.encode() if isinstance(content, str) else content
        self._record.append(f"{path},sha256={digest(data)},{len(data)}\n")
        self._write(path, data)

    def _write(self, path: str, data: bytes) -> None:
        entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
        entry.external_attr = 0o644 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        self._archive.writestr(entry, data, compresslevel=self._archive.compresslevel)


def file_name(name: str, version: str) -> str:
    """The wheel's file name."""
    return f"{name}-{version}-py3-none-any.whl"


def wheel(name: str, version: str, cann: str) -> bytes:
    """The bytes of a valid wheel of one importable package; the same bytes for the same arguments."""
    buffer = io.BytesIO()
    with Writer(buffer, name, version) as files:
        files.add(f"{name}/__init__.py", _MODULE.format(name=name, version=version, cann=cann))
        files.add(
            f"{files.info}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: part of CANN {cann}\n",
        )
        files.add(f"{files.info}/top_level.txt", name + "\n")
    return buffer.getvalue()


def digest(data: bytes) -> str:
    """A file's digest as a RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
