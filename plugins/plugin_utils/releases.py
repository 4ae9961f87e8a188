# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which releases the catalog knows, by every name they go by."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

# Components whose releases stand in another's table; every other has the table of its name.
_ELSEWHERE = ("driver", "firmware", "torch", "torch_npu")
_INDEXES: dict[int, tuple[Any, dict[Any, Any], dict[Any, Any]]] = {}


def _index(rows: list[dict[str, Any]], key: str) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Every name a row goes by -> row, kept as long as the table is the same object."""
    kept = _INDEXES.get(id(rows))
    if kept is None or kept[0] is not rows:
        names: dict[Any, Any] = {}
        releases: dict[Any, Any] = {}
        for row in rows:
            for name in [row[key], *list(row.get("also") or []), *list(row.get("community") or [])]:
                names.setdefault(versions.key(name), row)
            releases.setdefault(versions.key(row[key]), row)
        if len(_INDEXES) > 256:
            _INDEXES.clear()
        kept = _INDEXES[id(rows)] = (rows, names, releases)
    return kept[1], kept[2]


def find_row(catalog: Catalog, table: str, version: str) -> dict[str, Any] | None:
    """The row of a table that covers version, or None.

    A row covers its key, the releases under `also`, and the names of its community edition; a community build
    that no row names (8.3.RC1.alpha002) is judged as its release.
    """
    names, releases = _index(catalog.get(table) or [], table)
    found = names.get(versions.key(version))
    return found or releases.get(versions.key(versions.community_base(version)))


def known_versions(catalog: Catalog, component: str) -> list[str]:
    """Every version of a component the catalog knows, oldest first."""
    if component == "driver":
        found = [row["driver"] for row in catalog["hdk"]]
    elif component == "firmware":
        found = [row[field] for row in catalog["hdk"] for field in ("firmware", "firmware_minimum") if row.get(field)]
    elif component == "torch":
        found = [row["torch"] for row in catalog["torch"]] + [
            name for row in catalog["torch_npu"] for name in row["rows"]
        ]
    elif component == "torch_npu":
        found = [name for row in catalog["torch_npu"] for name in row["rows"].values()]
    else:
        found = [name for row in catalog[component] for name in [row[component], *(row.get("also") or [])]]
    return sorted(set(found), key=lambda item: (versions.key(item), item))


def is_known(catalog: Catalog, component: str, version: str) -> bool:
    """True when the catalog has a row for this version of the component."""
    if component not in _ELSEWHERE:
        return find_row(catalog, component, version) is not None
    return any(versions.same(version, name) for name in known_versions(catalog, component))


def canonical(catalog: Catalog, component: str, version: str) -> str:
    """version as the catalog spells it (25.3.RC1 as a driver is 25.3.rc1, MindSpore 2.1 is 2.1.0), else as given."""
    if component not in _ELSEWHERE and component not in catalog:  # Python has no table of releases
        return version
    return next((name for name in known_versions(catalog, component) if versions.same(name, version)), version)


def cited(catalog: Catalog, source: str | None) -> str:
    """A row's source with the short names of catalog/sources.yml written out."""
    names = {row["id"]: row["text"] for row in catalog.get("sources") or []}
    parts = []
    for part in (source or "").split("; "):
        head, _space, rest = part.partition(" ")
        short = head.rstrip(",:")
        parts.append((f"{names[short]} {rest}").strip() if short in names else part)
    return "; ".join(parts)


def pattern_holds(row: dict[str, Any], wanted: str) -> bool:
    """True when an HDK row is the release wanted ("24.1.0", also its patches) or fits "25.5.X"."""
    if wanted.lower().endswith(".x"):
        return versions.satisfies(row["hdk"], wanted) or versions.satisfies(row["driver"], wanted)
    return versions.release(row["hdk"]) == versions.release(wanted)
