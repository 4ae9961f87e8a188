# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock file that only its owner can hold, and that says who holds it. Touches the host.

The kernel gives the lock back when its holder dies. Whoever can open a lock file can hold it, reading is enough:
hence mode 0600, and a file that others could open before is replaced by one that nobody has open.
"""

import errno
import fcntl
import json
import os
import stat
import time

_POLL = 0.5
_LIMIT = 64 * 1024


class LockHeld(Exception):
    """Somebody else has the lock; ``holder`` is what they wrote into it, maybe {}."""

    def __init__(self, holder):
        super(LockHeld, self).__init__("the host is locked")
        self.holder = holder


def take(path, content, patience=0, may_wait=lambda holder: False, prepare=lambda: None):
    """Take the lock and write who holds it.

    Args:
        path: the lock file, in a folder that only its owner can write.
        content: what others are told while we hold it, as data for JSON.
        patience: seconds to wait for a holder that may_wait(holder) says is worth waiting for.
        prepare: makes the folder; called again before each look, for it may be removed while we wait.

    Returns:
        The open descriptor; give it back with release.

    Raises:
        LockHeld: somebody has it, and is not waited for any longer.
        OSError: no lock file can be made there.
    """
    deadline = time.monotonic() + patience
    while True:
        prepare()
        handle, lax = _open(path)
        try:
            if _try(handle):
                if _is(path, handle) and not lax:
                    os.ftruncate(handle, 0)
                    os.pwrite(handle, (json.dumps(content, sort_keys=True) + "\n").encode("utf-8"), 0)
                    return handle
                if lax:
                    # Nobody holds it now, but somebody may have it open: from here on it is no lock.
                    _remove(path, handle)
                os.close(handle)
                continue
            holder = _holder(handle)
        except BaseException:
            _shut(handle)
            raise
        os.close(handle)
        if time.monotonic() >= deadline or not may_wait(holder):
            raise LockHeld(holder)
        time.sleep(_POLL)


def release(handle):
    """Give the lock back; an empty file says that nobody holds it."""
    os.ftruncate(handle, 0)
    os.close(handle)


def _open(path):
    """(descriptor, whether others could open the file until now). Never follows a link or waits for a FIFO."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "is no regular file; remove it", path)
    lax = bool(facts.st_mode & 0o077) or facts.st_uid != os.geteuid()
    if lax:
        os.fchmod(handle, 0o600)
    elif stat.S_IMODE(facts.st_mode) != 0o600:
        os.fchmod(handle, 0o600)  # made under an umask that takes from the owner as well
    return handle, lax


def _try(handle):
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return False
    return True


def _is(path, handle):
    """Whether the path still leads to the open file: a folder that was removed took its lock along."""
    try:
        now = os.lstat(path)
    except OSError:
        return False
    return os.path.samestat(now, os.fstat(handle))


def _remove(path, handle):
    if _is(path, handle):
        os.unlink(path)


def _shut(handle):
    try:
        os.close(handle)
    except OSError:
        pass


def _holder(handle):
    try:
        holder = json.loads(os.pread(handle, _LIMIT, 0).decode("utf-8", "replace") or "{}")
    except (ValueError, RecursionError):
        return {}
    return holder if isinstance(holder, dict) else {}
