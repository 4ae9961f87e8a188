# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For actions that keep a host busy for minutes: async, and an end to the wait for a host that is gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.ascend.fleet.plugins.plugin_utils import desired

SILENCE = "ascend_silence_timeout"


class Patience:
    """Ends the wait for a host that has not answered for so many seconds.

    Under C(poll), Ansible takes every lost connection for a short one and asks again until the task's time limit,
    which it counts in polls and not in the time SSH needs to fail: a host that is gone can hold its batch for several
    times that limit. After each poll that failed it resets the connection (ansible-core 2.16 to 2.21,
    TaskExecutor._poll_async_result); an error raised there ends the wait. A connection that cannot be reset is left
    as it is.

    Args:
        connection: the task's connection, from now on used for polls alone.
        limit: seconds of silence.
        now: the clock.
    """

    def __init__(self, connection: Any, limit: int, now: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._now, self._heard = limit, now, now()
        self._ask, self._reset = connection.exec_command, getattr(connection, "reset", None)
        if self._reset:
            connection.exec_command, connection.reset = self.exec_command, self.reset

    def exec_command(self, *args: Any, **kwargs: Any) -> Any:
        """As the connection's own, remembering when it was answered."""
        answer = self._ask(*args, **kwargs)
        self._heard = self._now()
        return answer

    def reset(self) -> None:
        """As the connection's own. Raises AnsibleActionFail after too long a silence."""
        silent = self._now() - self._heard
        if silent >= self._limit:
            raise AnsibleActionFail(f"no answer for {silent:.0f} s while work was running on the host")
        self._reset()


class LongAction(ActionBase):
    """Runs the module of the same name, with async as without, and gives a host up that has fallen silent."""

    _supports_async = True
    _supports_check_mode = True

    def complete(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The module's arguments: the task's, and what only the control node knows."""
        return args

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        limit = self._silence(task_vars)
        args = self.complete(dict(self._task.args), task_vars)
        wrap_async = bool(self._task.async_val) and not self._connection.has_native_async
        result.update(self._execute_module(module_args=args, task_vars=task_vars, wrap_async=wrap_async))
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        elif self._task.poll:
            Patience(self._connection, limit)
        return result

    def _silence(self, task_vars: dict[str, Any]) -> int:
        given = task_vars.get(SILENCE)
        try:
            return desired.alone(SILENCE, None if given is None else self._templar.template(given))
        except desired.Problem as problem:
            raise AnsibleActionFail(str(problem)) from problem
