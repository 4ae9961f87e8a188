# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What actions that run a module of the collection on a host have in common: the answer is data, and only that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.ascend.fleet.plugins.plugin_utils import forks, host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import limits as answer
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import planted

NAMESPACE = "ascend.fleet"


class HostAction(ActionBase):
    """Runs the module of its name on the host, under async too, and hands on what that module documents."""

    TRANSFERS_FILES = False
    _supports_async = True
    _supports_check_mode = True
    MODULE = ""  # name of the module in this collection
    # Option of the module -> variable of the host that is its default.
    FROM_VARIABLES: Mapping[str, str] = {}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        forks.begin()
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        planted.refuse(task_vars)
        self._task.args = self._from_variables(task_vars)
        return {**result, **self.act(task_vars)}

    @classmethod
    def completed(cls, args: Mapping[str, Any], templar: Any, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The arguments with what only the control node knows. Raises AnsibleActionFail."""
        return dict(args)

    def _from_variables(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The task's arguments with what the host's variables say."""
        given = host_variables.without_group_defaults(
            self._task.args, self.FROM_VARIABLES, self._task.module_defaults or (), self._templar
        )
        return host_variables.with_defaults(given, self.FROM_VARIABLES, self._templar, task_vars)

    def act(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of the task."""
        return self.as_task(self.completed(self._task.args, self._templar, task_vars), task_vars)

    def as_task(self, args: Mapping[str, Any], task_vars: dict[str, Any], job: bool = False) -> dict[str, Any]:
        """One execution of the module as the whole task, started only where the task is under async.

        Args:
            job: whether the module itself only starts one.
        """
        wrap = bool(self._task.async_val) and not self._connection.has_native_async
        result = self.ask(self.MODULE, args, task_vars, wrap, job)
        if not wrap:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def ask(
        self, module: str, args: Mapping[str, Any], task_vars: dict[str, Any], wrap: bool = False, job: bool = False
    ) -> dict[str, Any]:
        """One execution of a module on the host, and of its answer what is handed on."""
        more = {"wrap_async": True} if wrap else {}
        said = self._execute_module(
            module_name=f"{NAMESPACE}.{module}", module_args=dict(args), task_vars=task_vars, **more
        )
        return self.handed_on(said, [module], wrap or job)

    def handed_on(self, said: Any, modules: list[str], asynchronous: bool = False) -> dict[str, Any]:
        """What is handed on of an answer; a failure in words where it is none."""
        try:
            result = answer.limited(said, modules, asynchronous)
        except answer.AnswerError as error:
            result = {"failed": True, "msg": str(error)}
        return {**result, **self._interpreter()}

    def _interpreter(self) -> dict[str, Any]:
        """Which Python the control node found on the host, which Ansible asks for once and keeps as a fact."""
        key = getattr(self, "_discovered_interpreter_key", None)
        return {"ansible_facts": {key: self._discovered_interpreter}} if key else {}
