# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a component that the user left open may be, best first, given what is already chosen.

Best: named by a document of Huawei, then accepted by the vendor's own files, then reported by users; among equals
the newest. What a rule of module_utils/compat* calls an error is no candidate.
"""

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    framework as compat_framework,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    hdk as compat_hdk,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case, canonical, find_row, pattern_holds

# The rules that join two components. Only these can make a choice impossible.
PAIRS = (
    (("mindspore", "mindformers"), compat_framework.mindformers_mindspore),
    (("mindspore", "cann"), compat_framework.mindspore_cann),
    (("mindspore", "python"), compat_framework.mindspore_python),
    (("cann", "python"), compat_framework.cann_python),
    (("cann", "driver"), compat_hdk.cann_driver),
    (("driver", "firmware"), compat_hdk.driver_firmware),
)
CONFIRMED, SAID, DOUBTFUL, UNKNOWN, REFUSED = range(5)
_WEIGHT = {"info": SAID, "warning": DOUBTFUL, "error": REFUSED}
# How doubtful a free choice may be. A pair of two pins is the user's word: only an error rules it out.
_LIMIT = {
    "mindspore": SAID,
    "mindformers": DOUBTFUL,
    "cann": SAID,
    "driver": SAID,
    "firmware": SAID,
    "python": DOUBTFUL,
}


class Search:
    """One resolution: the catalog, the pins, the host, and the verdicts on pairs already asked for."""

    def __init__(self, catalog, pins, host, accept=(), installed=None):
        self.catalog = catalog
        self.pins = pins
        self.host = host
        self.accept = frozenset(accept)
        self.installed = installed
        self._verdicts = {}

    def with_pins(self, pins):
        """The same question with other pins; what is known about pairs stays known."""
        other = Search(self.catalog, pins, self.host, self.accept, self.installed)
        other._verdicts = self._verdicts
        return other

    def verdict(self, rule, chosen):
        """(weight, findings) of one pair rule on chosen (component -> version)."""
        memo = (rule.__name__, tuple(sorted(chosen.items())))
        if memo not in self._verdicts:
            case = Case(self.catalog, chosen, self.host, self.installed)
            rule(case)
            weights = [_WEIGHT[found["severity"]] for found in case.findings if found["rule"] not in self.accept]
            self._verdicts[memo] = (max([*weights, UNKNOWN if case.open else CONFIRMED]), case.findings)
        return self._verdicts[memo]

    def _weights(self, component, version, chosen):
        for names, rule in PAIRS:
            if component in names:
                other = names[0] if names[1] == component else names[1]
                if chosen.get(other):
                    yield other, self.verdict(rule, {component: version, other: chosen[other]})[0]

    def weight(self, component, version, chosen):
        """The worst verdict of version with what is chosen, CONFIRMED to REFUSED."""
        return max([weight for _other, weight in self._weights(component, version, chosen)] + [CONFIRMED])

    def allowed(self, component, version, chosen):
        """True when version goes with what is chosen, as strictly as free choices and pins ask for."""
        pinned = component in self.pins
        here = not pinned and component in ("driver", "firmware") and versions.same(version, self.present(component))
        for other, weight in self._weights(component, version, chosen):
            if (pinned and other in self.pins) or here:
                limit = UNKNOWN
            elif pinned or (other in self.pins and component == "cann" and other == "driver"):
                limit = DOUBTFUL
            else:
                limit = _LIMIT[component]
            if weight > limit:
                return False
        return True

    def domain(self, component, chosen):
        """The candidates of a component, best first; [None] when it stays empty."""
        found = [self.pins[component]] if component in self.pins else getattr(self, "_" + component)(chosen)
        return [version for version in found if version is None or self.allowed(component, version, chosen)]

    def _ordered(self, component, candidates, chosen, prefer=lambda version: 0):
        newest_first = sorted(set(candidates), key=versions.key, reverse=True)
        return sorted(newest_first, key=lambda version: (self.weight(component, version, chosen), prefer(version)))

    def _mindspore(self, chosen):
        rows = [row["mindspore"] for row in self.catalog["mindspore"] if "alpha" not in row["mindspore"]]
        named = find_row(self.catalog, "mindformers", self.pins["mindformers"]) if "mindformers" in self.pins else None
        if named:
            rows += [canonical(self.catalog, "mindspore", name) for name in named["mindspore"]]
        together = dict(
            {name: self.pins[name] for name in ("mindformers", "cann", "python") if name in self.pins}, **chosen
        )
        return self._ordered("mindspore", rows, together)

    def _mindformers(self, chosen):
        if not chosen.get("mindspore"):
            return [None]
        documented = [row["mindformers"] for row in self.catalog["mindformers"] if row["mindspore"]]
        return [*self._ordered("mindformers", documented, chosen), None]

    def _cann(self, chosen):
        rows = {row["cann"]: row for row in self.catalog["cann"]}
        finished = [name for name in rows if versions.same(versions.community_base(name), name)]
        return self._ordered("cann", finished, chosen, lambda name: 0 if rows[name]["confidence"] != "user" else 1)

    def _driver(self, chosen):
        chip, cann = self.host.get("chip"), chosen.get("cann")
        rows = [row for row in self.catalog["hdk"] if chip in (None, *row["chips"])]
        row = (find_row(self.catalog, "cann", cann) if cann else None) or {}
        named = (row.get("hdk") or [], row.get("hdk_compatible") or [])
        wants_firmware = self.host.get("host_kind") not in ("vm", "container") and "firmware" not in self.pins

        def prefer(driver):
            mine = [item for item in rows if item["driver"] == driver]
            rank = next(
                (
                    place
                    for place, names in enumerate(named)
                    if any(pattern_holds(item, name) for item in mine for name in names)
                ),
                len(named),
            )
            return wants_firmware and not any(item["firmware"] for item in mine), rank

        found = self._ordered("driver", [item["driver"] for item in rows], chosen, prefer)
        present = self.present("driver")
        best = next((item for item in found if self.allowed("driver", item, chosen)), None)
        if present and (best is None or versions.compare(present, best) > 0):
            found = [present] + [item for item in found if not versions.same(item, present)]
        return found

    def _firmware(self, chosen):
        driver, chip = chosen.get("driver"), self.host.get("chip")
        rows = [
            row
            for row in self.catalog["hdk"]
            if driver and versions.same(row["driver"], driver) and chip in (None, *row["chips"]) and row["firmware"]
        ]
        found = self._ordered("firmware", [row["firmware"] for row in rows], chosen)
        present = self.present("firmware")
        if present and (not found or versions.compare(present, found[0]) > 0):
            found = [present] + [item for item in found if not versions.same(item, present)]
        return [*found, None]

    def _python(self, chosen):
        row = find_row(self.catalog, "mindspore", chosen["mindspore"]) if chosen.get("mindspore") else None
        if row is None:
            return [None]
        oldest, newest = (int(text.split(".")[1]) for text in row["python"])
        minors = [f"3.{number}" for number in range(newest, oldest - 1, -1)]
        advised = []
        if chosen.get("mindformers"):
            # The documented Python of MindFormers counts only together with the MindSpore it is documented with.
            named = find_row(self.catalog, "mindformers", chosen["mindformers"])
            if any(versions.release(chosen["mindspore"]) == versions.release(name) for name in named["mindspore"]):
                advised = named["python"]
        return self._ordered("python", minors, chosen, lambda version: 0 if version in advised else 1)

    def present(self, component):
        """The version of driver or firmware on the host now, or None."""
        return Case(self.catalog, {}, self.host, self.installed).installed_part(component).get("installed")

    def solve(self, order, chosen=None):
        """The first complete choice in order of preference, or None when the pins leave none."""
        chosen = dict(chosen or {})
        if not order:
            return chosen
        component, rest = order[0], order[1:]
        for version in self.domain(component, chosen):
            found = self.solve(rest, dict(chosen, **{component: version}))
            if found is not None:
                return found
        return None
