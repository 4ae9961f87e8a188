# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the network of a fleet from what was observed and probed, on the control node, without a connection."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import judge, ports, probes, thresholds, words
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import plain


class ActionModule(ControlAction):
    """Thin: reads what the plays registered, and the pure functions judge it."""

    ARGUMENTS = {
        **HOSTS,
        "at_most": {"type": "int", "default": probes.AT_MOST},
        "super_pods": {"type": "bool", "default": False},
        "thresholds": {"type": "dict"},
        "catalog_overlay": {"type": "path"},
    }
    READS = ("ascend_network", "ascend_catalog")

    def act(self, args, task_vars):
        try:
            rows = catalog.load(args["catalog_overlay"])[thresholds.TABLE]
            limits = thresholds.read(rows, plain(args["thresholds"]))
        except (catalog.CatalogError, thresholds.ThresholdError) as error:
            raise AnsibleActionFail(str(error)) from error
        fleet = ports.of_fleet(hosts(args, task_vars), task_vars["hostvars"])
        course = probes.plan(fleet, args["at_most"])
        if args["super_pods"]:
            course = probes.with_super_pods(course, fleet)
        results = [
            result
            for host, found in course.probes.items()
            for result in ports.results(found, ports.registered(task_vars["hostvars"], host, ports.SEEN))
        ]
        verdict = judge.verdict(fleet, course.shape, results, limits)
        return {"network": verdict, "ascend_lines": words.lines(verdict)}
