# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which MindCluster release goes with the driver and the CANN of a host. Its parts have its version. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import hdk_rows, pattern_holds
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog


def ordered(catalog: Catalog, driver: str | None, cann: str | None, chip: str | None) -> list[str]:
    """The releases the catalog knows, the best for a host first.

    Best: those that list the host's driver, then those whose CANN is the host's or goes with its driver; of these the
    newest. The others follow, for a host that no release lists.

    Args:
        catalog: plugin_utils.catalog.load().
        driver, cann: what the host has or gets; None where that is not known.
        chip: family of the host's chips.
    """
    rows = sorted(catalog["mindcluster"], key=lambda row: versions.key(row["mindcluster"]), reverse=True)
    return [row["mindcluster"] for row in sorted(rows, key=lambda row: _rank(catalog, row, driver, cann, chip))]


def lists(catalog: Catalog, release: str, driver: str | None, cann: str | None, chip: str | None) -> bool:
    """Whether a release is one for this driver and CANN; a release that the catalog does not know is not."""
    rows = [row for row in catalog["mindcluster"] if versions.same(row["mindcluster"], release)]
    return any(_rank(catalog, row, driver, cann, chip) < _NEITHER for row in rows)


_NEITHER = 2


def _rank(catalog: Catalog, row: dict[str, Any], driver: str | None, cann: str | None, chip: str | None) -> int:
    if driver is None:
        return 0 if cann and _any(cann, row["cann"]) else _NEITHER
    releases = hdk_rows(catalog, driver)
    lines = (row.get("hdk_of") or {}).get(chip) or row.get("hdk") or []
    if any(pattern_holds(release, line) for release in releases for line in lines) or _any(driver, lines):
        return 0
    names = [cann] if cann else [one["cann"] for one in catalog["cann"] if _goes_with(one, releases)]
    return 1 if any(_any(name, row["cann"]) for name in names) else _NEITHER


def _any(version: str, lines: list[str]) -> bool:
    return any(versions.satisfies(version, line) for line in lines)


def _goes_with(cann: dict[str, Any], releases: list[dict[str, Any]]) -> bool:
    """Whether a CANN release was published for one of these HDK releases."""
    return any(pattern_holds(release, name) for release in releases for name in cann.get("hdk") or [])
