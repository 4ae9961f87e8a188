# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the operating system: only those that ascend_host_tuning asks for, in files and in the running kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.host import tuning, tuning_wanted
from ansible_collections.ascend.fleet.plugins.plugin_utils import values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component, Member, Own, Site, Standing
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack, Step, finding

VARIABLE = "ascend_host_tuning"
_RULE = "host-tuning"


class HostTuning(Component):
    name = tuning_wanted.COMPONENT
    title = "Settings of the operating system"
    role = "host_tuning"
    after = ("driver", "firmware")
    versioned = False
    tabled = False
    has_version = False
    removable = True
    minutes = 1
    fleet_variables = (VARIABLE,)

    def together(self, members: Iterable[Member]) -> dict[str, Own]:
        found = {}
        for member in members:
            wish = tuning_wanted.normal(member.values[VARIABLE])
            said = tuning_wanted.problems(wish) or _cannot(wish, member.facts or {})
            found[member.name] = Own(
                {"settings": wish},
                [finding(_RULE, "error", f"{VARIABLE}: {one}.", variable=VARIABLE) for one in said],
            )
        return found

    def installed(self, site: Site, stack: Stack) -> str | None:
        return None

    def step(self, site: Site, stack: Stack) -> Step | None:
        wish = values.part(stack[self.name], "settings")
        live = values.part(_seen(site.facts), "live")
        found = _differences(wish, _seen(site.facts))
        if not found and self.name not in (site.facts.get("journal") or {}).get("unfinished_components", ()):
            return None
        why = "; ".join(_said(row) for row in found[:3]) or f"an earlier change of {self.name} was interrupted"
        if len(found) > 3:
            why += f"; and {len(found) - 3} more"
        step = self.make_step(site.facts, "configure", None, tuning_wanted.words(wish), why)
        now = {
            name: values.part(live, path).get("now")
            for path, name in _names(live).items()
            if any(row["where"] == path for row in found)
        }
        if now:
            step["from"] = tuning_wanted.words(dict.fromkeys(now), now)
        return step

    def label(self, step: Step) -> str:
        if step["action"] == "remove":
            return "settings of the operating system back to what they were"
        return f"settings: {step['to']}"

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        seen = _seen(site.facts)
        there = seen.get("recorded") if everything else seen.get("can_go_back")
        return [Standing("settings of the operating system", "as they were set")] if there else []

    def fingerprint(self, entry: dict[str, Any]) -> str | None:
        return None

    def wanted(self, stack: Stack) -> str | None:
        return None


def _seen(facts: Facts) -> dict[str, Any]:
    return values.part(facts, tuning_wanted.COMPONENT)


def _cannot(wish: Mapping[str, Any], facts: Facts) -> list[str]:
    """Why this host cannot have a setting, in words."""
    seen = _seen(facts)
    if not seen.get("asked"):
        return []
    if facts.get("host_kind") == "container":
        return ["a container has the settings of its host: set it for the host only"]
    live, files, found = values.part(seen, "live"), values.part(seen, "files"), []
    governors = [path for path in live if tuning.is_governor_file(path)]
    for path in tuning_wanted.files(wish):
        row = values.part(files, path)
        if row.get("text") is not None and not row.get("ours"):
            found.append(f"{path} is there, and is not of ascend.fleet: move the file away, or leave its settings out")
    for path in tuning_wanted.live(wish, ()):
        if values.part(live, path).get("now") is None:
            found.append(f"the kernel of this host has no {path}: leave that setting out for it")
    if "governor" in wish and not governors:
        found.append("nothing governs the frequency of this host's CPUs: leave governor out for it")
    allowed = seen.get("available_governors")
    if governors and allowed and wish.get("governor", allowed[0]) not in allowed:
        found.append(f"governor is {wish['governor']}; the CPUs of this host take {', '.join(allowed)}")
    return found


def _differences(wish: dict[str, Any], seen: Mapping[str, Any]) -> list[dict[str, Any]]:
    files, live = values.part(seen, "files"), values.part(seen, "live")
    record = {
        "files": [path for path, row in files.items() if row.get("ours")],
        "before": {path: row["before"] for path, row in live.items() if row.get("before") is not None},
    }
    governors = [path for path in live if tuning.is_governor_file(path)]
    wanted_files, wanted_live = tuning_wanted.target(wish, record, governors)
    files_now = {path: row.get("text") for path, row in files.items()}
    live_now = {path: row.get("now") for path, row in live.items()}
    found = tuning_wanted.differences(wanted_live, live_now)
    return found + tuning_wanted.differences(wanted_files, files_now)


def _said(row: Mapping[str, Any]) -> str:
    if row["where"] in tuning_wanted.FILES:
        state = "is not there" if row["now"] is None else "is of other settings"
        return f"{row['where']} {state}"
    return f"{row['where']} is {row['now'] or 'empty'}, not {row['wanted'] or 'empty'}"


def _names(live: Mapping[str, Any]) -> dict[str, str]:
    """{path of the kernel: setting}; of the CPUs' governors the first."""
    found = {tuning.sysctl_path(kernel): name for name, kernel in tuning.SYSCTL.items()}
    found[tuning.THP] = "transparent_hugepages"
    governors = [path for path in live if tuning.is_governor_file(path)]
    return {**found, **dict.fromkeys(governors[:1], "governor")}


COMPONENT = HostTuning()
