# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control-node actions compat_check and resolve share: reading arguments, refusing them, words for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.ascend.fleet.plugins.plugin_utils.catalog import CatalogError
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.input import InputError
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import ControlAction
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import SEVERITIES


class JudgingAction(ControlAction):
    """Reads its arguments itself, from every shape a command line gives them; what is wrong becomes one message."""

    ARGUMENTS: tuple[str, ...] = ()  # their names

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            return super().run(tmp, task_vars)
        except (InputError, CatalogError) as error:
            name = self._task.action.rpartition(".")[2]
            return {"failed": True, "changed": False, "msg": f"{name}: {error}"}

    def arguments(self) -> dict[str, Any]:
        only(self._task.args, self.ARGUMENTS)
        return self._task.args


def only(arguments: Mapping[str, Any], allowed: Iterable[str]) -> None:
    """Raise InputError for an argument that is none of allowed."""
    unknown = sorted(set(arguments) - set(allowed) - {"_raw_params"})
    if unknown:
        raise InputError(f"{', '.join(unknown)} is no argument; it takes {', '.join(allowed)}.")
    if arguments.get("_raw_params"):
        raise InputError(f"arguments are given by name ({', '.join(allowed)}), not as {arguments['_raw_params']!r}.")


def dictionary(value: Any, name: str) -> Any:
    """A dictionary given as such, or as JSON text on a command line; anything else is left for the reader to refuse."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except ValueError as error:
            raise InputError(f"{name} is not valid JSON: {error}.") from error
    return value


def flag(value: Any, name: str) -> bool:
    """A truth value, also as text."""
    try:
        return boolean(value if value is not None else False)
    except TypeError as error:
        raise InputError(f"{name} is {value!r}; it takes true or false.") from error


def rule_ids(value: Any, name: str) -> list[str]:
    """A list of rule ids, also as text with commas. Ids of no compatibility rule pass: a plan has more of them."""
    items = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if items is None:
        return []
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise InputError(f"{name} must be a list of rule ids, not {value!r}.")
    return list(items)


def sorted_findings(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Errors first, otherwise in the order of the stack."""
    return sorted(findings, key=lambda found: SEVERITIES.index(found["severity"]))


def finding_line(found: dict[str, Any]) -> str:
    """One finding in words."""
    accepted = ", accepted" if found["accepted"] else ""
    return f"{found['severity']}{accepted} [{found['rule']}] {found['message']} ({found['source']})"
