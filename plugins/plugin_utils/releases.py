# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which releases the catalog knows, by every name they go by."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

# Components whose releases stand in another's table; every other has the table of its name.
_ELSEWHERE = ("driver", "firmware", "torch", "torch_npu", "nnal")
_BUILD = re.compile(r"(?:\.dev\d+)?(?:\+.*)?\Z")
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
    that no row names (8.3.RC1.alpha002) is judged as its release. So is a patch of a CANN release (7.0.1.1), and
    one of a line that Huawei's tables name (9.0.X) is judged as the newest known of it; stands_for says so.
    """
    names, releases = _index(catalog.get(table) or [], table)
    found = names.get(versions.key(version)) or releases.get(versions.key(versions.community_base(version)))
    if found is None and table == "cann":
        instead = _cann_instead(catalog, version)
        return names.get(versions.key(instead)) if instead else None
    return found


def _cann_instead(catalog: Catalog, version: str) -> str | None:
    """The known CANN by which a patch, or an unknown one of a line that Huawei's tables name, is judged; or None."""
    known = [row["cann"] for row in catalog["cann"]]
    patched = [name for name in known if versions.key(name) == _padded(versions.release(version))]
    if patched:
        return patched[0] if versions.key(patched[0]) != versions.key(version) else None
    lines = {name for row in catalog.get("mindcluster") or [] for name in row["cann"]}
    if not any(versions.satisfies(version, line) for line in lines if line.lower().endswith(".x")):
        return None
    same = [name for name in known if versions.series(name) == versions.series(version)]
    finished = [name for name in same if versions.same(versions.community_base(name), name)]
    return max(finished or same, key=versions.key, default=None)


