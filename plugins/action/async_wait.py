# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control-node half of async_wait: asks the host again and again, and gives up one that has fallen silent."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.ascend.fleet.plugins.module_utils.change.job import ARGUMENTS, PROGRESS
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import told as told_progress
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean

PAUSE = 5  # seconds between two attempts to reach a host that does not answer
FIRST = 2  # seconds that a job has its host for itself, before the first look
_AGAIN = "Run again: the next run reads from the host's journal what was begun, and finishes or repairs it."
# The module's words where there is no such job.
NO_JOB = "could not find job"
# What is said of a job that gave no result: (how that is recognised, message, cause, fix). The words are those of the
# module, of a job of our own (module_utils/change/detached.py), and of ansible-core's async_wrapper, 2.16 to 2.21.
_NO_RESULT = (
    (
        re.compile(f"^{NO_JOB}$"),
        "The host restarted, or was reset, while work was running on it.",
        "The record of the work is gone with the boot it belonged to",
        _AGAIN,
    ),
    (
        re.compile(r"async_wrapper.*No start of json char found|^the job gave no answer \(", re.DOTALL),
        "What was running on the host ended without an answer.",
        "It was killed",
        _AGAIN + " If it happens again, look for 'Out of memory' in dmesg.",
    ),
    (
        re.compile(r"^(?:Timeout exceeded$|no end within )"),
        "What was running on the host did not end in time.",
        "It hung or was slow",
        _AGAIN + " If it was still working, raise the timeout of the role.",
    ),
    (
        re.compile(r"^no answer for (\d+) s: (.*)$", re.DOTALL),
        "The host has not answered for {0} s while work was running on it. The last attempt said: {1}",
        "It is down, or its network is, or nothing can be started on it",
        "Look at its console. " + _AGAIN,
    ),
)


# What runs under async: a job's result is the answer of one of these.
JOBS = (
    "run_package",
    "python_environment",
    "text_generation",
    "framework_check",
    "model_export",
    "artifact",
    "stretch",
)


class ActionModule(HostAction):
    MODULE = "async_wait"
    FROM_VARIABLES = {"look_seconds": "ascend_poll_seconds", "silence_timeout": "ascend_silence_timeout"}
    _supports_async = False

    def act(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        _checked, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        args["async_dir"] = args["async_dir"] or self.get_shell_option("async_dir", default="~/.ansible_async")
        return in_words(until_end(self, args, task_vars))


def until_end(
    action: HostAction, args: dict[str, Any], task_vars: dict[str, Any], first: float = FIRST
) -> dict[str, Any]:
    """The result of a job on the host of an action, as the host gave it, once it has ended or is given up.

    Args:
        args: of async_wait, with their defaults.
        first: seconds before the first look.
    """
    host = task_vars["inventory_hostname"]
    # Not every kind of connection is one that can be dropped.
    reset = getattr(action._connection, "reset", lambda: None)

    def look() -> dict[str, Any]:
        said = action._execute_module(module_name="ascend.fleet.async_wait", module_args=args, task_vars=task_vars)
        progress = {PROGRESS: said[PROGRESS]} if isinstance(said.get(PROGRESS), Mapping) else {}
        return {**action.handed_on(said, [ActionModule.MODULE, *JOBS], asynchronous=True), **progress}

    heard: dict[str, Any] = {}

    def tell(progress: Any) -> None:
        told_progress.tell(host, progress)
        if isinstance(progress, Mapping) and isinstance(progress.get("step"), str):
            heard[PROGRESS] = {"step": clean(progress["step"], 200)}

    try:
        job = wait(look, args, tell, reset, first=first)
    finally:
        told_progress.tell(host, None)
    # Where the job gave no result, this is all that is known of how far it came.
    return {"ansible_job_id": args["jid"], **heard, **job}


def wait(
    look: Callable[[], dict[str, Any]],
    args: dict[str, Any],
    tell: Callable[[Any], None],
    reset: Callable[[], Any],
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    first: float = FIRST,
) -> dict[str, Any]:
    """The job's result, or a failed one that says why there is none.

    Args:
        look: asks the host; raises AnsibleError where it does not answer. An answer that names no job is about the
            asking and not the job: the host is short of something, and the job goes on.
        args: the task's arguments, with their defaults.
        tell: takes what the job tells of its progress.
        reset: drops the connection, which may be one to a host as it was before it went away.
        first: seconds before the first look.
    """
    began = heard = now()
    sleep(first)
    while True:
        try:
            job = look()
        except AnsibleError as error:  # a lost connection, or a host too busy for sudo
            job, trouble = {}, str(error)
        else:
            trouble = str(job.get("msg")) if job.get("failed") else ""
        if job.get("ansible_job_id"):
            return job
        if not trouble:
            heard = now()
            tell(job.get(PROGRESS))
            if heard - began >= args["timeout"]:
                return {"failed": True, "msg": f"no end within {args['timeout']} s"}
            continue
        silent = now() - heard
        if silent >= args["silence_timeout"]:
            return {"failed": True, "msg": f"no answer for {silent:.0f} s: {trouble}"}
        reset()
        sleep(PAUSE)


def in_words(job: dict[str, Any]) -> dict[str, Any]:
    """The result, where the job gave none with message, cause and fix."""
    said = str(job.get("msg", "")) if job.get("failed") else ""
    for pattern, message, cause, fix in _NO_RESULT:
        found = pattern.search(said)
        if found:
            message = message.format(*found.groups())
            return {**job, "msg": f"{message} Cause: {cause}. Fix: {fix}", "cause": cause, "fix": fix}
    return job
