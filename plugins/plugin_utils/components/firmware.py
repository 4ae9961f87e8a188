# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firmware in the cards' flash."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import hdk
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack


class Firmware(hdk.HdkComponent):
    name = "firmware"
    title = "NPU firmware"
    column = "Firmware"
    headline = True
    per_arch = False  # it runs on the card
    after = ("driver",)
    follows = ("driver",)
    host_kinds = ("physical",)
    minutes = 2  # published installation logs: 0.5 to 1

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        driver, chip = chosen.get("driver"), search.host.get("chip")
        rows = [
            row
            for row in search.catalog["hdk"]
            if driver and versions.same(row["driver"], driver) and chip in (None, *row["chips"]) and row["firmware"]
        ]
        found = search.ordered("firmware", [row["firmware"] for row in rows], chosen)
        return [*hdk.keep_newer(found, search.present("firmware"), found[0] if found else None), None]

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        guest = choice.subject.get("host_kind") in ("vm", "container")
        if not guest and "firmware" in choice.versions and choice.versions["firmware"] is None:
            choice.case.warn(
                "firmware-unknown",
                f"the firmware that ships with driver {choice.versions.get('driver')} for chip "
                f"{choice.subject.get('chip')} is not recorded in the catalog, so none is installed. Set "
                "ascend_firmware_version to the number in the package's name.",
                "catalog/hdk.yml",
                "firmware",
            )

    def before(self, facts: Facts) -> tuple[str, ...]:
        # First installation: the package needs the driver's upgrade tool. Over an existing one the vendor asks for
        # firmware first, which looks the driver up in the install record: where that is lost, the driver goes first
        # and writes a new one.
        driver = facts["driver"]
        return ("driver",) if driver["installed"] is not None and driver.get("recorded") is not False else ()


COMPONENT = Firmware()
