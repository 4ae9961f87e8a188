# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans every observed host of the play, on the control node, without a connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.planning import finding
from ansible_collections.ascend.fleet.plugins.plugin_utils import plan_text, wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.planner import Planner


class ActionModule(ControlAction):
    ARGUMENTS = {
        **HOSTS,
        "components": {"type": "list", "elements": "str"},
        "pins": {"type": "dict", "default": {}},
        "target": {"type": "str", "choices": ["desired", "previous", "undo", "absent"], "default": "desired"},
        "save": {"type": "path"},
        "against": {"type": "path"},
    }

    def act(self, args, task_vars):
        planner = Planner(components=args["components"], pins=args["pins"])
        plans = {}
        for host in hosts(args, task_vars):
            variables = task_vars["hostvars"].raw_get(host)
            observation = variables.get("ascend_observation") or {}
            plans[host] = planner.plan(host, observation, wishes.of_host(self._templar, variables), args["target"])
        if args["against"]:
            _hold_to(plans, Path(args["against"]))
        if args["save"]:
            _save(plans, Path(args["save"]))
        groups: dict[str, list[str]] = {status: [] for status in plan_text.ORDER}
        for host, plan in plans.items():
            groups[plan["status"]].append(host)
        result = {"plans": plans, "groups": groups, "ascend_lines": plan_text.lines(plans)}
        if self._task.diff:
            result["diff"] = [diff for host, plan in plans.items() for diff in plan_text.diff(host, plan)]
        return result


def _moves(plan: dict[str, Any]) -> list[tuple]:
    return [(step["id"], step["from"], step["to"], step["package"]) for step in plan["steps"]]


def _hold_to(plans: dict[str, dict[str, Any]], path: Path) -> None:
    """Refuse every host whose plan is not the one that was saved."""
    saved, reason = None, ""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))["plans"]
    except (OSError, ValueError, KeyError, TypeError) as exc:
        reason = f"ascend_plan_file {path} cannot be used ({exc}): make it with ansible-playbook ascend.fleet.plan."
    for host, plan in plans.items():
        if plan["status"] not in ("pending", "converged"):
            continue
        if saved is None:
            message = reason
        elif host not in saved:
            message = f"{host} is not in the saved plan {path}: make a new plan, or leave the host out with --limit."
        elif json.loads(json.dumps(_moves(plan))) != json.loads(json.dumps(_moves(saved[host]))):
            message = "the fleet has moved on since the plan was saved: this host would change differently now. " \
                      "Make a new plan."
        else:
            continue
        plan["findings"].append(finding("plan-moved", "error", message, variable="ascend_plan_file"))
        plan["status"] = "refused"


def _save(plans: dict[str, dict[str, Any]], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole_file.put(str(path), json.dumps({"schema": 1, "plans": plans}, indent=1, sort_keys=True), 0o600)
