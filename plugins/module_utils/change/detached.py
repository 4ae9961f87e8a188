# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job that leaves the process that has started it, with a record as Ansible's own async_wrapper keeps one.

The wrapper has to be on the host as a file, beside the module as a file: two transfers, four commands and a Python more
than a module that is sent down a connection. Here the module itself divides: the first process tells the job's name and
is gone, the second waits for the third, which does the work, and puts down what it has said or how it died.
"""

import gc
import json
import os
import random
import re
import select
import signal
import sys
import tempfile

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change import job, percentage
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder

FOLDER = safe_folder.RUN_DIR + "/async"
# What ps -o comm shows of them, at most 15 characters.
JOB, WATCH = "ascend-job", "ascend-job-wait"
NAME = re.compile(r"j[0-9]+\.[0-9]+\Z")
_WORDS = 2000  # of what a job has said on its standard error, where it gave no answer


class _TimeUp(Exception):
    pass


def leave(limit, folder=FOLDER, name=None, look_seconds=0):
    """Go on as a job of its own. Returns in the job alone: what it prints from then on is its answer.

    The process that was started tells the job's name, or its result where it ends soon enough, and is gone.

    Args:
        limit: seconds after which the job is ended.
        folder: where the records of jobs are, ours alone.
        name: of the job, by which whoever lost the answer asks for it; matches NAME. Default is one of ours.
        look_seconds: how long the first process waits for the job's end.

    Raises:
        UnsafeFolder: somebody else could change what is there.
        OSError: it cannot be written to, or no process can be started.
    """
    safe_folder.private(os.path.dirname(folder))
    safe_folder.private(folder)
    name = name or "j%d.%d" % (random.SystemRandom().randrange(10**12), os.getpid())
    path = os.path.join(folder, name)
    begun = {"started": 1, "finished": False, "ansible_job_id": name}
    said, complained = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    # Closed when the one that puts down the result is gone: who waits for that is woken, and need not look again.
    over, holds = os.pipe()
    whole_file.put(path, json.dumps(begun), 0o600)
    sys.stdout.flush()
    # What is here now is no garbage: the two others need not look through it, which would copy each page of it.
    getattr(gc, "freeze", int)()  # Python 3.6 has none
    try:
        started = os.fork()
    except OSError:
        os.unlink(path)
        raise
    if started:
        os.close(holds)
        if look_seconds:
            select.select([over], [], [], look_seconds)
        sys.stdout.write("\n%s\n" % json.dumps(_first_answer(path, begun, look_seconds)))
        sys.stdout.flush()
        # Not by sys.exit: what Ansible has unpacked for this module is cleared up on that way, and the job needs it.
        os._exit(0)
    _alone(WATCH)
    try:
        pid = os.fork()
    except OSError as exc:
        _put(path, {"failed": True, "msg": "the job gave no answer (it could not be started): %s" % exc})
        raise SystemExit(0)
    if not pid:
        os.close(holds)
        _alone(JOB)
        os.dup2(said.fileno(), 1)
        os.dup2(complained.fileno(), 2)
        percentage.belong_to(path)
        return
    _put(path, _answer(said, complained, _end(pid, limit)))
    raise SystemExit(0)


def _first_answer(path, begun, look_seconds):
    """What the process that was started says: the job's result, or that it runs."""
    found = job.read(path) if look_seconds else None
    if not found or not job.is_finished(found):
        return dict(begun, changed=True, results_file=path)
    said = job.told(found)
    try:
        job.put_away(path)
    except OSError:  # somebody has cleared the folder meanwhile: the result is told now, or never
        return said
    return said


def _put(path, result):
    """Put a job's result in the place of its record."""
    whole_file.put(path, json.dumps(dict(result, ansible_job_id=os.path.basename(path), finished=True)), 0o600)


def _alone(name):
    """Without the session and the streams of the one before; a connection that is closed ends nothing then."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.close(nothing)
    try:
        with open("/proc/self/comm", "w") as handle:
            handle.write(name)
    except OSError:  # it is for people alone
        return


def _end(pid, limit):
    """How the job ended, in words; empty where it did by itself, None where its time was up."""

    def is_up(*_given):
        raise _TimeUp()

    signal.signal(signal.SIGALRM, is_up)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        _pid, status = os.waitpid(pid, 0)
    except _TimeUp:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else ""


def _answer(said, complained, end):
    """What the job said; a failure in words where that is nothing."""
    if end is None:
        return {"failed": True, "msg": "Timeout exceeded"}
    said.seek(0)
    for line in reversed(said.read().decode("utf-8", "replace").splitlines()):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    complained.seek(0)
    words = complained.read().decode("utf-8", "replace").strip()[-_WORDS:]
    return {"failed": True, "msg": "the job gave no answer (%s): %s" % (end or "it ended", words or "it said nothing")}
