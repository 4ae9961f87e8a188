# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package that root may run: one that nobody can exchange between the check of its hash and its start.

In the cache of stage that is the file itself. A file that somebody else can write, or lies in such a folder, is
copied to a folder of root's first; then the copy is hashed, and the copy is run.
"""

import errno
import os
import shutil
import stat
import uuid

from ansible_collections.ascend.fleet.plugins.module_utils.change import files as package_io
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder

_CHUNK = 1024 * 1024
_SPARE_MB = 64
_FOLDER = "packages"


class CannotCopy(Exception):
    """There is no copy; ``parts`` are what is wrong, why, and what to do."""

    def __init__(self, what, cause, fix):
        super(CannotCopy, self).__init__("%s. Cause: %s. Fix: %s." % (what, cause, fix))
        self.parts = (what, cause, fix)


def secured(path, state_dir):
    """The path itself where only root can change what lies there, else that of a copy below state_dir.

    Only with the host's lock held, and when no installer of an earlier run works: older copies are removed.

    Raises:
        CannotCopy: it is no regular file, changes while it is read, or there is no space.
        OSError: it cannot be read.
    """
    parent = os.path.join(state_dir, _FOLDER)
    if os.path.isdir(parent):
        shutil.rmtree(parent)
    if safe_folder.file_is_ours(path):
        return path
    folder = os.path.join(parent, uuid.uuid4().hex)
    safe_folder.ensure(parent, 0o700)
    safe_folder.ensure(folder, 0o700)
    try:
        return _copy(path, os.path.join(folder, os.path.basename(path)))
    except BaseException:
        shutil.rmtree(parent, ignore_errors=True)
        raise


def forget(path, state_dir):
    """Remove the copy, if path is one."""
    parent = os.path.join(state_dir, _FOLDER)
    if path and path.startswith(parent + "/"):
        shutil.rmtree(parent, ignore_errors=True)


def _copy(path, target):
    # Somebody else may put a FIFO there at any time, which an ordinary open would wait for.
    source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(source, "rb") as reader:
        facts = os.fstat(source)
        if not stat.S_ISREG(facts.st_mode):
            raise CannotCopy(
                "The package %s cannot be used" % path,
                "it is no regular file",
                "set path to the .run file on the managed host",
            )
        free, need = package_io.free_mb(target), facts.st_size // (1024 * 1024) + 1 + _SPARE_MB
        if free is not None and free < need:
            raise _full(path, target, "%d MB are free there, %d MB are needed" % (free, need))
        left = facts.st_size
        try:
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writer:
                while left:
                    piece = reader.read(min(_CHUNK, left))
                    if not piece:
                        break
                    writer.write(piece)
                    left -= len(piece)
        except OSError as exc:
            if exc.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _full(path, target, exc.strerror)
            raise
    if left:
        raise CannotCopy(
            "The package %s cannot be used" % path,
            "it became shorter while it was read",
            "let it be transferred to its end, then run again",
        )
    return target


def _full(path, target, cause):
    return CannotCopy(
        "The package %s lies where others than root can exchange it, and there is no space for a copy of root's" % path,
        "%s: %s" % (os.path.dirname(os.path.dirname(target)), cause),
        "free space there, or put the package into a folder that only root can write",
    )
