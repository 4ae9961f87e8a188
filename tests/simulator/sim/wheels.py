# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiny wheels that pip really installs: the te, topi and hccl that CANN brings along."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile

_MODULE = '''"""Stand-in for CANN's {name}."""

__version__ = "{version}"
__cann_version__ = "{cann}"
'''
_WHEEL = "Wheel-Version: 1.0\nGenerator: simulator\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def file_name(name: str, version: str) -> str:
    """The wheel's file name."""
    return f"{name}-{version}-py3-none-any.whl"


def wheel(name: str, version: str, cann: str) -> bytes:
    """The bytes of a valid wheel of one importable package; the same bytes for the same arguments."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": _MODULE.format(name=name, version=version, cann=cann),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: part of CANN {cann}\n",
        f"{info}/WHEEL": _WHEEL,
        f"{info}/top_level.txt": name + "\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return buffer.getvalue()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
