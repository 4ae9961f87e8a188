# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record that Ansible keeps on a host of a task under async (async_wrapper of ansible-core 2.16 to 2.21).

While the task runs, its file holds {"started", "finished", "ansible_job_id"} and what the task adds
(async_progress); when the task has ended, the wrapper puts the task's result in its place.
"""

import glob
import json
import os

_TOLD = ".told"
PROGRESS = "ascend_progress"
# Of async_wait, for both of its halves. The times are in seconds.
ARGUMENTS = {
    "jid": {"type": "str", "required": True},
    "async_dir": {"type": "path"},
    "timeout": {"type": "int", "default": 3600},
    "look_seconds": {"type": "int", "default": 10},
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
    except ValueError:
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


def put_away(path):
    """Set a result aside that is about to be told, and remove what was told earlier.

    The answer may be lost with the connection: the one who asks again still finds it.
    """
    for old in glob.glob(os.path.join(glob.escape(os.path.dirname(path)), "*" + _TOLD)):
        if old != path + _TOLD:
            os.unlink(old)
    if os.path.exists(path):
        os.rename(path, path + _TOLD)
