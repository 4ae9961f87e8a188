# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a component that the user left open may be, best first, given what is already chosen.

Best: named by a document of Huawei, then accepted by the vendor's own files, then reported by users; among equals
the newest. What a rule of compat/ calls an error is no candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import (
    CONFIRMED,
    DOUBTFUL,
    REFUSED,
    SAID,
    UNKNOWN,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Finding, Subject

# The rules that join two components, or a component and the host. Only these can make a choice impossible.
_ORDER = [component.name for component in components.BY_CHOICE]
PAIRS: tuple[tuple[tuple[str, ...], Callable[[Case], None]], ...] = tuple(
    sorted(
        ((rule.joins, rule) for rule in judge.CHECKS if hasattr(rule, "joins")),
        key=lambda pair: max(_ORDER.index(name) for name in pair[0]),  # as their versions are chosen
    )
)
_WEIGHT = {"info": SAID, "warning": DOUBTFUL, "error": REFUSED}
Chosen = dict[str, "str | None"]  # component -> version


class Search:
    """One resolution: the catalog, the pins, the host, and the verdicts on pairs already asked for."""

    def __init__(
        self,
        catalog: Catalog,
        pins: dict[str, str],
        host: Subject,
        accept: Iterable[str] = (),
        installed: dict[str, Any] | None = None,
    ) -> None:
        self.catalog = catalog
        self.pins = pins
        self.host = host
        self.accept = frozenset(accept)
        self.installed = installed
        self._verdicts: dict[tuple, tuple[int, list[Finding]]] = {}

    def with_pins(self, pins: dict[str, str]) -> Search:
        """The same question with other pins; what is known about pairs stays known."""
        other = Search(self.catalog, pins, self.host, self.accept, self.installed)
        other._verdicts = self._verdicts
        return other

    def verdict(self, rule: Callable[[Case], None], chosen: Chosen) -> tuple[int, list[Finding]]:
        """(weight, findings) of one pair rule on chosen (component -> version)."""
        memo = (rule.__name__, tuple(sorted(chosen.items())))
        if memo not in self._verdicts:
            case = Case(self.catalog, chosen, self.host, self.installed)
            rule(case)
            confirmed = {item["rule"] for item in case.evidence}  # what is said besides takes nothing from it
            weights = [
                _WEIGHT[found["severity"]]
                for found in case.findings
                if found["rule"] not in self.accept and not (found["severity"] == "info" and found["rule"] in confirmed)
            ]
            self._verdicts[memo] = (max([*weights, UNKNOWN if case.open else CONFIRMED]), case.findings)
        return self._verdicts[memo]

    def _weights(self, component: str, version: str, chosen: Chosen) -> Iterator[tuple[str, int]]:
        for names, rule in PAIRS:
            others = [name for name in names if name != component]
            if component in names and all(chosen.get(name) for name in others):
                about = {component: version, **{name: chosen[name] for name in others}}
                yield (others[0] if others else component), self.verdict(rule, about)[0]

    def weight(self, component: str, version: str, chosen: Chosen) -> int:
        """The worst verdict of version with what is chosen, CONFIRMED to REFUSED."""
        return max([weight for _other, weight in self._weights(component, version, chosen)] + [CONFIRMED])

    def allowed(self, component: str, version: str, chosen: Chosen) -> bool:
        """True when version goes with what is chosen, as strictly as free choices and pins ask for."""
        pinned = component in self.pins
        here = not pinned and versions.same(version, self.present(component))
        for other, weight in self._weights(component, version, chosen):
            if (pinned and other in self.pins) or here:
                limit = UNKNOWN
            elif pinned or (other in self.pins and component == "cann" and other == "driver"):
                limit = DOUBTFUL
            else:
                limit = components.get(component).doubt
            if weight > limit:
                return False
        return True

    def domain(self, component: str, chosen: Chosen) -> list[str | None]:
        """The candidates of a component, best first; [None] when it stays empty."""
        if component in self.pins:
            found: list[str | None] = [self.pins[component]]
        else:
            found = components.get(component).candidates(self, chosen)
        return [version for version in found if version is None or self.allowed(component, version, chosen)]

    def ordered(
        self, component: str, candidates: Iterable[str], chosen: Chosen, prefer: Callable[[str], Any] = lambda _: 0
    ) -> list[str]:
        """Candidates by their verdict with what is chosen, then by prefer (least first), then the newest first."""
        newest_first = sorted(set(candidates), key=versions.key, reverse=True)
        return sorted(newest_first, key=lambda version: (self.weight(component, version, chosen), prefer(version)))

    def present(self, component: str) -> str | None:
        """The version of driver or firmware on the host now; None for what has no such thing as a version in use."""
        part = Case(self.catalog, {}, self.host, self.installed).installed_part(component).get("installed")
        return part if isinstance(part, str) else None

    def solve(self, order: list[str], chosen: Chosen | None = None) -> Chosen | None:
        """The first complete choice in order of preference, or None when the pins leave none."""
        chosen = dict(chosen or {})
        if not order:
            return chosen
        component, rest = order[0], order[1:]
        for version in self.domain(component, chosen):
            found = self.solve(rest, {**chosen, component: version})
            if found is not None:
                return found
        return None
