# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packages of CANN have in common: versions side by side, of which `latest` points at one."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import ownership
from ansible_collections.ascend.fleet.plugins.module_utils.versions import matches
from ansible_collections.ascend.fleet.plugins.plugin_utils import values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component, Site, Verdict, journal
from ansible_collections.ascend.fleet.plugins.plugin_utils.removal import Standing, left_alone
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack, Step


class CannComponent(Component):
    """CANN itself, or its kernels."""

    role = "cann"
    removable = True
    packaged = True
    can_be_taken_over = True

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

    def _stays(self, site: Site, row: dict[str, Any] | None) -> bool:
        """Whether a release is somebody else's and stays: ours is installed beside it and does not upgrade it."""
        return bool(
            row
            and row.get("version")
            and self.name not in site.take_over
            and ownership.find_cann(site.held, row) is None
        )

    def installed(self, site: Site, stack: Stack) -> str | None:
        right, other = self._rows(site, stack)
        found = right or (None if self._stays(site, other) else other)
        return found["version"] if found else None

    def damage(self, site: Site, stack: Stack) -> str | None:
        right, _other = self._rows(site, stack)
        return right.get("damaged") if right else None

    def step(self, site: Site, stack: Stack) -> Step | None:
        step, (right, other) = super().step(site, stack), self._rows(site, stack)
        if step is not None and step["action"] == "install" and other and right is None and self._stays(site, other):
            step["why"] = f"{other['version']} of somebody else is installed, and stays"
        if step is None and right is not None and right.get("latest") is False:
            entry = stack[self.name] or {}
            version = entry["version"]
            why = "another version is the active one"
            return self.make_step(site.facts, "repair", version, version, why, entry.get("package"))
        return step

    def theirs(self, site: Site, step: Step) -> Verdict | None:
        product = step.get("product")
        products = (product,) if product else self.products
        chip = self.chip_of(site)
        theirs = [
            row
            for row in site.facts["cann"]
            if row["product"] in products
            and (row.get("path") or row.get("version"))
            and (chip is None or row.get("chip") in (None, chip))
            and ownership.find_cann(site.held, row) is None
        ]
        for row in theirs:
            path, version = ownership.place(row)
            if version == step["to"]:
                script = row.get("uninstall") or "the uninstall script of that release"
                found: Step = {**step, "from": version, "product": row["product"]}
                return self.refused(site, found, script, row.get("path") or path)
        return self.beside(site, step, [row for row in theirs if row.get("version") and row["version"] != step["to"]])

    def beside(self, site: Site, step: Step, others: list[dict[str, Any]]) -> Verdict | None:
        """What it means that releases of theirs are installed beside the one that is wanted."""
        return None

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        products = list(self.products)
        if not everything:
            before = (journal(site.facts).get("before_last_run") or {}).items()
            products = [
                product
                for product in products
                if any(ownership.same_product(product, name) and version is None for name, version in before)
            ]
        found = []
        for row in site.facts["cann"]:
            if row["product"] in products and row["version"]:
                reason = left_alone(ownership.find_cann(site.held, row), everything) or self.tenants(site, row)
                found.append(Standing(row["product"], row["version"], reason))
        return found

    def tenants(self, site: Site, row: dict[str, Any]) -> str | None:
        """Why a release of ours stays for what somebody put into it."""
        return None


def of_report(facts: Facts, products: tuple[str, ...], product: str | None, version: str | None) -> dict[str, Any]:
    """The installed product that counts: the wanted one, else the one `latest` points at, else the last; or {}."""
    listed = values.rows(facts, "cann")
    rows = [row for row in listed if isinstance(row, dict) and row.get("product") in products]

    def rank(row: dict[str, Any]) -> tuple[bool, bool, bool]:
        exact = product in (None, row.get("product")) and matches(row.get("version"), version)
        return bool(version) and exact, row.get("product") == product, bool(row.get("latest"))

    return max(reversed(rows), key=rank, default={})
