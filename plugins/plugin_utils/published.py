# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that a stack needs, and where the catalog says it is published. Pure: nothing is fetched here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

# run_installers.md section 6: an unattended installation (--quiet) accepts the vendor's licence for its user.
VENDOR_LICENCE = "Huawei end user licence agreement; installing the package unattended accepts it"


@dataclass(frozen=True)
class Want:
    """One file to have.

    Attributes:
        name: path in the bundle.
        component, version: what it installs; None for a file that belongs to no component.
        url, headers, sha256: where it is published and what it must be; None where unknown.
        archive: the zip it is published in as well, itself a Want, or None. It is preferred: it holds the signatures.
        optional: every host that wants it has it installed; without it a repair would not be possible.
        proven: somebody else has held it against a hash already: pip, against that of the index.
    """

    name: str
    kind: str
    arch: str | None = None
    python: str | None = None
    url: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    sha256: str | None = None
    licence: str | None = None
    archive: Want | None = None
    optional: bool = False
    proven: bool = False
    component: str | None = None
    version: str | None = None


def address(
    catalog: Catalog, product: str, version: str, file: str, folder: str | None = None, arch: str = ""
) -> tuple[str | None, dict[str, str]]:
    """(url, request headers) of a file of the vendor's, (None, {}) where the catalog has no address for the product.

    Args:
        catalog: its table `downloads` says what addresses look like.
        product: as that table calls it: driver, nnae, kernels, mindspore-ascend ...
        version: of the release, as the vendor's folder spells it.
        file: the file's name.
        folder: the release's folder where it is not the usual one.
        arch: aarch64 or x86_64, for products whose address names it.
    """
    row = next((item for item in catalog["downloads"] if product in item["components"]), None)
    if row is None:
        return None, {}
    parts = {"folder": folder or row["folder"].format(version=version), "file": file, "version": version, "arch": arch}
    return row["url"].format(**{key: quote(value) for key, value in parts.items()}), dict(row.get("headers") or {})


def checksum(catalog: Catalog, file: str) -> str | None:
    """The sha256 of a file in the catalog's table `checksums`, however the name spells the architecture, or None."""
    key = artifacts.spelling_key(file)
    return next((row["sha256"] for row in catalog["checksums"] if artifacts.spelling_key(row["file"]) == key), None)


def indexes(catalog: Catalog, arch: str, requirements: Iterable[str]) -> dict[str, list[str]]:
    """The indexes beside PyPI that requirements have to be taken from: URL -> the distributions that are there.

    Args:
        catalog: its table `indexes`.
        arch: architecture of the host.
        requirements: as torch==2.7.1+cpu.
    """
    names = {text.partition("==")[0] for text in requirements}
    rows = [row for row in catalog["indexes"] if arch in row["arch"] and names & set(row["distributions"])]
    return {row["url"]: list(row["distributions"]) for row in rows}
