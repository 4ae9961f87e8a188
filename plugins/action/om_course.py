# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides on the control node, without a connection, which inference host proves which model and who converts it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import (
    HOSTS,
    ControlAction,
    Registered,
    hosts,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.handover import course, models
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import part, plain, text

catalog.load_early()


class ActionModule(ControlAction):
    """Thin: reads what the plays left of each host, and course.lay_out does the rest."""

    ARGUMENTS = {
        **HOSTS,
        "models_dir": {"type": "path", "required": True},
        "models": {"type": "list", "elements": "dict", "default": []},
        "plans": {"type": "dict", "default": {}},
        "force": {"type": "bool", "default": False},
    }
    READS = ("ascend_models_dir", "ascend_om_", "ascend_fleet_plan")

    def act(self, args, task_vars):
        wrong = models.problems(args["models"])
        if wrong:
            return {"failed": True, "msg": " ".join(wrong)}
        found = [self._member(name, args, task_vars) for name in hosts(args, task_vars)]
        folder = str(Path(args["models_dir"]).absolute())
        laid = course.lay_out(found, folder, functools.partial(_made, folder), args["force"])
        dry = self._task.check_mode  # nothing is converted that could be proven
        return {
            "convert": {} if dry else laid.convert,
            "prove": {} if dry else laid.prove,
            "unproven": {
                **{name: {"status": "skipped", "reason": reason} for name, reason in laid.skipped.items()},
                **{name: {"status": "failed", "reason": reason} for name, reason in laid.failed.items()},
            },
            "soc_names": course.soc_names(found),
            "ascend_lines": laid.lines,
        }

    def _member(self, name: str, args: dict[str, Any], task_vars: dict[str, Any]) -> course.Member:
        """One host; of those that have nothing to do with models little is read."""
        variables = Registered(task_vars["hostvars"], name)
        facts = part(part(plain(variables.get("ascend_observation") or {}), "ansible_facts"), "ascend")
        plan = plain(args["plans"].get(name) or {})
        member = course.Member(name, facts, part(plan, "fingerprint"), _well(plan, variables))
        infers = part(facts, "accelerators").get("role") == "inference" and not part(plan, "stack").get("inference")
        compiles = any(row.get("product") == "toolkit" for row in facts.get("cann") or [])
        if not infers and not compiles:
            return member
        wish = wishes.of_host(self._templar, task_vars["hostvars"].raw_get(name))
        wanted: list[models.Model] = []
        problem = None
        try:
            if infers:
                wanted += [models.tiny()] if "inference" in wish.desired["ascend_components"] else []
                wanted += [models.load(entry) for entry in (*args["models"], *wish.desired[models.VARIABLE])]
        except ValueError as error:
            problem = str(error)
        return course.Member(
            name, facts, member.fingerprint, member.well, tuple(wanted), _environments(plan, wish.desired), problem
        )


def _well(plan: Mapping[str, Any], variables: Mapping[str, Any]) -> bool:
    """Whether the run has left a host as it should be."""
    outcome = plain(variables.get("rollout_outcome") or {})
    return plan.get("status") == "converged" or outcome.get("status") == "changed"


def _environments(plan: dict[str, Any], desired: dict[str, Any]) -> list[str]:
    """The environments of the host's frameworks, whose packages the compiler of models takes."""
    names = part(plan, "environments")
    return [
        f"{desired['ascend_env_root'].rstrip('/')}/{names[one.name]}"
        for one in environment.frameworks()
        if part(plan, "stack").get(one.name) and text(names.get(one.name))
    ]


def _made(folder: str, model: models.Model, soc: str) -> tuple[str, dict[str, Any]] | None:
    return models.made(model, folder, soc)
