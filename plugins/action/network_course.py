# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays out the probes between the NPUs of a fleet, on the control node, without a connection."""

from __future__ import annotations

from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import ports, probes


class ActionModule(ControlAction):
    """Thin: reads the observations, and probes.plan does the rest."""

    ARGUMENTS = {
        **HOSTS,
        "at_most": {"type": "int", "default": probes.AT_MOST},
        "super_pods": {"type": "bool", "default": False},
    }
    READS = ("ascend_network",)

    def act(self, args, task_vars):
        fleet = ports.of_fleet(hosts(args, task_vars), task_vars["hostvars"])
        course = probes.plan(fleet, args["at_most"])
        if args["super_pods"]:
            course = probes.with_super_pods(course, fleet)
        return {
            "shape": course.shape,
            "work": {
                host["name"]: {
                    "path": host["tool"],
                    "look": [port.key.chip for port in host["ports"] if port.used],
                    "probes": [
                        {"chip": one.source.chip, "address": one.address, "via": one.via}
                        for one in course.probes.get(host["name"], ())
                    ],
                }
                for host in fleet
                if host["tool"] and (course.probes.get(host["name"]) or any(port.used for port in host["ports"]))
            },
        }
