# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges every host's variables before any host is contacted."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import host_places, wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean, fold

catalog.load_early()


class ActionModule(ControlAction):
    ARGUMENTS = {**HOSTS, "role": {"type": "bool", "default": False}}

    def act(self, args, task_vars):
        if args["role"]:
            return self._role(task_vars)
        judged = hosts(args, task_vars)
        hostvars = task_vars["hostvars"]
        problems: dict[str, list[str]] = {}
        for host in judged:
            for problem in wishes.of_host(self._templar, hostvars.raw_get(host)).problems:
                problems.setdefault(str(problem), []).append(host)
        result: dict[str, Any] = {
            "problems": problems,
            "ascend_lines": [f"{clean(message)} ({_who(names, judged)})" for message, names in problems.items()],
        }
        # What is wrong on some hosts only is refused host by host in the plan, so that the others go on.
        fatal = [
            line
            for line, names in zip(result["ascend_lines"], problems.values(), strict=True)
            if len(names) == len(judged)
        ]
        if fatal:
            result.update(failed=True, msg=" ".join(fatal))
        return result

    def _role(self, task_vars):
        """What only the tasks of a role can see: its defaults, its parameters and the play's own variables."""
        problems = host_places.of_roles(task_vars, self._templar.template, shared=True)
        host = task_vars["inventory_hostname"]
        result: dict[str, Any] = {
            "problems": {str(problem): [host] for problem in problems},
            "ascend_lines": [str(problem) for problem in problems],
        }
        if problems:
            result.update(failed=True, msg=" ".join(result["ascend_lines"]))
        return result


def _who(names: list[str], hosts: list[str]) -> str:
    if len(names) == len(hosts):
        return "all hosts" if len(hosts) > 1 else hosts[0]
    return fold(clean(name) for name in names)
