# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NNAL: the ATB operators that torch_npu and serving engines call. It is of the version of CANN, and lies beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import cann_packages, filenames, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack

PRODUCT = "nnal"


class Nnal(cann_packages.CannComponent):
    name = "nnal"
    title = "NNAL"
    role = "nnal"
    tabled = False  # the table of CANN says which releases have one
    after = ("cann", "kernels")
    follows = ("cann",)
    chip_roles = ("training",)
    products = (PRODUCT,)
    minutes = 1

    def asked(self, frameworks: set[str], fixed: Mapping[str, str]) -> bool:
        return bool({"torch", "vllm_ascend"} & frameworks) or self.name in fixed

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        """That of the chosen CANN; none where there is none, or where the user chose a CANN that it cannot stand on."""
        cann = chosen.get("cann")
        row = find_row(search.catalog, "cann", cann) if cann else None
        return [cann if row and PRODUCT in row["products"] else None]

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version, flavor = choice.get(self.name), choice.pins.get("cann_flavor")
        if not version:
            if self.name in choice.parts and choice.versions.get("cann"):
                choice.why.append(f"NNAL: none, CANN {choice.versions['cann']} has none")
            return None
        if flavor not in (None, "toolkit") and self.name not in choice.fixed:
            choice.why.append(f"NNAL: none, it stands on the toolkit and ascend_cann_flavor is {flavor}")
            return None
        choice.why.append(f"NNAL {version}: needed by the ATB operators of torch_npu and by serving engines")
        grammar, arch = choice.catalog["filenames"], choice.subject["arch"]
        return {"version": version, "package": filenames.name_or_none(PRODUCT, version, None, arch, grammar)}

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        wanted = values.part(stack, self.name).get("version")
        return values.text(cann_packages.of_report(facts, self.products, None, wanted).get("version"))


COMPONENT = Nnal()