def _padded(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    """The key of a version that has these fields and no more."""
    return (*fields, *versions.key("0")[len(fields) :])


def hdk_rows(catalog: Catalog, driver: str | None) -> list[dict[str, Any]]:
    """The HDK rows by which a driver is judged.

    Its own; else those of its release, for a patch (24.1.0.9); else those of its line, where Huawei's tables speak of
    all of it (25.2.X). A line may be asked for itself.
    """
    if not driver:
        return []
    rows: list[dict[str, Any]] = catalog["hdk"]
    if driver.lower().endswith(".x"):
        return [row for row in rows if versions.satisfies(row["driver"], driver)]
    own = [row for row in rows if versions.same(row["driver"], driver)]
    if own:
        return own
    release = [row for row in rows if versions.release(row["driver"]) == versions.release(driver)]
    if release or not any(versions.satisfies(driver, line) for line in hdk_lines(catalog)):
        return release
    return [row for row in rows if versions.series(row["driver"]) == versions.series(driver)]


def hdk_lines(catalog: Catalog) -> set[str]:
    """The lines of HDK releases (25.2.X) that Huawei's tables speak of."""
    names = [name for row in catalog["cann"] for name in row.get("hdk_compatible") or []]
    names += [name for row in catalog.get("mindcluster") or [] for name in row.get("hdk") or []]
    return {name for name in names if name.lower().endswith(".x")}


def release_rows(catalog: Catalog, driver: str | None) -> list[dict[str, Any]]:
    """hdk_rows, and after them the rows of the release a patch belongs to: what a patch does not say, that says."""
    own = hdk_rows(catalog, driver)
    if not driver or driver.lower().endswith(".x"):
        return own
    release = versions.release(driver)
    return own + [row for row in catalog["hdk"] if row not in own and versions.release(row["driver"]) == release]


def stands_for(catalog: Catalog, component: str, version: str) -> str | None:
    """The known release by which a version is judged that has no row of its own, or whose row is a patch's; else None.

    A patch by its release (24.1.0.9 by 24.1.0), one of a line that Huawei's tables name by that line (25.2.X), a
    build of torch_npu by the release it is a build of (2.10.0.post4.dev20260715).
    """
    if component == "driver":
        if version.lower().endswith(".x"):
            return None
        rows = [row for row in catalog["hdk"] if versions.release(row["driver"]) == versions.release(version)]
        own = [row for row in rows if versions.same(row["driver"], version)]
        base = [row for row in rows if versions.key(row["driver"]) == _padded(versions.release(version))]
        if own:
            chips = {chip for row in own if not row.get("codes") for chip in row["chips"]}
            others = [row for row in base if row not in own and chips & set(row["chips"])]
            return others[0]["driver"] if others else None
        if base or rows:
            return (base or rows)[0]["driver"]
        line = next((name for name in sorted(hdk_lines(catalog)) if versions.satisfies(version, name)), None)
        return line.replace(".x", ".X") if line else None
    if is_listed(catalog, component, version):
        return None
    if component == "cann":
        return _cann_instead(catalog, version)
    if component == "firmware":
        release = versions.release(version)
        same = [name for name in known_versions(catalog, component) if versions.release(name) == release]
        return ".".join(same[0].split(".")[:3]) + ".X" if same else None
    if component == "torch_npu":
        base_name = _BUILD.sub("", version)
        return base_name if base_name != version and is_listed(catalog, component, base_name) else None
    return None


def public(version: str) -> str:
    """A version without its local part: torch prints 2.10.0+cpu, pip knows 2.10.0."""
    return version.partition("+")[0]


def known_versions(catalog: Catalog, component: str) -> list[str]:
    """Every version of a component the catalog knows, oldest first."""
    if component == "driver":
        found = [row["driver"] for row in catalog["hdk"]]
    elif component == "firmware":
        found = [row[field] for row in catalog["hdk"] for field in ("firmware", "firmware_minimum") if row.get(field)]
    elif component == "torch":
        found = [row["torch"] for row in catalog["torch"]] + [torch for _row, torch, _plugin in torch_pairs(catalog)]
    elif component == "torch_npu":
        found = [public(plugin) for _row, _torch, plugin in torch_pairs(catalog)]
        found += [name for row in catalog["torch"] for name in row.get("torch_npu") or []]
    elif component == "nnal":
        found = [row["cann"] for row in catalog["cann"] if "nnal" in row["products"]]
    else:
        found = [name for row in catalog[component] for name in [row[component], *(row.get("also") or [])]]
    return sorted(set(found), key=lambda item: (versions.key(item), item))


def torch_pairs(catalog: Catalog) -> list[tuple[dict[str, Any], str, str]]:
    """Every (row of torch_npu, torch, torch_npu) that the catalog pairs, the recommended torch_npu of a torch first."""
    return [
        (row, torch, plugin)
        for row in catalog["torch_npu"]
        for torch, named in row["rows"].items()
        for plugin in (named if isinstance(named, list) else [named])
    ]


def torch_of_plugin(row: dict[str, Any], plugin: str) -> str:
    """The torch of a torch_npu in a row of the table torch_npu. Raises KeyError where the row does not have it."""
    for torch, named in row["rows"].items():
        if plugin in (named if isinstance(named, list) else [named]):
            return str(torch)
    raise KeyError(plugin)


def torch_row(catalog: Catalog, version: str) -> dict[str, Any] | None:
    """The row of a torch release in the table torch, whatever build of it is named; or None."""
    return next((row for row in catalog["torch"] if versions.same(row["torch"], public(version))), None)


def on_pypi(catalog: Catalog, plugin: str) -> bool:
    """Whether PyPI has this torch_npu. A build that another one stands for is not there: PyPI has releases only."""
    known = [
        *(row.get("pypi") or [] for row in catalog["torch"]),
        *(row.get("torch_npu") or [] for row in catalog["torch"]),
    ]
    return any(plugin == name for names in known for name in names)


def is_listed(catalog: Catalog, component: str, version: str) -> bool:
    """True when the catalog names this very version of the component, or the release it is a community build of."""
    if component in _ELSEWHERE:
        return any(versions.same(public(version), public(name)) for name in known_versions(catalog, component))
    names, releases = _index(catalog.get(component) or [], component)
    wanted = versions.key(version), versions.key(versions.community_base(version))
    return wanted[0] in names or wanted[1] in releases


def is_known(catalog: Catalog, component: str, version: str) -> bool:
    """True when the catalog can judge this version of the component, by its own row or by the one it stands for."""
    if component == "driver" and version.lower().endswith(".x"):
        return bool(hdk_rows(catalog, version))
    return is_listed(catalog, component, version) or stands_for(catalog, component, version) is not None


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
