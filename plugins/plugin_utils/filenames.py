# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package file names, read and written by the grammar of catalog/filenames.yml.

The grammar travels as data (the catalog's `filenames` table), because modules on a host have no catalog.
"""

import re
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions

# 25.3.rc1, 7.8.0.2.212, 8.3.RC1, 6.0.1.alpha001, 21.0.4.b030, 9.2.0-beta.2, 2.6.0rc1
VERSION_PATTERN = r"\d+(?:\.[A-Za-z]*\d+(?:rc\d+)?)*(?:-(?:alpha|beta|rc)\.?\d+)?"
_COMPILED: dict[str, Any] = {}


def _pattern(row):
    text = row["pattern"]
    if text not in _COMPILED:
        _COMPILED[text] = re.compile(text.replace("<V>", VERSION_PATTERN))
    return _COMPILED[text]


def compile_early(grammar: list[dict[str, Any]]) -> None:
    """Compile what the names are matched with now: a process that Ansible forks then has it."""
    for row in grammar:
        _pattern(row)


def _spellings(entry):
    if isinstance(entry, dict):
        return list(entry.values())
    return entry if isinstance(entry, list) else [entry]


def parse_package(name, grammar):
    """What a package's file name says, or None when no row of the grammar knows it.

    Returns component, version, chip (family key), arch (aarch64 or x86_64), ext, variant, python and row (the
    grammar row's id); each is None where the name does not say it. A folder before the name is ignored.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    for row in grammar:
        match = _pattern(row).match(base)
        if match is None:
            continue
        found = match.groupdict()
        chip = next(
            (key for key, entry in (row.get("chips") or {}).items() if found.get("chip") in _spellings(entry)), None
        )
        arch = found.get("arch")
        if arch is not None:
            arch = {"arm64": "aarch64", "amd64": "x86_64", "x86-64": "x86_64"}.get(arch, arch)
        return {
            "component": row.get("component") or found.get("product"),
            "version": found.get("version"),
            "chip": chip,
            "arch": arch,
            "ext": found.get("ext"),
            "variant": found.get("variant"),
            "python": found.get("python"),
            "row": row["id"],
        }
    return None


def _fits(row, component, version, chip, variant):
    if row.get("write") is False or row.get("variant") != variant:
        return False
    names = row.get("products") or [row.get("component")]
    if component not in names and not (component == "kernels" and row.get("component") == "ops"):
        return False
    if "chips" in row and chip not in row["chips"]:
        return False
    if row.get("since") and versions.compare(version, row["since"]) < 0:
        # A release candidate of the first release already uses its names: 8.5.0.alpha001 ships ops.
        return versions.compare(versions.community_base(version), row["since"]) >= 0
    return not (row.get("before") and versions.compare(versions.community_base(version), row["before"]) >= 0)


def _written(version, case):
    if case == "lower":
        return version.lower()
    if case == "cann":
        return re.sub(r"(?i)\.rc(?=\d)", ".RC", version)
    return version


def package_name(component, version, chip, arch, grammar, variant=None):
    """The file name the vendor gives a package.

    component: driver, firmware, hdk (the zip of both), toolkit, nnae, nnrt, kernels (ops from CANN 8.5), nnal ...
    chip: family key, ignored for CANN products that have none. variant: "soc" for a 310b that is its own host.
    Raises ValueError when the grammar has no such package (no kernels for the 310, say).
    """
    for row in grammar:
        if not _fits(row, component, version, chip, variant):
            continue
        infix = (row.get("chips") or {}).get(chip)
        if isinstance(infix, dict):
            infix = infix.get(arch)
        elif isinstance(infix, list):
            infix = infix[0]
        spelled = (row.get("arch") or {}).get(arch)
        if ("chips" in row and infix is None) or ("arch" in row and spelled is None):
            continue
        return row["template"].format(
            chip=infix, arch=spelled, version=_written(version, row.get("case")), product=component
        )
    raise ValueError(
        f"no file name is known for {component} {version} on chip {chip}, {arch}" + (f" ({variant})" if variant else "")
    )


def name_or_none(component, version, chip, arch, grammar, variant=None):
    """package_name(), or None when the vendor has no such package."""
    try:
        return package_name(component, version, chip, arch, grammar, variant)
    except ValueError:
        return None
