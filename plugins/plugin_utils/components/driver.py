# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The NPU driver: kernel modules, npu-smi and the libraries below them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import hdk
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Account, Choice
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row, pattern_holds, stands_for
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Stack

# The id of HwHiAiUser in the vendor's images.
_ID_IN_IMAGES = 1000


class Driver(hdk.HdkComponent):
    name = "driver"
    title = "NPU driver"
    column = "Driver"
    headline = True
    follows = ("cann",)
    host_kinds = ("physical", "vm")
    minutes = 3  # published installation logs: 0.5 to 2
    account_variables = ("ascend_user", "ascend_group", "ascend_user_id")

    def accounts(self, desired: Mapping[str, Any], containers: bool) -> list[Account]:
        said = desired["ascend_user_id"]
        asked = said not in (None, "", "auto")
        number = int(said) if asked else _ID_IN_IMAGES if containers else None
        return [Account(desired["ascend_user"], desired["ascend_group"], number, "ascend_user_id", asked)]

    def takes_part(self, parts: set[str], fixed: dict[str, str], order: list[str]) -> bool:
        # The firmware is chosen by the driver it ships with.
        return super().takes_part(parts, fixed, order) or "firmware" in parts or "firmware" in fixed

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        chip, cann = search.host.get("chip"), chosen.get("cann")
        rows = [row for row in search.catalog["hdk"] if chip in (None, *row["chips"])]
        row = (find_row(search.catalog, "cann", cann) if cann else None) or {}
        named = (row.get("hdk") or [], row.get("hdk_compatible") or [])
        wants_firmware = search.host.get("host_kind") not in ("vm", "container") and "firmware" not in search.pins

        def prefer(driver: str) -> tuple[bool, int, bool]:
            mine = [item for item in rows if item["driver"] == driver]
            ranks = (
                place
                for place, names in enumerate(named)
                if any(pattern_holds(item, name) for item in mine for name in names)
            )
            without = wants_firmware and not any(item["firmware"] for item in mine)
            # A patch that is judged as its release only is nobody's published pair.
            return without, next(ranks, len(named)), stands_for(search.catalog, "driver", driver) is not None

        found = search.ordered("driver", [item["driver"] for item in rows], chosen, prefer)
        best = next((item for item in found if search.allowed("driver", item, chosen)), None)
        return hdk.keep_newer(found, search.present("driver"), best)

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        chosen = choice.versions
        self._passed_over(choice, stack)
        version = chosen.get("driver")
        if not (present and version and "driver" not in choice.fixed) or choice.subject.get("host_kind") == "container":
            return
        if versions.compare(version, present) < 0:
            choice.case.warn(
                "driver-downgrade",
                f"driver {present} is installed and does not accept CANN {chosen.get('cann')}, so auto goes down to "
                f"{version}. Pin ascend_cann_version to a release it accepts to keep it.",
                "catalog",
                "driver",
            )

    def _passed_over(self, choice: Choice, stack: Stack) -> None:
        """CANN's own HDK is passed over when the catalog does not know which firmware ships with it for this chip."""
        cann, driver = choice.versions.get("cann"), choice.versions.get("driver")
        row = find_row(choice.catalog, "cann", cann) if cann else None
        if row is None or driver is None or "driver" in choice.fixed or not stack["firmware"]:
            return
        chip = choice.subject.get("chip")
        for item in choice.catalog["hdk"]:
            matched = chip in item["chips"] and any(pattern_holds(item, name) for name in row["hdk"])
            if matched and item["firmware"] is None and versions.compare(item["driver"], driver) > 0:
                choice.why.append(
                    f"driver {item['driver']}, the pair of CANN {cann}, is passed over: its firmware for chip {chip} "
                    "is not recorded. Set ascend_firmware_version to the number in the package's name to choose it"
                )


COMPONENT = Driver()
