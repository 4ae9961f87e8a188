# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses the hosts whose bandwidth is measured, on the control node, without a connection."""

from __future__ import annotations

from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import bandwidth, bandwidth_file, earlier, ports
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import plain


class ActionModule(ControlAction):
    """Thin: reads observations and history; what depends on what is bandwidth.mark's."""

    ARGUMENTS = {
        **HOSTS,
        "configured": {"type": "bool", "default": False},
        "across": {"type": "bool", "default": False},
        "again": {"type": "bool", "default": True},
        "history": {"type": "path", "required": True},
        "settings": {"type": "list", "elements": "raw", "default": []},
    }
    READS = ("ascend_bandwidth", "ascend_network", "ascend_report_dir", "ascend_fleet_plan")

    def act(self, args, task_vars):
        names, hostvars = hosts(args, task_vars), task_vars["hostvars"]
        if args["configured"]:
            names = ports.configured(names, hostvars, ports.plans(hostvars, task_vars["inventory_hostname"]))
        facts = {name: ports.facts_of(hostvars, name) for name in names}
        fleet = ports.of_fleet(names, hostvars)
        marks = {
            host["name"]: bandwidth.mark(
                earlier.mark(host, facts[host["name"]]), facts[host["name"]], plain(args["settings"])
            )
            for host in fleet
        }
        idle = {name: bandwidth.npus(found) for name, found in facts.items() if not bandwidth.in_use(found)}
        able = {name: mark for name, mark in marks.items() if idle.get(name)}
        if args["across"]:
            marks[bandwidth.ACROSS] = bandwidth.together(able)
        wanted = set(able)
        if not args["again"]:
            past = bandwidth_file.read(args["history"])
            wanted = {name for name, mark in able.items() if bandwidth.as_before(name, mark, past) is None}
            # All take part where they are measured together and one of them is new.
            if args["across"] and bandwidth.as_before(bandwidth.ACROSS, marks[bandwidth.ACROSS], past) is None:
                wanted = set(able)
        return {
            "hosts": names,
            "marks": marks,
            "work": {
                name: {"npus": idle[name], "environment": bandwidth.environment(facts[name])}
                for name in names
                if name in wanted
            },
        }
