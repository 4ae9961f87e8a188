# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user asked for: the ascend_* variables of a host, read and judged in one place."""

from __future__ import annotations

import difflib
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.host_places import Problem, judge

VERSION_VARIABLES = components.VARIABLES

# name -> (default, allowed values or the type; "path" and "name" as host_places.py judges them)
VARIABLES: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(VERSION_VARIABLES, ("auto", "version")),
    "ascend_stack": (None, str),
    "ascend_cann_flavor": ("auto", ("auto", "nnae", "toolkit", "nnrt")),
    "ascend_cann_kernels": ("auto", ("auto", True, False)),
    "ascend_chip": ("auto", ("auto", "310", "310p", "310b", "910", "910b", "a3", "950")),
    "ascend_host_kind": ("auto", ("auto", "physical", "vm", "container")),
    "ascend_components": (list(components.NAMES), list),
    "ascend_accept_findings": ([], list),
    "ascend_artifacts": (None, str),
    "ascend_artifacts_url": (None, str),
    "ascend_artifacts_lock_sha256": (None, str),
    "ascend_wheels": ("bundle", str),
    "ascend_catalog_overlay": (None, str),
    "ascend_install_path": ("/usr/local/Ascend", "path"),
    "ascend_user": ("HwHiAiUser", "name"),
    "ascend_group": ("HwHiAiUser", "name"),
    "ascend_state_dir": ("/var/lib/ascend-fleet", "path"),
    "ascend_env_root": ("/opt/ascend/envs", "path"),
    "ascend_env_name": ("mindspore", "name"),
    "ascend_env_provider": ("venv", ("venv", "conda", "uv")),
    "ascend_conda_channels": ([], list),
    "ascend_device_target": ("Ascend", ("Ascend", "CPU")),
    "ascend_allow_downgrade": (False, bool),
    "ascend_take_over": ([], list),
    "ascend_allow_reboot": (True, bool),
    "ascend_busy_policy": ("refuse", ("refuse", "wait", "ignore")),
    "ascend_rollout": ([1, "10%", "100%"], list),
    "ascend_max_fail_percentage": (0, int),
    "ascend_drain_tasks": (None, str),
    "ascend_undrain_tasks": (None, str),
    "ascend_rollback_on_failure": (False, bool),
    "ascend_plan_file": (None, str),
    "ascend_plan_fail_on_change": (False, bool),
    "ascend_report_dir": (None, str),
    "ascend_reboot_timeout": (1800, int),
    "ascend_boot_time_command": (None, str),
    "ascend_poll_seconds": (10, int),
    "ascend_silence_timeout": (600, int),
}

# Lists of components, and which there are.
_PARTS = {
    "ascend_components": components.NAMES,
    "ascend_take_over": tuple(one.name for one in components.ALL if one.can_be_taken_over),
}

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
    result = {name: default for name, (default, _kind) in VARIABLES.items()}
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
            result[name] = _convert(name, value, VARIABLES[name][1])
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


def _convert(name: str, value: Any, kind: Any) -> Any:
    if kind in ("path", "name"):
        problem = judge(name, value, kind)
        if problem:
            raise problem
        return value
    if kind == "version":
        if not isinstance(value, str):
            raise Problem(
                name,
                f"{name} is {value!r}, a number: put the version in quotes, "
                f'{name}: "{value}", because 3.10 without quotes is 3.1.',
            )
        return str(value).strip()
    if isinstance(kind, tuple):
        if value in kind and isinstance(value, bool) == any(value is item for item in kind if isinstance(item, bool)):
            return value
        if isinstance(value, str) and True in kind and value.lower() in ("true", "false", "yes", "no"):
            return value.lower() in ("true", "yes")
        text = str(value).lower()
        for item in kind:
            if isinstance(item, str) and item.lower() == text:
                return item
        raise Problem(name, f"{name} is {value!r}; it takes one of {', '.join(map(str, kind))}.")
    if kind is list:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, (list, tuple)):
            raise Problem(name, f"{name} is {value!r}; it takes a list.")
        known = _PARTS.get(name)
        unknown = sorted({str(item) for item in value} - set(known)) if known else []
        if known and unknown:
            raise Problem(name, f"{name} names {', '.join(unknown)}; the components are {', '.join(known)}.")
        return list(value)
    if kind is bool:
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "yes", "on", "1"):
            return True
        if str(value).lower() in ("false", "no", "off", "0"):
            return False
        raise Problem(name, f"{name} is {value!r}; it takes true or false.")
    if kind is int:
        try:
            return int(value)
        except (TypeError, ValueError):
            raise Problem(name, f"{name} is {value!r}; it takes a whole number.") from None
    return str(value)


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
