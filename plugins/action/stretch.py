# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control-node half of stretch: asks the roles for entries, and completes each as its own module's action does."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.ascend.fleet.plugins.action import (
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
KINDS = {one.MODULE: one for one in _ACTIONS}


class ActionModule(HostAction):
    """Runs the module of the same name, as a job as without."""

    MODULE = "stretch"
    FROM_VARIABLES = host_variables.places("install_path", "state_dir")

    def act(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        args = dict(self._task.args)
        entries = list(args.get("entries") or ())
        if args.get("roles"):
            entries += self._of_roles(args, task_vars)
        entries = [self._complete(entry, task_vars) for entry in entries]
        given = {name: args[name] for name in ("install_path", "state_dir", "detach", "limit") if name in args}
        started = not self._task.check_mode and (boolean(args.get("detach", False)) or bool(self._task.async_val))
        result = self.as_task({**given, "entries": entries}, task_vars, job=started)
        return {**result, "job_seconds": role_work.seconds(entries)} if started else result

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
