# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans every observed host of the play, on the control node, without a connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import planted
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer.observed import UNREADABLE, unreadable
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import courses, together, wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import text as plan_text
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.content import Content
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Plan, finding
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import part


class ActionModule(ControlAction):
    READS = ("ascend_plan_target", "ascend_plan_save", "ascend_plan_file")
    ARGUMENTS = {
        **HOSTS,
        "components": {"type": "list", "elements": "str"},
        "pins": {"type": "dict", "default": {}},
        "target": {"type": "str", "choices": ["desired", "previous", "undo", "absent"], "default": "desired"},
        "observation": {"type": "dict"},
        "save": {"type": "path"},
        "against": {"type": "path"},
    }

    def act(self, args, task_vars):
        planner = Planner(components=args["components"], pins=args["pins"])
        content = Content() if args["against"] or args["save"] else None
        plans: dict[str, Plan] = {}
        asked = {host: task_vars["hostvars"].raw_get(host) for host in hosts(args, task_vars)}
        wished = {host: wishes.of_host(self._templar, variables) for host, variables in asked.items()}
        if args["target"] == "desired":
            together.settle(self._templar, task_vars, asked, wished)
        for host, variables in asked.items():
            observation, wish = args.get("observation") or variables.get("ascend_observation") or {}, wished[host]
            plans[host] = _plan(planner, host, observation, wish, args["target"])
            if content and plans[host]["status"] == "pending":
                _pin(content, plans[host], wish.desired)
        if content and args["against"]:
            _hold_to(plans, Path(args["against"]), content)
        if content and args["save"]:
            planted.refuse(task_vars, ("ascend_report_dir",))  # of which the playbook plan makes the file's name
            _save(plans, Path(args["save"]), content)
        groups: dict[str, list[str]] = {status: [] for status in plan_text.ORDER}
        for host, plan in plans.items():
            groups[plan["status"]].append(host)
        result = {
            "plans": plans,
            "groups": groups,
            "memberships": courses.memberships(plans, {host: _facts(variables) for host, variables in asked.items()}),
            "ascend_lines": plan_text.lines(plans),
        }
        if self._task.diff:
            result["diff"] = [diff for host, plan in plans.items() for diff in plan_text.diff(host, plan)]
        return result


def _pin(content: Content, plan: Plan, desired: dict[str, Any]) -> None:
    """Fix the content of the plan's files; a plan whose files have no hash cannot be reviewed."""
    try:
        content.pin(plan, desired)
    except (ArtifactError, OSError) as error:
        plan["findings"].append(finding("artifact-unproven", "error", str(error), variable="ascend_artifacts"))
        plan["status"] = "refused"


def _plan(planner: Planner, host: str, observation: dict[str, Any], wish: wishes.Wishes, target: str) -> Plan:
    """The plan of a host. What one host answers never ends the plan of the others."""
    try:
        return planner.plan(host, observation, wish, target)
    except UNREADABLE as error:
        return planner.plan(host, {"msg": unreadable(error)}, wish, target)


def _facts(variables: Mapping[str, Any]) -> dict[str, Any]:
    return part(part(part(variables, "ascend_observation"), "ansible_facts"), "ascend")


def _moves(plan: Plan) -> list[Any]:
    return [[step.get(key) for key in ("id", "from", "to", "package", "sha256")] for step in plan["steps"]]


def _hold_to(plans: dict[str, Plan], path: Path, content: Content) -> None:
    """Refuse every host whose plan is not the one that was saved, in its steps or in the content of their files."""
    saved, reason = None, ""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        tables = document.get("files")
        saved = {
            str(host): (
                {"steps": [dict(step) for step in plan["steps"]]},
                _table(tables, plan.get("files")) if plan.get("status") == "pending" else {},
            )
            for host, plan in document["plans"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        reason = f"ascend_plan_file {path} cannot be used ({exc}): make it with ansible-playbook ascend.fleet.plan."
    for host, plan in plans.items():
        if plan["status"] not in ("pending", "converged"):
            continue
        message = reason if saved is None else _moved(host, plan, saved, content, path)
        if message:
            plan["findings"].append(finding("plan-moved", "error", message, variable="ascend_plan_file"))
            plan["status"] = "refused"


def _table(tables: Any, digest: Any) -> dict[str, str]:
    """One table of files of a saved plan. Raises ValueError when there is none."""
    if not isinstance(tables, dict) or not isinstance(tables.get(digest), dict):
        raise ValueError("it does not say what its files contain")
    return {str(name): str(sha256) for name, sha256 in tables[digest].items()}


def _moved(host: str, plan: Plan, saved: dict[str, Any], content: Content, path: Path) -> str | None:
    """Why the plan of a host is not the saved one, as a sentence; None when it is."""
    if host not in saved:
        return f"{host} is not in the saved plan {path}: make a new plan, or leave the host out with --limit."
    before, files = saved[host]
    changed = content.difference(plan, files) if "files" in plan else []
    if changed:
        shown = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        return (
            f"ascend_artifacts is not what was reviewed: {shown} changed, came or went since the plan was saved."
            " Put back what was reviewed, or make a new plan and have it reviewed."
        )
    if json.loads(json.dumps(_moves(plan))) != _moves(before):
        return (
            "the fleet has moved on since the plan was saved: this host would change differently now. Make a new plan."
        )
    return None


def _save(plans: dict[str, Plan], path: Path, content: Content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"schema": 1, "plans": plans, "files": content.tables}
    whole_file.put(str(path), json.dumps(document, indent=1, sort_keys=True), 0o600)
