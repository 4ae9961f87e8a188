# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control-node half of stretch: asks the roles for entries, and completes each as its own module's action does."""

from __future__ import annotations

import os
import secrets
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.ascend.fleet.plugins.action import (
    async_wait,
    container_engine,
    device_network,
    framework_check,
    host_tuning,
    npu_exporter,
    python_environment,
    run_package,
    text_generation,
    work,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import detached
from ansible_collections.ascend.fleet.plugins.plugin_utils import host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import role_work

_ACTIONS: tuple[type[HostAction], ...] = (
    container_engine.ActionModule,
    device_network.ActionModule,
    framework_check.ActionModule,
    host_tuning.ActionModule,
    npu_exporter.ActionModule,
    python_environment.ActionModule,
    run_package.ActionModule,
    text_generation.ActionModule,
)
# What goes to the module as it was given.
_HANDED_ON = ("install_path", "state_dir", "detach", "limit", "look", "proves")
KINDS = {one.MODULE: one for one in _ACTIONS}


class ActionModule(HostAction):
    """Runs the module of the same name, as a job as without."""

    MODULE = "stretch"
    FROM_VARIABLES = host_variables.places("install_path", "state_dir")

    def act(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        args = dict(self._task.args)
        asked = {"asked": [str(step) for step in args.get("steps") or ()]}
        if args.get("wait_for"):
            return {**asked, **self._waited_for(args["wait_for"], args.get("timeout"), task_vars)}
        entries = list(args.get("entries") or ())
        if args.get("roles"):
            entries += self._of_roles(args, task_vars)
        entries = [self._complete(entry, task_vars) for entry in entries]
        given = {name: args[name] for name in _HANDED_ON if name in args}
        given["entries"] = entries
        leaves = not self._task.check_mode and boolean(args.get("detach", False))
        if leaves and boolean(args.get("wait", False)):
            return {**asked, **self._to_its_end(given, role_work.seconds(entries), task_vars)}
        started = leaves or (not self._task.check_mode and bool(self._task.async_val))
        result = self.as_task(given, task_vars, job=started)
        return {**result, "job_seconds": role_work.seconds(entries)} if started else result

    def _to_its_end(self, given: dict[str, Any], seconds: int, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of a job that is started and waited for, by one execution where it ends soon enough."""
        # Chosen here: whoever loses the answer can still ask for the job.
        name = f"j{secrets.randbelow(10**12):012}.{os.getpid()}"
        look = self._look(name, seconds, task_vars)
        lost: AnsibleConnectionFailure | None = None
        try:
            result = self.as_task(
                {**given, "job_name": name, "look_seconds": look["look_seconds"]}, task_vars, job=True
            )
        except AnsibleConnectionFailure as error:
            result, lost = {"failed": True}, error
        if result.get("finished"):
            return async_wait.in_words(result)
        # A failure can be one of the asking alone: a connection that broke, a process that was killed while it waited.
        job = async_wait.until_end(self, look, task_vars, 0 if result.get("ansible_job_id") else async_wait.FIRST)
        if job.get("msg") != async_wait.NO_JOB or not result.get("failed"):
            return async_wait.in_words(job)
        if lost:
            raise lost
        return result

    def _waited_for(self, name: str, seconds: Any, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of a job that was started before."""
        look = self._look(name, seconds, task_vars)
        return async_wait.in_words(async_wait.until_end(self, look, task_vars))

    def _look(self, name: str, seconds: Any, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The arguments of async_wait for a job. Raises AnsibleActionFail where a variable of the host is wrong."""
        takes = async_wait.ActionModule.FROM_VARIABLES
        given = {"jid": name, "async_dir": detached.FOLDER, **({} if seconds is None else {"timeout": seconds})}
        given = host_variables.with_defaults(given, takes, self._templar, task_vars)
        checked = ArgumentSpecValidator(async_wait.ARGUMENTS).validate(given)
        if checked.error_messages:
            raise AnsibleActionFail(" ".join(checked.error_messages))
        return checked.validated_parameters

    def _of_roles(self, args: dict[str, Any], task_vars: dict[str, Any]) -> list[dict[str, Any]]:
        """The entries of the roles for the steps that are named."""
        plan, roles = work.plan_and_roles(args, self._templar, task_vars)
        asked = role_work.RoleWork(self._templar, {**task_vars, "ascend_plan": plan})
        staged = (task_vars.get("ascend_staged") or {}).get("steps") or {}
        return asked.entries(role_work.pairs(plan, roles, args.get("steps")), staged)

    def _complete(self, entry: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """An entry with what the action of its module would add to its arguments."""
        kind = KINDS.get(entry.get("module", ""))
        if kind is None:
            return entry
        args = host_variables.with_defaults(entry.get("args") or {}, kind.FROM_VARIABLES, self._templar, task_vars)
        return {**entry, "args": kind.completed(args, self._templar, task_vars)}
