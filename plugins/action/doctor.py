# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnoses every host of the play from what was observed, on the control node, without a connection."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import hccl_errors
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer.observed import UNREADABLE, unreadable
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import diagnosis, network
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean

LOG_LIMIT = 16 * 1024 * 1024  # characters of a pasted log


class ActionModule(ControlAction):
    ARGUMENTS = {**HOSTS, "log": {"type": "path"}}
    READS = ("doctor_log",)

    def act(self, args, task_vars):
        planner = Planner()
        diagnoses, summaries, failures = {}, {}, {}
        pasted = self._pasted(args["log"])
        observations = {}
        for host in hosts(args, task_vars):
            variables = task_vars["hostvars"].raw_get(host)
            observation = variables.get("ascend_observation") or {}
            observations[host] = observation
            probe = network.with_pasted(variables.get("doctor_observation") or {}, pasted)
            wish = wishes.of_host(self._templar, variables)
            try:
                problems = diagnosis.of_host(host, observation, probe, wish, planner)
                summaries[host] = diagnosis.summary((observation.get("ansible_facts") or {}).get("ascend"))
            except UNREADABLE as error:  # what one host answers never ends the diagnosis of the others
                problems = diagnosis.of_host(host, {"msg": unreadable(error)}, {}, wish, planner)
                summaries[host] = diagnosis.summary(None)
            diagnoses[host] = problems
        for host, problems in network.across(observations).items():
            diagnoses[host] = diagnosis.ordered([*diagnoses[host], *problems])
        for host, problems in diagnoses.items():
            errors = [clean(f"{row['problem']} ({row['evidence']})") for row in problems if row["severity"] == "error"]
            if errors:
                failures[host] = " ".join(errors) + " The diagnosis says how to mend it."
        return {
            "diagnoses": diagnoses,
            "states": {host: diagnosis.state(problems) for host, problems in diagnoses.items()},
            "failures": failures,
            "ascend_lines": diagnosis.lines(diagnoses, summaries),
        }

    def _pasted(self, path: str | None) -> list[dict[str, str]]:
        """HCCL's errors in a log of the user's on the control node."""
        if not path:
            return []
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                text = stream.read(LOG_LIMIT)
        except OSError as error:
            raise AnsibleActionFail(
                f"doctor_log: {path} cannot be read: {error.strerror}. Name a text file on the control node."
            ) from error
        return [{**row, "file": path} for row in hccl_errors.codes(text)]
