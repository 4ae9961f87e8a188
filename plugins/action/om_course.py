# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides on the control node, without a connection, which inference host proves which model and who converts it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.convert import toolkit
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
        "plans": {"type": "dict"},
        "force": {"type": "bool", "default": False},
    }
    READS = ("ascend_models_dir", "ascend_om_", "ascend_fleet_plan")

    def act(self, args, task_vars):
        wrong = models.problems(args["models"])
        if wrong:
            return {"failed": True, "msg": " ".join(wrong)}
        plans = args["plans"] if args["plans"] is not None else _registered_plans(task_vars)
        observed = {name: _facts(task_vars["hostvars"].raw_get(name)) for name in hosts(args, task_vars)}
        # Of a fleet that trains nothing more is read.
        there = [name for name, facts in observed.items() if _role(facts) == "inference"]
        there += [name for name, facts in observed.items() if there and name not in there and _compiles(facts)]
        found = [self._member(name, plans.get(name), args["models"], task_vars) for name in there]
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

    def _member(
        self, name: str, planned: Any, handed: list[dict[str, Any]], task_vars: dict[str, Any]
    ) -> course.Member:
        variables = task_vars["hostvars"].raw_get(name)
        facts, plan = plain(_facts(variables)), plain(planned or {})
        infers = _role(facts) == "inference" and not part(plan, "stack").get("inference")
        wish = wishes.of_host(self._templar, variables)
        wanted: list[models.Model] = []
        problem = None
        try:
            if infers:
                wanted += [models.tiny()] if "inference" in wish.desired["ascend_components"] else []
                wanted += [models.load(entry) for entry in (*handed, *wish.desired[models.VARIABLE])]
        except ValueError as error:
            problem = str(error)
        return course.Member(
            name,
            facts,
            part(plan, "fingerprint"),
            _well(plan, Registered(task_vars["hostvars"], name)),
            tuple(wanted),
            _environments(plan, wish.desired),
            problem,
        )


def _registered_plans(task_vars: Mapping[str, Any]) -> Mapping[str, Any]:
    """The plans as the play registered them: to template those of a large fleet into an argument takes long."""
    planned = task_vars.get("ascend_fleet_plan")
    plans = planned.get("plans") if isinstance(planned, Mapping) else None
    return plans if isinstance(plans, Mapping) else {}


def _facts(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """A host as observed last; what a play registered is data, and is not templated."""
    observation = variables.get("ascend_observation")
    facts = observation.get("ansible_facts") if isinstance(observation, Mapping) else None
    found = facts.get("ascend") if isinstance(facts, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _role(facts: Mapping[str, Any]) -> Any:
    return (facts.get("accelerators") or {}).get("role")


def _compiles(facts: Mapping[str, Any]) -> bool:
    return any(row.get("product") in toolkit.COMPILERS for row in facts.get("cann") or [])


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
