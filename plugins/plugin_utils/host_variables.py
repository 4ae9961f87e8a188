# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the host as defaults of a task's options: one journal, one lock, one cache, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# Option of a module -> variable of the host that is its default, for what several modules ask about a host.
PLACES = {
    "state_dir": "ascend_state_dir",
    "install_path": "ascend_install_path",
    "env_root": "ascend_env_root",
    "source": "ascend_artifacts",
}
# The modules of the collection as `module_defaults` names them together.
GROUP = "group/ascend.fleet.fleet"


def places(*options: str) -> dict[str, str]:
    """Those of PLACES that a module takes. Raises KeyError for another one."""
    return {option: PLACES[option] for option in options}


def value(templar: Any, task_vars: Mapping[str, Any], name: str) -> Any:
    """The templated variable, None where it is not set."""
    raw = task_vars.get(name)
    return templar.template(raw) if raw is not None else None


def with_defaults(
    args: Mapping[str, Any], defaults: Mapping[str, str], templar: Any, task_vars: Mapping[str, Any]
) -> dict[str, Any]:
    """The task's arguments, and for those not given the host's variables.

    Args:
        defaults: option -> variable of the host that is its default.
    """
    found = {option: value(templar, task_vars, name) for option, name in defaults.items() if option not in args}
    return {**args, **{option: item for option, item in found.items() if item is not None}}


def without_group_defaults(
    args: Mapping[str, Any], takes: Iterable[str], module_defaults: Iterable[Mapping[str, Any]], templar: Any
) -> dict[str, Any]:
    """The task's arguments without the places that our group's defaults gave and this module has no use for.

    Ansible gives a group's defaults to every module of the group, and a module refuses what it does not know.

    Args:
        takes: the places that the module takes.
        module_defaults: those that hold for the task, as Ansible keeps them.
    """
    useless = {
        option
        for option, item in _of_group(module_defaults)
        if option not in takes and option in args and args[option] == templar.template(item)
    }
    return {option: item for option, item in args.items() if option not in useless}


def group_defaults(takes: Iterable[str], module_defaults: Iterable[Mapping[str, Any]], templar: Any) -> dict[str, Any]:
    """The places that our group's defaults give a module, for one that is run by another one's task.

    Args:
        takes: the places that the module takes.
        module_defaults: those that hold for the task, as Ansible keeps them.
    """
    return {option: templar.template(item) for option, item in _of_group(module_defaults) if option in takes}


def _of_group(module_defaults: Iterable[Mapping[str, Any]]) -> list[tuple[str, Any]]:
    """(place, value) of our group's defaults, a later one stands for an earlier one."""
    given = [(option, item) for row in module_defaults for option, item in (row.get(GROUP) or {}).items()]
    return [(option, item) for option, item in given if option in PLACES]
