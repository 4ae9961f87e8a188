# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnoses every host of the play from what was observed, on the control node, without a connection."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.ascend.fleet.plugins.plugin_utils import diagnosis, wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.planner import Planner


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _result, args = self.validate_argument_spec({"hosts": {"type": "list", "elements": "str"}})
        task_vars = task_vars or {}
        hosts = args["hosts"] or task_vars.get("ansible_play_hosts_all") or [task_vars["inventory_hostname"]]
        planner = Planner()
        diagnoses, summaries, failures = {}, {}, {}
        for host in hosts:
            variables = task_vars["hostvars"].raw_get(host)
            observation = variables.get("ascend_observation") or {}
            probe = variables.get("doctor_observation") or {}
            wish = wishes.of_host(self._templar, variables)
            problems = diagnosis.of_host(host, observation, probe, wish, planner)
            diagnoses[host] = problems
            summaries[host] = diagnosis.summary((observation.get("ansible_facts") or {}).get("ascend"))
            errors = [f"{row['problem']} ({row['evidence']})" for row in problems if row["severity"] == "error"]
            if errors:
                failures[host] = " ".join(errors) + " The diagnosis says how to mend it."
        return {
            "changed": False,
            "diagnoses": diagnoses,
            "states": {host: diagnosis.state(problems) for host, problems in diagnoses.items()},
            "failures": failures,
            "ascend_lines": diagnosis.lines(diagnoses, summaries),
        }
