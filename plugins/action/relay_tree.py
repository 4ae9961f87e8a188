# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses the relays of a run and whom each host asks, on the control node, without a connection."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import planted
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import relay_tree
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import declared
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import fold, wrap

WIDTH = 96


class ActionModule(ControlAction):
    """Implements ascend.fleet.relay_tree; its documentation is in plugins/modules/relay_tree.py."""

    ARGUMENTS = {
        **HOSTS,
        "relays": {"type": "list", "elements": "str", "required": True},
        "fan": {"type": "int", "default": 2},
    }

    def act(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plans = _plans(task_vars)
        ports: dict[str, int] = {}
        members = []
        for name in hosts(args, task_vars):
            if name in plans and plans[name].get("status") != "pending":
                continue
            variables = task_vars["hostvars"].raw_get(name)
            if planted.names(variables):
                continue  # such a host has failed, and nothing that it says counts
            said = self._said(variables)
            address = _address(str(said["ascend_relay_address"] or variables.get("ansible_host") or name))
            ports[name] = said["ascend_relay_port"]
            rack = relay_tree.rack_of(said["ascend_rack"], address)
            members.append(relay_tree.Member(name, address, rack, _files(plans.get(name))))
        tree = relay_tree.grow(members, args["relays"], args["fan"])
        addresses = {member.name: member.address for member in members}
        urls = {name: _url(addresses[name], ports[name]) for name in tree.relays}
        return {
            "relays": [{"name": name, "address": addresses[name], "port": ports[name]} for name in tree.relays],
            "sources": {name: [urls[other] for other in others] for name, others in tree.sources.items()},
            "ascend_lines": _lines(tree, args["relays"]),
        }

    def _said(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The variables of one host that are about relays, with their defaults. Raises declared.Problem."""
        templar = self._templar.copy_with_new_env(available_variables=variables)
        found = {}
        for name in ("ascend_rack", "ascend_relay_address", "ascend_relay_port"):
            given = host_variables.value(templar, variables, name)
            found[name] = declared.default(name) if given is None else declared.value(name, given)
        return found


def _plans(task_vars: dict[str, Any]) -> Mapping[str, Any]:
    """The plans of the playbook; none where it has made none."""
    result = task_vars.get("ascend_fleet_plan")
    plans = result.get("plans") if isinstance(result, Mapping) else None
    return plans if isinstance(plans, Mapping) else {}


def _files(plan: Mapping[str, Any] | None) -> Any:
    """What tells hosts with other files apart: what their steps install."""
    if plan is None:
        return ()
    return tuple(sorted(str((step.get("component"), step.get("to"), step.get("package"))) for step in plan["steps"]))


def _address(name: str) -> str:
    """An address of a host, empty where there is none."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return str(socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, UnicodeError):
        return ""


def _url(address: str, port: int) -> str:
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _lines(tree: relay_tree.Tree, wanted: list[str]) -> list[str]:
    """What was chosen, for people; a relay that was named and is none is told of."""
    lines = []
    if tree.relays:
        lines += wrap(f"Relays for {len(tree.sources)} hosts: {fold(tree.relays)}", WIDTH, "", "  ")
    unused = [name for name in wanted if name != relay_tree.AUTO and name not in tree.relays]
    if unused:
        lines += wrap(f"No relay in this run, because nothing is to come to it: {fold(unused)}", WIDTH, "", "  ")
    return lines or ["No relays in this run: no two hosts want the same files."]
