# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stack needs as files, and where the catalog says each is published. Pure: stack and catalog in, wants out."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils import filenames
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Stack, Subject

# run_installers.md section 6: an unattended installation (--quiet) accepts the vendor's licence for its user.
VENDOR_LICENCE = "Huawei end user licence agreement; installing the package unattended accepts it"
# Components that Huawei publishes as one zip with the signatures in it.
ZIPPED = ("driver", "firmware")
# The index has these as source only, pure Python all the same: jieba 0.42.1, which MindFormers 0.8 to 1.x require.
# Building runs its setup.py on the control node: this release and no other. Source of the hash: PyPI.
SOURCE_ONLY = {
    "mindformers": ("jieba==0.42.1 --hash=sha256:055ca12f62674fafed09427f176506079bc135638a14e23e25be909131928db2",),
}


@dataclass(frozen=True)
class Want:
    """One file to have.

    Attributes:
        name: path in the bundle.
        url, headers, sha256: where it is published and what it must be; None where unknown.
        archive: the zip it is published in, itself a Want, or None.
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


@dataclass(frozen=True)
class WheelSet:
    """The wheels of one environment: a set of the lock."""

    name: str
    python: str
    arch: str
    glibc: str | None
    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    direct: tuple[Want, ...] = ()


def packages(stack: Stack, subject: Subject, catalog: Catalog) -> list[Want]:
    """The vendor packages of a resolved stack for one kind of host."""
    wants = []
    installed = subject.get("installed") or {}
    for component in ("driver", "firmware", "cann", "kernels"):
        part = stack.get(component)
        if not part or not part.get("package"):
            continue
        if component in ZIPPED:
            want = _zipped(part, stack, subject, catalog)
        else:
            url, headers = _address(catalog, part.get("flavor") or component, part["package"], part["version"])
            want = Want(part["package"], "package", url=url, headers=headers)
        wants.append(
            replace(
                want,
                # The firmware runs on the card, whatever the host's processor is.
                arch=None if component == "firmware" else subject.get("arch"),
                sha256=want.sha256 or _checksum(catalog, part["package"]),
                licence=VENDOR_LICENCE,
                optional=bool(installed.get(component)) and installed.get(component) == part["version"],
            )
        )
    return wants


def _zipped(part: dict[str, Any], stack: Stack, subject: Subject, catalog: Catalog) -> Want:
    """A driver or firmware package, published inside the HDK release's zip."""
    driver = stack.get("driver") or part
    release = driver.get("hdk")
    row: dict[str, Any] = next((row for row in catalog["hdk"] if release in (row["id"], row["hdk"])), {})
    try:
        name = filenames.package_name(
            "hdk", driver["version"], subject.get("chip"), subject.get("arch"), catalog["filenames"]
        )
    except ValueError:
        return Want(part["package"], "package")
    folder = row.get("obs_dir")
    url, headers = _address(catalog, "hdk", name, row.get("hdk") or release, folder)
    archive = Want(name, "archive", url=url if release else None, headers=headers, sha256=_checksum(catalog, name))
    return Want(part["package"], "package", archive=archive)


def wheels(stack: Stack, subject: Subject, catalog: Catalog, extra: list[str], limits: list[str]) -> WheelSet | None:
    """The wheels of a stack's environment, or None when the stack has no framework.

    Args:
        extra: what the roles install beside MindSpore and MindFormers.
        limits: the constraints the roles set for the environment.
    """
    framework = stack.get("mindspore")
    if not framework:
        return None
    python = (stack.get("python") or {}).get("version") or "3.11"
    python = ".".join(str(python).split(".")[:2])
    arch = str(subject["arch"])
    package = framework.get("package") or "mindspore"
    requirements = [f"{package}=={framework['version']}"]
    formers = stack.get("mindformers")
    if formers:
        requirements.append(f"mindformers=={formers['version']}")
    row = _framework_row(catalog, framework["version"])
    direct: tuple[Want, ...] = ()
    if row.get("distribution") in ("obs", "conda") and framework["version"] not in row.get("pypi", []):
        direct = (_framework_wheel(catalog, package, framework["version"], python, arch),)
    return WheelSet(
        artifacts.wheel_set_name(framework["version"], python, arch),
        python,
        arch,
        subject.get("glibc"),
        tuple(sorted({*requirements, *extra})),
        tuple(sorted(set(limits))),
        tuple(part for name in SOURCE_ONLY if stack.get(name) for part in SOURCE_ONLY[name]),
        direct,
    )


def _framework_row(catalog: Catalog, version: str) -> dict[str, Any]:
    rows = [row for row in catalog["mindspore"] if version == row["mindspore"] or version in row.get("also", [])]
    return rows[0] if rows else {}


def _framework_wheel(catalog: Catalog, package: str, version: str, python: str, arch: str) -> Want:
    """A MindSpore release that no index has, only the vendor's own store."""
    digits = python.replace(".", "")
    abi = f"cp{digits}m" if python == "3.7" else f"cp{digits}"
    name = f"{package.replace('-', '_')}-{version}-cp{digits}-{abi}-linux_{arch}.whl"
    # Before 2.0 the Ascend build had a folder and a package name of its own.
    folder = "ascend" if package == "mindspore-ascend" else None
    url, headers = _address(catalog, "mindspore", name, version, folder, arch)
    return Want(f"wheels/{name}", "wheel", arch, python, url, headers)


def _address(
    catalog: Catalog, component: str, file: str, version: str | None, folder: str | None = None, arch: str = ""
) -> tuple[str | None, dict[str, str]]:
    for row in catalog["downloads"]:
        if component in row["components"] and version:
            folder = folder or row["folder"].format(version=version)
            parts = {"folder": folder, "file": file, "version": version, "arch": arch}
            url = row["url"].format(**{key: urllib.parse.quote(value) for key, value in parts.items()})
            return url, dict(row.get("headers") or {})
    return None, {}


def _checksum(catalog: Catalog, file: str) -> str | None:
    key = artifacts.spelling_key(file)
    return next((row["sha256"] for row in catalog["checksums"] if artifacts.spelling_key(row["file"]) == key), None)


def merge(wants: list[Want]) -> list[Want]:
    """One want per name; needed by anybody means needed."""
    merged: dict[str, Want] = {}
    for want in wants:
        known = merged.get(want.name)
        merged[want.name] = want if known is None else replace(known, optional=known.optional and want.optional)
    return list(merged.values())


def merge_sets(sets: list[WheelSet]) -> list[WheelSet]:
    """One set per name with the requirements of all, for the oldest glibc among the hosts."""
    merged: dict[str, WheelSet] = {}
    for one in sets:
        known = merged.get(one.name)
        if known is not None:
            known_libcs = [value for value in (known.glibc, one.glibc) if value]
            one = replace(
                known,
                requirements=tuple(sorted({*known.requirements, *one.requirements})),
                constraints=tuple(sorted({*known.constraints, *one.constraints})),
                glibc=min(known_libcs, key=lambda text: [int(part) for part in text.split(".")[:2]], default=None),
            )
        merged[one.name] = one
    return list(merged.values())
