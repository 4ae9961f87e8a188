# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far an installer is, told to the playbook that waits for it.

A job's file holds {"started", "finished", "ansible_job_id"} while it runs (job); when it has ended, the one who waits
for it, Ansible's async_wrapper or our own (detached), replaces the file with the result. So a living job may add a key
of its own, and async_wait brings it along when it looks. Without a job, or where it is not certain which file is ours,
nothing is told. This is only for display: nothing here may make a change fail.
"""

import json
import os
import re
import stat

from ansible_collections.ascend.fleet.plugins.module_utils.change import job as async_job
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installer as vendor_run

# A job file that is still open holds three short values.
_LIMIT = 64 * 1024


def job_path(environ, wrapper, proc_root="/proc"):
    """The job file that belongs to a module, or None when that is not certain.

    The file is called JOB.PID in the folder that the action plugin names in the environment, and JOB, a random
    number, is an argument of the wrapper, which is the module's parent (async_wrapper of ansible-core 2.16 to 2.21).

    Args:
        environ: the module's environment.
        wrapper: pid of the module's parent.
    """
    folder = os.path.expanduser(environ.get("ANSIBLE_ASYNC_DIR") or "")
    try:
        with open("%s/%d/cmdline" % (proc_root, wrapper), "rb") as handle:
            words = [os.path.basename(word) for word in handle.read().decode("utf-8", "replace").split("\0")]
        place = [index for index, word in enumerate(words) if "async_wrapper" in word]
        jobs = words[place[0] + 1 : place[0] + 2] if place else []
        if not os.path.isabs(folder) or not jobs or not jobs[0]:
            return None
        name = re.compile(re.escape(jobs[0]) + r"\.[0-9]+\Z")
        paths = [os.path.join(folder, entry) for entry in os.listdir(folder) if name.match(entry)]
        return paths[0] if len(paths) == 1 and _read(paths[0]) else None
    except (OSError, ValueError, RecursionError):
        return None


def _read(path):
    """(content, identity) of a job file whose job is still open; None of any other file. Raises OSError, ValueError."""
    facts = os.lstat(path)
    if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_size > _LIMIT:
        return None
    with open(path, "rb") as handle:
        content = json.loads(handle.read(_LIMIT).decode("utf-8"))
    if not isinstance(content, dict) or content.get("ansible_job_id") != os.path.basename(path):
        return None
    if not content.get("started") or content.get("finished", True):
        return None
    return content, _identity(facts)


def _identity(facts):
    """What differs once somebody else has replaced the file."""
    return facts.st_dev, facts.st_ino, facts.st_mtime_ns, facts.st_size


def _write(path, content, mode):
    """A new file beside the job file, readable as the job file is. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        os.fchmod(handle, mode)
        json.dump(content, stream)


def tell(path, progress):
    """Put our key into the job file, or take it out with None, and leave the other keys as they are.

    Returns:
        False when the file is no longer an open job's, so that nothing was written. Raises OSError, ValueError.
    """
    found = _read(path)
    if not found:
        return False
    content, identity = found
    if content.pop(async_job.PROGRESS, None) == progress:
        return True
    if progress is not None:
        content[async_job.PROGRESS] = progress
    new = path + ".ascend"  # the wrapper's own is called .tmp
    try:
        _write(new, content, stat.S_IMODE(os.lstat(path).st_mode))
        if _identity(os.lstat(path)) != identity:
            return False
        os.rename(new, path)
        return True
    finally:
        if os.path.lexists(new):
            os.unlink(new)


# The file of the job that this process is, where it knows.
_OWN = {}


def belong_to(path):
    """Let this process be the job of that file."""
    _OWN["path"] = path


# What a job of several steps says beside the percentage: {"step": id of the one at work}.
_AT_WORK = {}


def take_up(step, environ=None):
    """Tell that a job of several steps has come to this one; the percentage of the one before is forgotten."""
    _AT_WORK["step"] = step
    Reporter(None, environ)


class Reporter(object):
    """Listens to one run of an installer and tells how far it is.

    The wrapper writes the result only once this process has ended, or one second after it killed it. So who is here
    to write may write, as long as the wrapper is still the parent.

    Args:
        component: what is installed or removed.
    """

    def __init__(self, component, environ=None):
        self.component, self.percent, self._wrapper = component, None, os.getppid()
        self._path = _OWN.get("path") or job_path(os.environ if environ is None else environ, self._wrapper)
        # What an earlier installer of the same change had reached.
        self._tell(None)

    def heard(self, text):
        """Take note of the newest output; the percentage never goes back."""
        percent = vendor_run.percentage(text)
        if percent is not None and (self.percent is None or percent > self.percent):
            self.percent = percent
            self._tell({"component": self.component, "percent": percent})

    def _tell(self, progress):
        if not self._path:
            return
        progress = dict(progress or {}, **_AT_WORK) or None
        try:
            if os.getppid() != self._wrapper or not tell(self._path, progress):
                self._path = None
        except (OSError, ValueError):
            self._path = None
