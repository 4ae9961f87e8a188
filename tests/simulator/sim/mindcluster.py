# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zips of MindCluster: a stand-in program in each, and the files that lie beside it in the vendor's."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from . import releases
from .base import SIMULATOR

PROGRAM = SIMULATOR / "mindcluster" / "npu-exporter"
# Names and modes as the vendor's build makes them (github:Ascend/mind-cluster @22bb3d98, npu-exporter/build/build.sh).
_BESIDE = {
    "Dockerfile": "FROM ubuntu:22.04\nCOPY npu-exporter /usr/local/bin\n",
    "agreement.txt": "A stand-in of the vendor's agreement.\n",
    "metricConfiguration.json": "[]\n",
    "npu-exporter-v{version}.yaml": "kind: DaemonSet\n",
    "pluginConfiguration.json": "[]\n",
}


def exporter_name(version: str, arch: str) -> str:
    """The zip's file name."""
    return f"Ascend-mindxdl-npu-exporter_{version}_linux-{arch}.zip"


def exporter(version: str, arch: str) -> bytes:
    """The zip's bytes; the same for the same arguments."""
    program = PROGRAM.read_text(encoding="utf-8").replace("@VERSION@", version).replace("@ARCH@", arch)
    files = {name.format(version=version): (text, 0o400) for name, text in _BESIDE.items()}
    files["npu-exporter"] = (program, 0o500)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (text, mode) in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return buffer.getvalue()


def build(out: Path, sets: list[str] | None = None) -> list[Path]:
    """Write the zips of the named sets (default: the file's own default) that are missing or differ."""
    data = releases.catalog()
    wanted = {
        exporter_name(version, arch): exporter(version, arch)
        for name in sets or data["default"]
        for version in data["sets"][name].get("mindcluster", [])
        for arch in data["sets"][name]["arch"]
    }
    for name, content in wanted.items():
        path = out / name
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
    return [out / name for name in wanted]
