# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says where each choice of the resolver comes from, and what the user should know about it."""

from __future__ import annotations

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import hdk, serving
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve.search import PAIRS, Chosen, Search
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Stack

GUEST_WHY = {
    "vm": "firmware: none, a virtual machine cannot flash its host's cards",
    "container": "driver and firmware: none, a container uses those of its host",
}
# Pairs that say nothing about where a choice comes from: the former follows the latter's own list.
_NO_REASON = (("cann", "driver"), ("driver", "firmware"))


def explain(search: Search, choice: Choice, stack: Stack) -> None:
    """Say where each free choice comes from, and what the user should know about it."""
    chosen = choice.versions
    for component in components.BY_CHOICE:
        version = chosen.get(component.name)
        if version and component.name not in choice.fixed:
            choice.why.append(f"{component.name} {version}: {_reason(search, component.name, version, chosen)}")
    _cannot_have(search, choice, stack)
    for component in components.ALL:
        component.explain(choice, stack, search.present(component.name))
    kind = choice.subject.get("host_kind")
    if kind in GUEST_WHY:
        choice.case.info("firmware-host-kind", GUEST_WHY[kind], "article; host (Huawei VM guide)")
    present, cann = search.present("driver"), chosen.get("cann")
    if kind == "container" and present and cann:  # its driver is the host's, which nobody chooses here
        choice.case.findings += [
            found.copy() for found in search.verdict(hdk.cann_driver, {"cann": cann, "driver": present})[1]
        ]


def _cannot_have(search: Search, choice: Choice, stack: Stack) -> None:
    """Say what its makers say of a framework that is pinned for the fleet and that this chip does not get."""
    left = {one.name for one in components.ALL if one.home and one.home not in choice.frameworks}
    pinned: Chosen = {name: version for name, version in choice.fixed.items() if name in left}
    case = Case(search.catalog, pinned, search.host, search.installed)
    if pinned and choice.narrowed is False:
        serving.chip_support(case)
    for found in case.findings:
        # Nothing of it is installed here, so that it stops nobody.
        said = f"{found['message'].rstrip('.')}. None is installed here."
        choice.case.info(found["rule"], said, found["source"], "chip")


def _reason(search: Search, name: str, version: str, chosen: Chosen) -> str:
    if versions.same(search.present(name), version):
        return "it is installed and fits"
    for names, rule in PAIRS:
        other = next((item for item in names if item != name), name)
        if name not in names or other == name or not chosen.get(other) or (name, other) in _NO_REASON:
            continue
        case = Case(search.catalog, {name: version, other: chosen[other]}, search.host, search.installed)
        rule(case)
        for found in [*case.evidence, *case.findings]:
            return f"{found['message']} ({found['source']})"
    return components.get(name).otherwise
