# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders in which root may believe what it reads, because only root can have put it there. Touches the host.

The walk goes from / downwards. A folder that only root can write cannot be exchanged below our feet, and neither can a
link in it, so that looking first and using afterwards is safe here.
"""

import errno
import os
import stat

# What exists for one boot only: locks, and the records of asynchronous tasks.
RUN_DIR = "/run/ascend-fleet"
# Folders above this one are taken as they are. Only tests, which cannot work below /, set it.
TOP = "/"
_LINKS = 40
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class UnsafeFolder(Exception):
    """Somebody else than root could change what is in a folder; the text says who and what to do.

    Attributes:
        facts: {"cause", "fix"} of the message.
    """

    def __init__(self, what, cause, fix):
        super(UnsafeFolder, self).__init__("%s. Cause: %s. Fix: %s." % (what, cause, fix))
        self.facts = {"cause": cause, "fix": fix}


def ours(facts):
    """Whether only root, or the user that we are, can change what has this stat result."""
    return facts.st_uid in (0, os.geteuid()) and (stat.S_ISLNK(facts.st_mode) or not facts.st_mode & _OTHERS)


def ensure(path, mode=0o755, variable="ascend_state_dir"):
    """Make a folder and those above it that lack, with this mode whatever the umask; existing ones keep theirs.

    Args:
        path: absolute.
        mode: permissions of what is made.
        variable: what the user sets to have another folder, for the message.

    Raises:
        UnsafeFolder: a folder on the way belongs to somebody else, or others may write there.
        OSError: it cannot be made.
    """
    _walk(path, mode, variable)


def check(path, variable="ascend_state_dir"):
    """As ensure, but nothing is made: what is not there yet is no fault. Raises UnsafeFolder, OSError."""
    _walk(path, None, variable)


def private(path):
    """Make a folder for root only; one of root's that others may enter is closed.

    Ansible makes the folder of asynchronous tasks with the umask it finds: under 0000 everybody may write to it until a
    module closes it. What somebody put there meanwhile is not believed, and not removed either.

    Raises:
        UnsafeFolder: a folder above it, it, or something in it belongs to somebody else.
        OSError: it cannot be made or closed.
    """
    ensure(os.path.dirname(path))
    try:
        facts = os.lstat(path)
    except FileNotFoundError:
        facts = None
    if facts and stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and facts.st_mode & _OTHERS:
        close(path)
        for name in sorted(os.listdir(path)):
            owner = os.lstat(os.path.join(path, name)).st_uid
            if owner not in (0, os.geteuid()):
                raise UnsafeFolder(
                    "The folder %s cannot be used" % path,
                    "everybody could write to it, and %s in it belongs to uid %d" % (name, owner),
                    "look at what it is and remove it",
                )
    ensure(path, 0o700)
    close(path)


def close(path):
    """Let nobody but its owner, who must be us, into a folder. Raises OSError where it is a link or is not ours."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        facts = os.fstat(handle)
        if facts.st_uid != os.geteuid():
            raise OSError(errno.EPERM, "belongs to uid %d" % facts.st_uid, path)
        if stat.S_IMODE(facts.st_mode) != 0o700:
            os.fchmod(handle, 0o700)
    finally:
        os.close(handle)


def file_is_ours(path):
    """Whether a file, the links that lead to it and every folder on the way can be changed by root only."""
    try:
        return _walk(path, None, "path", leaf=True)
    except (UnsafeFolder, OSError):
        return False


def _walk(path, mode, variable, leaf=False):
    """Look at every folder from / to path, links followed. With leaf, whether path is a regular file of ours."""
    if not os.path.isabs(path):
        raise UnsafeFolder(
            "The folder %s cannot be used" % path,
            "it is no absolute path",
            "set %s to a path that begins with /" % variable,
        )
    here, links = "/", 0
    _judge(here, os.lstat(here), path, variable)
    todo = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    while todo:
        part = todo.pop()
        if part == "..":
            here = os.path.dirname(here)
            continue
        new = os.path.join(here, part)
        try:
            facts = os.lstat(new)
        except FileNotFoundError:
            if mode is None:
                return False
            facts = _make(new, mode)
        if stat.S_ISLNK(facts.st_mode):
            links += 1
            if links > _LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            target = os.readlink(new)
            here = "/" if os.path.isabs(target) else here
            todo += [word for word in reversed(target.split("/")) if word not in ("", ".")]
            continue
        if leaf and not todo:
            return stat.S_ISREG(facts.st_mode) and ours(facts)
        _judge(new, facts, path, variable)
        here = new
    return not leaf


def _make(path, mode):
    """A new folder; another run may have made it meanwhile, it is looked at either way."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return os.lstat(path)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(handle, mode)
        return os.fstat(handle)
    finally:
        os.close(handle)


def _judge(folder, facts, path, variable):
    """Raise UnsafeFolder unless this folder on the way to path is one that only root can change."""
    if not stat.S_ISDIR(facts.st_mode):
        raise UnsafeFolder(
            "The folder %s cannot be used" % path,
            "%s is no folder" % folder,
            "move it away, or set %s to another path" % variable,
        )
    if TOP != "/" and (TOP + "/").startswith(folder.rstrip("/") + "/"):
        return
    if ours(facts):
        return
    if facts.st_uid not in (0, os.geteuid()):
        cause = "%s belongs to uid %d and not to root" % (folder, facts.st_uid)
    else:
        cause = "%s can be written by others than root (mode %04o)" % (folder, stat.S_IMODE(facts.st_mode))
    raise UnsafeFolder(
        "The folder %s is not safe: somebody else could have put there what root then trusts" % path,
        cause,
        "look at what is in it, then make it again as root with mode 0755, or set %s to a path of which every folder"
        " belongs to root and is writable for root only" % variable,
    )
