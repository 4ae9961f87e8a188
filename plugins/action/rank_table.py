# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes HCCL's rank table from what was observed, on the control node, without a connection."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import (
    HOSTS,
    ControlAction,
    Registered,
    hosts,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import ports, rank_table


class ActionModule(ControlAction):
    """Thin: reads the observations, and rank_table.build does the rest."""

    ARGUMENTS = {
        **HOSTS,
        "chips": {"type": "list", "elements": "int", "default": []},
        "version": {"type": "str", "choices": ["auto", *rank_table.VERSIONS], "default": "auto"},
    }
    READS = ("ascend_rank_table",)

    def act(self, args, task_vars):
        try:
            servers = [self._server(name, task_vars["hostvars"], args["chips"]) for name in hosts(args, task_vars)]
            table = rank_table.build(servers, args["version"])
        except rank_table.RankTableError as error:
            raise AnsibleActionFail(str(error)) from error
        return {
            "table": table,
            "text": rank_table.text(table),
            "version": table["version"],
            "ranks": sum(len(server.devices) for server in servers),
        }

    def _server(self, name, hostvars, chips):
        """A host's part; it is known to the others by its address, else by its name."""
        address = Registered(hostvars, name).get("ansible_host")
        return ports.server(name, str(address or name), ports.registered(hostvars, name, ports.OBSERVATION), chips)
