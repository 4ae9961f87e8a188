# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's container runtime, and the container engine that is to use it: their package, then its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.container import engines
from ansible_collections.ascend.fleet.plugins.module_utils.container import observe as seen_by
from ansible_collections.ascend.fleet.plugins.plugin_utils import filenames, published, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice, Component, Site, Verdict, journal
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row, pattern_holds
from ansible_collections.ascend.fleet.plugins.plugin_utils.removal import Standing
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Facts, Stack, Step, Subject

_ENGINE, _INSTALL, _DEFAULT = "container_engine", "container_engine_install", "container_default_runtime"
_LICENCE = "container_accept_licence"


class ContainerRuntime(Component):
    name = seen_by.COMPONENT
    title = "Container runtime"
    role = "container_runtime"
    after = ("driver", "firmware")
    follows = ("cann", "driver")
    host_kinds = ("physical", "vm")
    packaged = True
    aside = True
    removable = True
    for_containers = True
    settings = (_ENGINE, _INSTALL, _DEFAULT, _LICENCE)

    def owns(self, product: str) -> bool:
        return product in (seen_by.COMPONENT, seen_by.CONFIGURATION)

    def asked(self, frameworks: set[str], fixed: Mapping[str, str]) -> bool:
        return self.name in fixed

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        """Those published with the chosen CANN, else with a CANN of the driver's release, first; then the newest."""
        rows = {row[self.name]: row for row in search.catalog[self.name]}
        cann, driver = chosen.get("cann"), chosen.get("driver")
        names = [cann] if cann else _canns_of(search.catalog, driver)

        def prefer(version: str) -> bool:
            return not any(versions.satisfies(name, line) for name in names for line in rows[version]["cann"])

        return list(search.ordered(self.name, list(rows), chosen, prefer))

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version = choice.get(self.name)
        row = find_row(choice.catalog, self.name, version) if version else None
        if not version or row is None:
            return None
        grammar, arch = choice.catalog["filenames"], choice.subject["arch"]
        engine = choice.pins.get(_ENGINE) or "docker"
        scene = [] if engine == "docker" else [f"--install-scene={engine}"]
        return {
            "version": version,
            "declared": {
                "name": self.name,
                "of_component": True,
                **row["installer"],
                "options": [*row["installer"]["options"], *scene],
                "keeps": list(engines.VENDOR_EDITS),
                "accept_licence": bool(choice.pins.get(_LICENCE)),
            },
            "package": filenames.name_or_none(self.name, version, None, arch, grammar),
            "engines": row["engines"],
            _ENGINE: engine,
            _INSTALL: bool(choice.pins.get(_INSTALL)),
            _DEFAULT: bool(choice.pins.get(_DEFAULT, True)),
            _LICENCE: bool(choice.pins.get(_LICENCE)),
        }

    # -- plan -----------------------------------------------------------------------------------------------------

    def installed(self, site: Site, stack: Stack) -> str | None:
        return values.text(_seen(site.facts).get("version"))

    def damage(self, site: Site, stack: Stack) -> str | None:
        seen = _seen(site.facts)
        if seen.get("open"):
            return "an earlier change of it was interrupted"
        return values.text(seen.get("damaged"))

    def steps(self, site: Site, stack: Stack) -> list[Step]:
        entry, engine = stack[self.name] or {}, _engine(site.facts)
        found = []
        if not engine.get("installed") and entry[_INSTALL]:
            step = self.make_step(site.facts, "install", None, None, "not installed")
            step["id"], step["product"] = f"{self.name}-install-{entry[_ENGINE]}", entry[_ENGINE]
            found.append(step)
        package = super().steps(site, stack)
        for step in package:
            step["product"] = self.name
        return found + package + self._configuration(site, entry, bool(package))

    def _configuration(self, site: Site, entry: dict[str, Any], moves: bool) -> list[Step]:
        seen, engine = _seen(site.facts), _engine(site.facts)
        interrupted = seen_by.CONFIGURATION in (journal(site.facts).get("unfinished_components") or [])
        path = seen.get("path")
        if not engine.get("installed") or not path or (moves and engine.get("runtime") is None):
            reasons = [f"{entry[_ENGINE]} does not know it yet"]
        else:
            reasons = engines.differences(entry[_ENGINE], engine, path, bool(entry[_DEFAULT]))
        if not reasons and interrupted:
            reasons = ["an earlier change of the engine was interrupted"]
        if not reasons:
            return []
        step = self.make_step(site.facts, "configure", None, entry[_ENGINE], "; ".join(reasons))
        return [{**step, "product": seen_by.CONFIGURATION, "minutes": 1}]

    def stops(self, facts: Facts, step: Step) -> list[str]:
        engine = _engine(facts)
        known = engines.ENGINES.get(str(engine.get("name")))
        if step.get("product") != seen_by.CONFIGURATION or not known:
            return []
        lives_on = known["keeps_running"] or engine.get("live_restore") or not engine.get("active")
        return [] if lives_on else [str(name) for name in engine.get("running") or []]

    def unfit(self, site: Site, stack: Stack) -> list[str]:
        entry, engine = stack[self.name] or {}, _engine(site.facts)
        name, found = entry[_ENGINE], []
        seen = _seen(site.facts)
        if not entry[_LICENCE] and seen.get("version") != entry["version"]:
            found.append(
                "the package of the container runtime asks for its licence, and nobody has said that it is accepted: "
                "read Huawei's licence for it, then set ascend_container_accept_licence: true."
            )
        if name not in entry["engines"]:
            found.append(
                f"container runtime {entry['version']} is not made for {name}, but for {', '.join(entry['engines'])}: "
                "set ascend_container_engine to one of them, or ascend_container_runtime_version to a newer release."
            )
        if engine and not engine.get("installed") and not entry[_INSTALL]:
            found.append(
                f"{name} is not installed: set ascend_container_engine_install: true to install it from the "
                "distribution, or install it, or set ascend_container_engine to the one there is."
            )
        if engine.get("problem"):
            found.append(f"{engine.get('config')} is not touched: {engine['problem']}.")
        return found

    def theirs(self, site: Site, step: Step) -> Verdict | None:
        seen = _seen(site.facts)
        if step.get("product") != self.name or not seen.get("version") or seen.get("ours"):
            return None
        return Verdict(
            "error",
            f"container runtime {seen['version']} ({seen.get('path')}) was not installed by ascend.fleet: it is not "
            f'touched. Uninstall it with script/uninstall.sh beside it, or set {self.variable}: "{seen["version"]}" '
            "to use it as it is.",
            self.chosen_by,
        )

    def back(self, facts: Facts, product: str, version: str) -> dict[str, Any]:
        # What the engine was before says the record on the host.
        return {self.name: version} if product == self.name else {}

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        seen, before = _seen(site.facts), journal(site.facts).get("before_last_run") or {}
        there = {seen_by.CONFIGURATION: bool(seen.get("configured")), self.name: bool(seen.get("ours"))}
        # The engine first: none may be left with a runtime that is gone.
        return [
            Standing(product, values.text(seen.get("version")) if product == self.name else None)
            for product, is_there in there.items()
            if is_there and (everything or (product in before and before[product] is None))
        ]

    def label(self, step: Step) -> str:
        product, engine = step.get("product"), step["to"]
        if product == seen_by.CONFIGURATION:
            return f"{engine} with the Ascend runtime" if engine else "container engine back to what it was"
        if product != self.name:
            return f"{product} of the distribution"
        return super().label(step).replace(self.name, "container runtime")

    # -- files and report -----------------------------------------------------------------------------------------

    def place(
        self, entry: dict[str, Any], stack: Stack, subject: Subject, catalog: Catalog
    ) -> tuple[str | None, dict[str, str], published.Want | None]:
        url, headers = published.address(
            catalog, self.name, entry["version"], entry["package"], arch=str(subject.get("arch"))
        )
        return url, headers, None

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        return values.text(_seen(facts).get("version"))

    def fingerprint(self, entry: dict[str, Any]) -> str | None:
        return None


def _seen(facts: Facts) -> dict[str, Any]:
    return values.part(facts, seen_by.COMPONENT)


def _engine(facts: Facts) -> dict[str, Any]:
    return values.part(_seen(facts), "engine")


def _canns_of(catalog: Catalog, driver: str | None) -> list[str]:
    """The CANN releases that are published with a driver's HDK."""
    rows = [row for row in catalog["hdk"] if driver and versions.same(row["driver"], driver)]
    return [
        row["cann"] for row in catalog["cann"] if any(pattern_holds(one, name) for one in rows for name in row["hdk"])
    ]


COMPONENT = ContainerRuntime()
