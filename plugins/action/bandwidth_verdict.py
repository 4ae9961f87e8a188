# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the measured bandwidth of a fleet and keeps it for the next time, on the control node."""

from __future__ import annotations

from datetime import datetime, timezone

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import bandwidth, bandwidth_file, ports, thresholds
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import number, part, plain, text

SEEN, ACROSS = "ascend_bandwidth_seen", "ascend_bandwidth_across_seen"


class ActionModule(ControlAction):
    """Thin: reads what the plays registered and the history, and the pure functions judge it."""

    ARGUMENTS = {
        **HOSTS,
        "history": {"type": "path", "required": True},
        "marks": {"type": "dict", "default": {}},
        "floors": {"type": "dict"},
        "thresholds": {"type": "dict"},
        "catalog_overlay": {"type": "path"},
    }
    READS = ("ascend_bandwidth", "ascend_network", "ascend_report", "ascend_catalog")

    def act(self, args, task_vars):
        names, hostvars = hosts(args, task_vars), task_vars["hostvars"]
        try:
            rows = catalog.load(args["catalog_overlay"])[thresholds.TABLE]
            limit = thresholds.read(rows, plain(args["thresholds"]))[bandwidth.MEASURE]
            floors = bandwidth.floors(plain(args["floors"]))
        except (catalog.CatalogError, thresholds.ThresholdError, ValueError) as error:
            raise AnsibleActionFail(str(error)) from error
        past, marks = bandwidth_file.read(args["history"]), plain(args["marks"])
        runs = [self._run(name, hostvars, marks, past) for name in names]
        runs += self._across(names, hostvars, marks, past)
        found = bandwidth.verdict(runs, limit, floors, past.speeds)
        if not self._task.check_mode:
            now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            troubled = {row["where"] for row in found["troubles"] if row["level"] == "alarm"}
            bandwidth_file.append(args["history"], bandwidth.history_lines(runs, now, marks, troubled))
        return {"bandwidth": found, "ascend_lines": bandwidth.lines(found)}

    def _run(self, name, hostvars, marks, past):
        facts = ports.facts_of(hostvars, name)
        seen = ports.registered(hostvars, name, SEEN)
        if not seen or seen.get("skipped"):
            before = bandwidth.as_before(name, marks.get(name), past)
            if before:
                return before
            seen = {"available": False, "reason": bandwidth.left_alone(facts)}
        return bandwidth.measured(name, _family(facts), bandwidth.npus(facts), seen)

    def _across(self, names, hostvars, marks, past):
        """The run across the hosts, of this run, else of an earlier one."""
        for name in names:
            seen = ports.registered(hostvars, name, ACROSS)
            if seen and not seen.get("skipped"):
                facts = ports.facts_of(hostvars, name)
                count = int(number(seen.get("hosts")) or 1)
                yield bandwidth.measured(bandwidth.ACROSS, _family(facts), bandwidth.npus(facts), seen, count)
                return
        before = bandwidth.as_before(bandwidth.ACROSS, marks.get(bandwidth.ACROSS), past)
        if before:
            yield before


def _family(facts):
    return text(part(facts, "accelerators").get("family"))
