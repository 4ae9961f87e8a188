# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's exporter of chip metrics for Prometheus: a program and its unit, from a zip of MindCluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.exporter import unit
from ansible_collections.ascend.fleet.plugins.plugin_utils import filenames, mindcluster, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Account, Choice, Component, Site, Verdict
from ansible_collections.ascend.fleet.plugins.plugin_utils.removal import Standing, left_alone
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack, Step

_ADDRESS, _PORT = "npu_exporter_address", "npu_exporter_port"
_USER_ID = "ascend_npu_exporter_user_id"


class NpuExporter(Component):
    name = "npu_exporter"
    title = "NPU exporter"
    column = "Exporter"
    role = "npu_exporter"
    tabled = False  # it has the version of MindCluster
    after = ("driver", "firmware", "device_network")
    follows = ("driver", "cann")
    host_kinds = ("physical", "vm")
    removable = True
    packaged = True
    can_be_taken_over = True
    pins = (_ADDRESS, _PORT)
    settings = (_ADDRESS, _PORT)
    account_variables = (_USER_ID,)
    minutes = 1
    otherwise = "the newest that lists this host's driver"

    def accounts(self, desired: Mapping[str, Any], containers: bool) -> list[Account]:
        said = desired[_USER_ID]
        asked = said not in (None, "", "auto")
        number = int(said) if asked else unit.USER_ID
        means = "in a Kubernetes cluster MindCluster's parts, which run with it, cannot write their logs"
        return [Account(unit.USER, unit.USER, number, _USER_ID, asked, means)]

    def asked(self, frameworks: set[str], fixed: Mapping[str, str]) -> bool:
        return self.name in fixed

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        driver = chosen.get("driver") or search.present("driver")
        return [*mindcluster.ordered(search.catalog, driver, chosen.get("cann"), search.host.get("chip"))]

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version = choice.get(self.name)
        if not version:
            return None
        address, port = choice.pins.get(_ADDRESS) or unit.ADDRESS, choice.pins.get(_PORT) or unit.PORT
        grammar, arch = choice.catalog["filenames"], choice.subject["arch"]
        package = filenames.name_or_none(self.name, version, None, arch, grammar)
        return {"version": version, "package": package, "address": str(address), "port": int(port)}

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        version, driver, cann = choice.get(self.name), choice.versions.get("driver"), choice.versions.get("cann")
        if not version or not (driver or cann):
            return
        if not mindcluster.lists(choice.catalog, version, driver, cann, choice.subject.get("chip")):
            beside = " and ".join(f"{name} {text}" for name, text in (("driver", driver), ("CANN", cann)) if text)
            choice.case.warn(
                "mindcluster-stack",
                f"NPU exporter {version}: no source says that MindCluster {version} goes with {beside}. Choose its "
                f"release with {self.variable}.",
                "catalog",
                self.name,
            )

    # -- plan -----------------------------------------------------------------------------------------------------

    def installed(self, site: Site, stack: Stack) -> str | None:
        return self.seen(site.facts, stack)

    def damage(self, site: Site, stack: Stack) -> str | None:
        seen = values.part(site.facts, self.name)
        return values.text(seen.get("damaged")) if seen.get("path") else None

    def step(self, site: Site, stack: Stack) -> Step | None:
        step = super().step(site, stack)
        seen, entry = values.part(site.facts, self.name), stack[self.name] or {}
        if step is not None and step["action"] == "install" and seen.get("path"):
            return {
                **step,
                "action": "replace",
                "id": f"{self.name}-replace",
                "why": "one of an unknown version is there",
            }
        if step is not None or not self._ours(site):
            return step
        now, to = _place(seen), _place(entry)
        if now != to:
            version = entry["version"]
            return self.make_step(site.facts, "configure", version, version, f"it listens on {now}, not on {to}")
        # A host that waits for its reboot starts it then.
        if seen.get("state") in ("inactive", "failed") and not site.facts["reboot_required"]:
            version = entry["version"]
            return self.make_step(site.facts, "repair", version, version, f"its service is {seen['state']}")
        return None

    def label(self, step: Step) -> str:
        return f"configure {self.name} {step['to']}" if step["action"] == "configure" else super().label(step)

    def unfit(self, site: Site, stack: Stack) -> list[str]:
        entry = stack[self.name] or {}
        wrong = unit.problem(entry.get("address"), entry.get("port"))
        found = [f"{wrong}."] if wrong else []
        if self.step(site, stack) and not (site.facts["driver"]["installed"] or site.will_have.get("driver")):
            found.append(
                "the exporter reads the chips through the driver, which this host neither has nor gets: add driver to "
                "ascend_components."
            )
        return found

    def theirs(self, site: Site, step: Step) -> Verdict | None:
        seen = values.part(site.facts, self.name)
        if not seen.get("path") or self._ours(site):
            return None
        return self.refused(site, {**step, "from": seen.get("installed")}, "systemctl and rm", str(seen["path"]))

    def _ours(self, site: Site) -> bool:
        return bool(values.part(site.facts, self.name).get("ours"))

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        seen = values.part(site.facts, self.name)
        if not seen.get("path"):
            return []
        held = [row for row in site.held if row["component"] == self.name] if self._ours(site) else []
        return [
            Standing(self.name, values.text(seen.get("installed")), left_alone(held[-1] if held else None, everything))
        ]

    def back(self, facts: Facts, product: str, version: str) -> dict[str, Any]:
        seen = values.part(facts, self.name)
        there = {_ADDRESS: seen.get("address"), _PORT: seen.get("port")}
        return {self.name: version, **{name: value for name, value in there.items() if value}}

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        return values.text(values.part(facts, self.name).get("installed"))

    def fingerprint(self, entry: dict[str, Any]) -> str | None:
        return None  # no proof of computing depends on it


def _place(row: Mapping[str, Any]) -> str:
    return f"{row.get('address')}:{row.get('port')}"


COMPONENT = NpuExporter()
