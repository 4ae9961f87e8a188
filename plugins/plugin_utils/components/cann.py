# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CANN: nnae, toolkit or nnrt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import ownership, versions
from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import BASES
from ansible_collections.ascend.fleet.plugins.plugin_utils import cann_packages, filenames, published, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice, Site, Verdict
from ansible_collections.ascend.fleet.plugins.plugin_utils.components import nnal
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Facts, Stack, Step, Subject


class Cann(cann_packages.CannComponent):
    name = "cann"
    title = "CANN"
    after = ("driver", "firmware")
    follows = ("mindspore", "torch", "tensorflow", "vllm_ascend")
    products = BASES
    pins = ("cann_flavor",)
    headline = True
    minutes = 5  # published installation logs: toolkit 2.5

    def takes_part(self, parts: set[str], fixed: dict[str, str], order: list[str]) -> bool:
        # What is chosen before it is a framework, and that decides it.
        return super().takes_part(parts, fixed, order) or "kernels" in parts or bool(order)

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        rows = {row["cann"]: row for row in search.catalog["cann"]}
        finished = [name for name in rows if versions.same(versions.community_base(name), name)]
        # A driver that stays is chosen later, and decides now which release is the best for it.
        decided = {**{name: search.pins[name] for name in ("driver",) if name in search.pins}, **chosen}
        return search.ordered("cann", finished, decided, lambda name: rows[name]["confidence"] == "user")

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version = choice.get("cann")
        row = find_row(choice.catalog, "cann", version) if version else None
        if row is None:
            return None
        flavor = choice.pins.get("cann_flavor") or self._flavor(choice, row)
        return {
            "flavor": flavor,
            "version": version,
            "layout": row["layout"],
            "package": filenames.name_or_none(
                flavor, version, None, choice.subject["arch"], choice.catalog["filenames"]
            ),
        }

    def _flavor(self, choice: Choice, row: dict[str, Any]) -> str:
        """The vendor's package that what else the host gets asks for, else that of its chip."""
        flavor: str = choice.chip["default_flavor"] if choice.chip else "nnae"
        infers = bool(choice.chip and choice.chip["role"] == "inference")
        reason = None
        if flavor == "toolkit":
            return flavor
        # Whoever plans only a part of the host, as a role alone does, finds the same CANN.
        if "nnal" in row["products"] and nnal.COMPONENT.asked(choice.frameworks, choice.fixed):
            reason = "NNAL stands on it"
        elif not choice.narrowed and not choice.frameworks and not infers:
            reason = "no framework is named, and it serves every one"
        elif flavor not in row["products"]:
            reason = f"CANN {row['cann']} has no documented {flavor} package"
        if reason is None:
            return flavor
        choice.why.append(f"CANN flavour toolkit: {reason}")
        return "toolkit"

    def place(
        self, entry: dict[str, Any], stack: Stack, subject: Subject, catalog: Catalog
    ) -> tuple[str | None, dict[str, str], published.Want | None]:
        url, headers = published.address(catalog, entry["flavor"], entry["version"], entry["package"])
        return url, headers, None

    def back(self, facts: Facts, product: str, version: str) -> dict[str, Any]:
        return {self.name: version, "cann_flavor": product}

    def wanted_products(self, stack: Stack) -> tuple[str, ...]:
        return ((stack["cann"] or {})["flavor"],)

    def step(self, site: Site, stack: Stack) -> Step | None:
        step = super().step(site, stack)
        if step is not None:
            step["product"] = self.wanted_products(stack)[0]
        return step

    def beside(self, site: Site, step: Step, others: list[dict[str, Any]]) -> Verdict | None:
        names = ", ".join(sorted(f"{row['product']} {row['version']}" for row in others))
        if not names:
            return None
        if self.name in site.take_over:
            return Verdict(
                "warning",
                f"{names} was not installed by ascend.fleet and is taken over: the vendor's upgrade may replace it "
                "(ascend_take_over names cann).",
                "ascend_take_over",
                takes_over=True,
            )
        return Verdict(
            "warning",
            f"{names} was not installed by ascend.fleet and stays, but {step.get('product') or self.name} {step['to']} "
            "is installed beside it: what latest and set_env.sh lead to changes for everybody on the host. Whoever "
            "needs the other release sources the set_env.sh inside its own folder.",
            "ascend_cann_version",
        )

    def tenants(self, site: Site, row: dict[str, Any]) -> str | None:
        others = ownership.tenants(site.held, site.facts["cann"], row)
        names = ", ".join(f"{other['product']} {other['version'] or ''}" for other in others)
        return f"somebody installed {names} into it, which would go with it" if others else None

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        entry = values.part(stack, "cann")
        row = cann_packages.of_report(facts, BASES, entry.get("flavor"), entry.get("version"))
        return " ".join(str(row[key]) for key in ("product", "version") if row.get(key)) or None

    def wanted(self, stack: Stack) -> str | None:
        version, flavor = super().wanted(stack), values.part(stack, "cann").get("flavor")
        return f"{flavor} {version}" if version and flavor else version

    def labels(self, versions: Mapping[str, str | None], desired: Mapping[str, str | None]) -> dict[str, str] | None:
        product, _space, version = (versions["cann"] or "").partition(" ")
        if not version:
            return None
        return {"product": product, "version": version, "kernels": versions["kernels"] or ""}

    def fingerprint(self, entry: dict[str, Any]) -> str:
        return f"{entry['flavor']} {entry['version']}"


COMPONENT = Cann()
