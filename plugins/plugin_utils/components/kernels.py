# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The binary operator kernels of CANN for one chip family; called ops from CANN 8.5 on."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import KERNELS
from ansible_collections.ascend.fleet.plugins.plugin_utils import cann_packages, filenames, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice, Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack


class Kernels(cann_packages.CannComponent):
    name = "kernels"
    title = "CANN kernels"
    after = ("cann",)
    versioned = False  # they are of the version of CANN
    products = KERNELS
    per_chip = True
    pins = ("kernels",)
    switch = "kernels"
    column = "Kernels"
    minutes = 3

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version = choice.versions.get("cann")
        row = find_row(choice.catalog, "cann", version) if version else None
        asked = choice.pins.get("kernels")
        if "kernels" not in choice.parts or row is None or version is None or asked is False:
            return None
        chip, published = choice.chip, "kernels" in row["products"]
        if asked is True or (chip and chip["kernels"] and chip["role"] != "inference" and published):
            package = filenames.name_or_none(
                "kernels", version, choice.subject.get("chip"), choice.subject["arch"], choice.catalog["filenames"]
            )
            if package and published:
                return {"version": version, "package": package}
            if asked is True:
                choice.case.warn(
                    "package-name",
                    f"no kernels package is known for CANN {version} on chip {choice.subject.get('chip')}: "
                    "ascend_cann_kernels is ignored",
                    row["source"],
                    "kernels",
                )
        elif not published:
            choice.why.append(f"kernels: none, CANN {version} has no kernels package")
        return None

    def chip_of(self, site: Site) -> str | None:
        return site.facts["accelerators"]["family"]

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        wanted = values.part(stack, "kernels").get("version")
        return values.text(cann_packages.of_report(facts, KERNELS, None, wanted).get("version"))


COMPONENT = Kernels()
