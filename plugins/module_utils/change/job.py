# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record that Ansible keeps on a host of a task under async (async_wrapper of ansible-core 2.16 to 2.21).

While the task runs, its file holds {"started", "finished", "ansible_job_id"} and what the task adds
(async_progress); when the task has ended, the wrapper puts the task's result in its place.
"""

import json
import os
import re
import stat
import time

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder

_TOLD = ".told"
# What is in a folder of jobs: j<number>.<pid>, what the wrapper writes beside it, and what we do, drafts included.
_JOB = re.compile(r"\.?j?[0-9]+\.[0-9]+(\.(tmp|told|ascend))*(\.[a-z0-9_]{8})?\Z")
# Seconds after which nobody asks again for an answer that was told.
_KEPT = 600
PROGRESS = "ascend_progress"
# Of async_wait, for both of its halves. The times are in seconds.
ARGUMENTS = {
    "jid": {"type": "str", "required": True},
    "async_dir": {"type": "path"},
    "timeout": {"type": "int", "default": 3600},
    "look_seconds": {"type": "int", "default": 60},
    "silence_timeout": {"type": "int", "default": 600},
}
_INTERVAL = 0.25


def is_finished(job):
    """Whether this is the result of a task, and not the record of one that runs."""
    return bool(job.get("finished", "started" not in job))


def read(path):
    """The record; {"started": True} while it is being written, None where there is none. Raises OSError."""
    try:
        with open(path, "rb") as handle:
            job = json.loads(handle.read().decode("utf-8"))
    except (ValueError, RecursionError):
        return {"started": True}
    except FileNotFoundError:
        return None
    return job if isinstance(job, dict) else {"started": True}


def wait(path, until, now, sleep):
    """The record once the task has ended, or as it is at the given time; None where there is none.

    Args:
        path: the record's file.
        until: the time to wait to, in seconds as now() tells them.
    """
    while True:
        job = read(path) or read(path + _TOLD)
        if job is None or is_finished(job) or now() >= until:
            return job
        sleep(_INTERVAL)


def seal(environ):
    """The first act of a module: if it runs under async, let nobody else see what the wrapper will write.

    The wrapper makes its folder for everybody to read, and at the end puts all arguments of the task there. Until then
    the folder tells no more than that a task runs. Nothing here may make the task fail.

    Args:
        environ: the module's environment, in which the wrapper's folder is named.
    """
    folder = os.path.expanduser(environ.get("ANSIBLE_ASYNC_DIR") or "")
    try:
        if folder.startswith(safe_folder.RUN_DIR + "/"):
            safe_folder.private(safe_folder.RUN_DIR)
        elif not os.path.isabs(folder) or not _is_for_jobs(folder):
            return
        safe_folder.close(folder)
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if name.endswith(_TOLD) and time.time() - os.lstat(path).st_mtime > _KEPT:
                os.unlink(path)
    except (OSError, safe_folder.UnsafeFolder):
        return


def _is_for_jobs(folder):
    """Whether there is nothing but records of jobs: somebody may have named a folder that serves others too."""
    facts = os.lstat(folder)
    return (
        stat.S_ISDIR(facts.st_mode)
        and not facts.st_mode & stat.S_ISVTX
        and all(_JOB.match(name) for name in os.listdir(folder))
    )


def put_away(path):
    """Set a result aside that is about to be told, and remove what was told earlier.

    The answer may be lost with the connection: the one who asks again still finds it, for a while.
    """
    folder = os.path.dirname(path)
    for name in os.listdir(folder):
        old = os.path.join(folder, name)
        if name.endswith(_TOLD) and _JOB.match(name) and old != path + _TOLD:
            os.unlink(old)
    if os.path.exists(path):
        whole_file.put(path + _TOLD, json.dumps(told(read(path))), 0o600)
        os.unlink(path)


def told(job):
    """What is told of a result: all of it but the task's arguments, which may hold a token."""
    return {key: value for key, value in job.items() if key != "invocation"}
