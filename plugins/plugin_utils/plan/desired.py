# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user asked for: the ascend_* variables of a host, read and judged in one place."""

from __future__ import annotations

import difflib
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import declared
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.host_places import Problem

VERSION_VARIABLES = components.VARIABLES
VARIABLES = declared.OPTIONS

# Registered or set by the playbooks themselves.
OWN = frozenset(
    (
        "ascend_hosts",
        "ascend_plan",
        "ascend_facts",
        "ascend_error",
        "ascend_report",
        "ascend_fleet_plan",
        "ascend_observation",
        "ascend_plan_save",
        "ascend_plan_target",
        "ascend_plan_components",
        "ascend_plan_pins",
        "ascend_packages",
        "ascend_plan_is_own",
        "ascend_brought_role",
        "ascend_plan_held",
        "ascend_reboot_step",
        "ascend_package_step",
        "ascend_package_staged",
        "ascend_package_options",
        "ascend_environment",
        "ascend_environment_words",
    )
)


def names(task_vars: dict[str, Any]) -> list[str]:
    """The ascend_* variables that are set for a host, without what the playbooks register."""
    return sorted(name for name in task_vars if name.startswith("ascend_") and name not in OWN)


def read(values: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Judge templated variables; return (every variable with its default, problems)."""
    result = {name: declared.default(name) for name in VARIABLES}
    problems = []
    for name, value in values.items():
        if name not in VARIABLES:
            near = difflib.get_close_matches(name, VARIABLES, n=1)
            hint = f" Did you mean {near[0]}?" if near else " The variables are listed in docs/variables.md."
            problems.append(Problem(name, f"{name} is not a variable of ascend.fleet.{hint}"))
            continue
        if value is None:
            continue
        try:
            result[name] = declared.value(name, value, values.get("ascend_catalog_overlay"))
        except Problem as problem:
            problems.append(problem)
    problems.extend(_contradictions(result))
    return result, problems


def pins(desired: dict[str, Any], parts: list[str] | None = None) -> dict[str, Any]:
    """The pins the resolver takes, None where the user left the choice open."""
    result = {key: _pin(desired[name]) for name, key in VERSION_VARIABLES.items()}
    result["cann_flavor"] = _pin(desired["ascend_cann_flavor"])
    result["stack"] = desired["ascend_stack"]
    result["kernels"] = desired["ascend_cann_kernels"]
    result["components"] = list(parts or desired["ascend_components"])
    return result


def _pin(value: Any) -> Any:
    return None if value in (None, "", "auto") else value


def _contradictions(desired: dict[str, Any]) -> list[Problem]:
    wants_framework = {"mindspore", "mindformers", "inference"} & set(desired["ascend_components"])
    free = all(_pin(desired[name]) is None for name in ("ascend_mindspore_version", "ascend_stack"))
    pinned = [name for name in ("ascend_driver_version", "ascend_cann_version") if _pin(desired[name]) is not None]
    if free and wants_framework and not pinned:
        return [
            Problem(
                "ascend_mindspore_version",
                'ascend_mindspore_version is not set: choose the MindSpore version first (for example "2.7.1"), the '
                "rest follows from it. Or name a preset with ascend_stack, or the parts you want with "
                "ascend_components.",
            )
        ]
    return []
