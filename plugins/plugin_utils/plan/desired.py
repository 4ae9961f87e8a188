# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user asked for: the ascend_* variables of a host, read and judged in one place."""

from __future__ import annotations

import difflib
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import components, environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import declared
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.host_places import Problem

VERSION_VARIABLES = components.VARIABLES
VARIABLES = declared.OPTIONS

_IDS = 2**31

# Registered or set by the playbooks themselves.
OWN = frozenset(
    (
        "ascend_hosts",
        "ascend_plan",
        "ascend_facts",
        "ascend_look",
        "ascend_again",
        "ascend_error",
        "ascend_report",
        "ascend_fleet_plan",
        "ascend_fleet_relays",
        "ascend_observation",
        "ascend_plan_save",
        "ascend_plan_target",
        "ascend_plan_components",
        "ascend_plan_pins",
        "ascend_packages",
        "ascend_plan_is_own",
        "ascend_plan_held",
        "ascend_account",
        "ascend_packages_wished",
        "ascend_roles",
        "ascend_staged",
        "ascend_staged_before",
        "ascend_step",
        "ascend_step_staged",
        "ascend_texts",
        "ascend_work",
        "ascend_work_plan",
        "ascend_bandwidth",
        "ascend_bandwidth_course",
        "ascend_bandwidth_seen",
        "ascend_bandwidth_across_seen",
        "ascend_network",
        "ascend_network_configured",
        "ascend_network_course",
        "ascend_network_seen",
        "ascend_rank_table",
        "ascend_kubernetes_seen",
        "ascend_kubernetes_handover",
        "ascend_om_course",
        "ascend_om_failed",
        "ascend_om_force",
        "ascend_om_handed",
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
    for name in (pin for one in components.ALL for pin in one.lists):
        result[name] = list(desired[f"ascend_{name}"])
    for name in (pin for one in components.ALL for pin in one.settings):
        result[name] = desired[f"ascend_{name}"]
    result["stack"] = desired["ascend_stack"]
    result["kernels"] = desired["ascend_cann_kernels"]
    result["components"] = list(parts or desired["ascend_components"])
    return result


def _pin(value: Any) -> Any:
    return None if value in (None, "", "auto") else value


def env_names(desired: dict[str, Any]) -> dict[str, str]:
    """Framework -> the name of its environment."""
    return {one.name: desired[one.env_variable] for one in environment.frameworks()}


def _contradictions(desired: dict[str, Any]) -> list[Problem]:
    return [*_unnamed(desired), *_shared_environments(desired), *_no_id(desired)]


def _no_id(desired: dict[str, Any]) -> list[Problem]:
    """A number for a user: of its own, and not root's."""
    names = [name for one in components.ALL for name in one.account_variables if name.endswith("_id")]
    said = {name: str(desired[name]) for name in names}
    return [
        Problem(name, f"{name} is {text!r}; it takes auto or a number from 1 on.")
        for name, text in said.items()
        if text not in ("", "auto") and not (text.isdigit() and 0 < int(text) < _IDS)
    ]


def _unnamed(desired: dict[str, Any]) -> list[Problem]:
    """What the host is for has to be named, where parts of it depend on that."""
    parts = set(desired["ascend_components"])
    pinned = {name for variable, name in VERSION_VARIABLES.items() if _pin(desired[variable]) is not None}
    needs = any(one.home for one in components.ALL if one.name in parts)
    if desired["ascend_stack"] or not needs or pinned - {"python"}:
        return []
    return [Problem(environment.frameworks()[0].variable or "", components.unnamed())]


def _shared_environments(desired: dict[str, Any]) -> list[Problem]:
    """Two frameworks that are asked for do not fit into one environment."""
    pinned = {components.get(name).home for var, name in VERSION_VARIABLES.items() if _pin(desired[var]) is not None}
    taken: dict[str, str] = {}
    problems = []
    for one in environment.frameworks():
        name = desired[one.env_variable] if one.name in pinned else None
        if name in taken:
            problems.append(
                Problem(
                    one.env_variable,
                    f"{one.env_variable} and {taken[name]} are both {name}: each framework has an environment of its "
                    "own. Give one of them another name.",
                )
            )
        elif name:
            taken[name] = one.env_variable
    return problems
