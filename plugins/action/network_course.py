# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays out the probes between the NPUs of a fleet, on the control node, without a connection."""

from __future__ import annotations

from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import ports, rounds


class ActionModule(ControlAction):
    """Thin: reads the observations, and rounds.of does the rest."""

    ARGUMENTS = {**HOSTS, **rounds.ARGUMENTS, "configured": {"type": "bool", "default": False}}
    READS = ("ascend_network", "ascend_report_dir", "ascend_fleet_plan")

    def act(self, args, task_vars):
        names, hostvars = hosts(args, task_vars), task_vars["hostvars"]
        if args["configured"]:
            names = ports.configured(names, hostvars, ports.plans(hostvars, task_vars["inventory_hostname"]))
        found = rounds.of(names, hostvars, args)
        # A host that has nothing to do for itself is left alone, unless everything is looked at again.
        busy = {name for name, mine in found.now.probes.items() if mine}
        return {
            "hosts": names,
            "shape": found.course.shape,
            "work": {
                host["name"]: {
                    "path": host["tool"],
                    "look": [port.key.chip for port in host["ports"] if port.used],
                    "probes": [
                        {"chip": one.source.chip, "address": one.address, "via": one.via}
                        for one in found.now.probes.get(host["name"], ())
                    ],
                }
                for host in found.fleet
                if host["tool"]
                and (host["name"] in busy or (args["again"] and any(port.used for port in host["ports"])))
            },
        }
