# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What actions that work on the control node alone have in common: no connection, no host changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.ascend.fleet.plugins.plugin_utils import forks, host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import planted

HOSTS: dict[str, Any] = {"hosts": {"type": "list", "elements": "str"}}


class ControlAction(ActionBase):
    """Checks the arguments and lets act() work. The module of the same name documents it and holds no code."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    ARGUMENTS: Any = {}  # argument specification
    # Prefixes of the variables that the playbooks give as arguments. The task speaks for a fleet, and its arguments are
    # templated with the variables of one host: no fact of that host may be among them.
    READS: tuple[str, ...] = ()

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        forks.begin()
        super().run(tmp, task_vars)
        planted.refuse(task_vars or {}, self.READS)
        self._task.args = host_variables.without_group_defaults(
            self._task.args, (), self._task.module_defaults or (), self._templar
        )
        return {"changed": False, **self.act(self.arguments(), task_vars or {})}

    def arguments(self) -> dict[str, Any]:
        """The task's arguments, checked and with defaults."""
        _result, args = self.validate_argument_spec(argument_spec=self.ARGUMENTS)
        return args

    @abstractmethod
    def act(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of the task."""


def hosts(args: dict[str, Any], task_vars: dict[str, Any]) -> list[str]:
    """The hosts that the task names, else all of the play, those that dropped out included."""
    named = args["hosts"]
    if named is None:
        named = task_vars.get("ansible_play_hosts_all") or [task_vars["inventory_hostname"]]
    return [str(name) for name in named]


class Registered(Mapping):
    """One host's variables as the plays left them. What they registered is data and is not templated again.

    To template the facts of every host is most of what a report of a large fleet costs; hostvars does it at each look.
    Facts with names of our variables are none of them: such a host has failed, whatever else it says.
    """

    def __init__(self, hostvars: Any, host: str) -> None:
        self._hostvars, self._host, self._raw = hostvars, host, hostvars.raw_get(host)
        found = planted.names(self._raw)
        if found:
            kept = {name: value for name, value in self._raw.items() if name not in found}
            self._raw = {**kept, "ascend_error": {"message": planted.sentence(found), "fix": planted.FIX}}

    def __getitem__(self, name: str) -> Any:
        value = self._raw[name]
        return self._hostvars[self._host][name] if _is_template(value) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


def _is_template(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, Mapping):
        return any(map(_is_template, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_is_template, value))
