# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packages of CANN have in common: versions side by side, of which `latest` points at one."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.versions import matches
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component, Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack, Step


class CannComponent(Component):
    """CANN itself, or its kernels."""

    role = "cann"
    removable = True

    def wanted_products(self, stack: Stack) -> tuple[str, ...]:
        """The products of which one is wanted."""
        return self.products

    def chip_of(self, site: Site) -> str | None:
        """The chip the package has to be for, where it matters."""
        return None

    def _rows(self, site: Site, stack: Stack) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """(row of the wanted version or None, row of another version or None) among the installed packages."""
        products, chip = self.wanted_products(stack), self.chip_of(site)
        wanted = (stack[self.name] or {})["version"]
        rows = [
            row
            for row in site.facts["cann"]
            if row["product"] in products and (chip is None or row["chip"] in (None, chip))
        ]
        right = [row for row in rows if row["version"] == wanted]
        other = [row for row in rows if row["version"] != wanted]
        current = [row for row in other if row.get("latest")] or other
        return (right[0] if right else None), (current[0] if current else None)

    def installed(self, site: Site, stack: Stack) -> str | None:
        right, other = self._rows(site, stack)
        found = right or other
        return found["version"] if found else None

    def damage(self, site: Site, stack: Stack) -> str | None:
        right, _other = self._rows(site, stack)
        return right.get("damaged") if right else None

    def step(self, site: Site, stack: Stack) -> Step | None:
        step, (right, _other) = super().step(site, stack), self._rows(site, stack)
        if step is None and right is not None and right.get("latest") is False:
            entry = stack[self.name] or {}
            return self.make_step(
                site.facts,
                "repair",
                entry["version"],
                entry["version"],
                "another version is the active one",
                entry.get("package"),
            )
        return step

    def standing(self, facts: Facts, env_name: str) -> tuple[str | None, str]:
        row = next((row for row in facts["cann"] if row["product"] in self.products), None)
        return (row["version"], row["product"]) if row else (None, self.name)


def of_report(facts: Facts, products: tuple[str, ...], product: str | None, version: str | None) -> dict[str, Any]:
    """The installed product that counts: the wanted one, else the one `latest` points at, else the last; or {}."""
    listed = facts.get("cann")
    rows = (
        [row for row in listed if isinstance(row, dict) and row.get("product") in products]
        if isinstance(listed, list)
        else []
    )

    def rank(row: dict[str, Any]) -> tuple[bool, bool, bool]:
        exact = product in (None, row.get("product")) and matches(row.get("version"), version)
        return bool(version) and exact, row.get("product") == product, bool(row.get("latest"))

    return max(reversed(rows), key=rank, default={})
