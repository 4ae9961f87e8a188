# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles have to bring, prepare and do for a host's plan: asked of their variables, on the control node alone."""

from __future__ import annotations

from typing import Any, cast

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import ControlAction
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import role_work, shares
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Plan

role_work.load_early()


class ActionModule(ControlAction):
    """Implements ascend.fleet.work; its documentation is in plugins/modules/work.py."""

    # It asks the roles of one host, so that no fact of that host may pass for any of their variables.
    READS = ("",)
    ARGUMENTS = {
        "roles": {"type": "list", "elements": "str", "required": True},
        "plan": {"type": "dict"},
    }

    def act(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        return of_host(args, self._templar, task_vars)


def of_host(args: dict[str, Any], templar: Any, task_vars: dict[str, Any]) -> dict[str, Any]:
    """What roles have to do for a host's plan, as the module documents it. Raises AnsibleActionFail.

    Args:
        args: C(roles), and C(plan) where it is not the host's.
    """
    plan, roles = plan_and_roles(args, templar, task_vars)
    asked = role_work.RoleWork(templar, {**task_vars, "ascend_plan": plan})
    pairs = role_work.pairs(plan, roles)
    stretches = shares.stretches(plan, roles)
    return {
        "first": shares.first_of(stretches),
        "sets": asked.sets(pairs),
        "packages": asked.system(pairs),
        "packages_wished": asked.system(pairs, "system_wished"),
        "prepare": asked.prepared(pairs),
        "stretches": stretches,
    }


def plan_and_roles(args: dict[str, Any], templar: Any, task_vars: dict[str, Any]) -> tuple[Plan, list[str]]:
    """The plan that roles work on, and those of them that have steps in it. Raises AnsibleActionFail."""
    plan = args.get("plan") or templar.template(task_vars.get("ascend_plan"))
    if not isinstance(plan, dict):
        raise AnsibleActionFail(
            "There is no plan for the roles to work on. Fix: make one with ascend.fleet.plan and give it as plan, or"
            " use the role itself, which plans for itself."
        )
    known = cast(Plan, plan)
    return known, shares.at_work(known, args["roles"])
