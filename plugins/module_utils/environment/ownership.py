# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies where an environment is wanted: nothing, an empty folder, something of ours, something of somebody else's.

The one rule, for the module that changes environments and for the observation. Reads only; what it reads may belong to
an ordinary user, so nothing is followed, executed, waited for, or read without a limit.
"""

import errno
import os
import pwd
import re
import stat

from ansible_collections.ascend.fleet.plugins.module_utils.environment import wanted as environments

ABSENT, EMPTY, OURS, THEIRS = "absent", "empty", "ours", "theirs"
_LIMIT = 1024 * 1024  # bytes; a record is far smaller
_DRAFT = ".%s." % environments.MARKER  # what a killed run may leave of a record it was writing


class Place(object):
    """What was found: C(kind); C(what) in words; C(owner) and C(uid) of it; our C(record) where it is ours."""

    def __init__(self, kind, what="", uid=None, record=None):
        self.kind, self.what, self.uid, self.record = kind, what, uid, record or {}
        self.owner = user_name(uid) if uid is not None else None

    @property
    def adopted(self):
        """Whether somebody else made it and we were told to take it over."""
        return self.record.get("adopted") is True


def check_path(path):
    """The path without a slash at its end.

    Raises:
        ValueError: it is not one that an environment may have; the text says what is wrong and what to do.
    """
    text = path.rstrip("/")
    wrong = None
    if not path.startswith("/"):
        wrong = "is not absolute"
    elif re.search(r"[\x00-\x1f\x7f]", path):
        wrong = "has control characters in it"
    elif [part for part in text.split("/")[1:] if part in ("", ".", "..")]:
        wrong = "has an empty part, . or .. in it"
    elif text.count("/") < 2:
        wrong = "is / or lies directly below it"
    if wrong:
        raise ValueError(
            "%r cannot be the folder of an environment: it %s. Give a path such as /opt/ascend/envs/mindspore; in the "
            "roles it is ascend_env_root with ascend_env_name." % (path, wrong)
        )
    return text


def user_name(uid):
    """The name of a user, or its number as text."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def is_ours(path, record, folder, file):
    """Whether a folder carries our record.

    Args:
        path: where it lies.
        record: the record as parsed, or None.
        folder: C(uid), C(owner) (name) and C(mode) (int) of the folder itself.
        file: C(uid) of the record's file, which is a regular one; or None.
    """
    return bool(
        record
        and file
        and record.get("path") == path
        and record.get("owner") == folder["owner"]
        and file["uid"] in (0, folder["uid"])
        # What others may write says nothing about who wrote it.
        and not folder["mode"] & stat.S_IWOTH
        and not (folder["uid"] == 0 and folder["mode"] & stat.S_IWGRP)
    )


def describe(names, version):
    """What a folder that is not ours is, in words: by its names and the Python that its pyvenv.cfg states."""
    if version:
        return "a Python %s environment" % ".".join(version.split(".")[:2])
    return "a folder with %d %s" % (len(names), "entry" if len(names) == 1 else "entries")


def venv_version(text):
    """The version of Python that a pyvenv.cfg states, or None."""
    match = re.search(r"^version(?:_info)?\s*=\s*(\d+(?:\.\d+)+)", text or "", re.MULTILINE)
    return match.group(1) if match else None


def look(path):
    """The Place at a path.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        status = os.lstat(path)
    except OSError as exc:
        if exc.errno in (errno.ENOENT, errno.ENOTDIR):
            return Place(ABSENT)
        raise
    if stat.S_ISLNK(status.st_mode):
        return Place(THEIRS, "a symbolic link", status.st_uid)
    if not stat.S_ISDIR(status.st_mode):
        return Place(THEIRS, "a file", status.st_uid)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return _look_into(handle, path)
    finally:
        os.close(handle)


def _look_into(handle, path):
    status = os.fstat(handle)
    names = [name for name in os.listdir(handle) if not name.startswith(_DRAFT)]
    if not names:
        return Place(EMPTY, "an empty folder", status.st_uid)
    folder = {"uid": status.st_uid, "owner": user_name(status.st_uid), "mode": status.st_mode}
    text, uid = read_at(handle, environments.MARKER)
    record = environments.parse_marker(text)
    if is_ours(path, record, folder, None if uid is None else {"uid": uid}):
        return Place(OURS, "an environment of ours", status.st_uid, record)
    what = describe(names, venv_version(read_at(handle, "pyvenv.cfg")[0]))
    if record is not None and record.get("path") not in (None, path):
        what += " whose record names another path"
    elif record is not None:
        what += " whose record is not one of this place and owner"
    return Place(THEIRS, what, status.st_uid)


def read_at(folder, name, limit=_LIMIT):
    """(text, uid) of a regular file in an opened folder; (None, None) of anything else, and of what is too long."""
    try:
        # Without O_NONBLOCK a FIFO that somebody left there would block for ever.
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None, None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None, None
        content = b""
        while len(content) <= limit:
            block = os.read(handle, 65536)
            if not block:
                return content.decode("utf-8", "replace"), status.st_uid
            content += block
        return None, None
    except OSError:
        return None, None
    finally:
        os.close(handle)


def refusal(path, place, owner):
    """Why nothing is done to a place that is not ours, and what to do, in one sentence for the user."""
    return (
        "%s is %s of %s and carries no record of ours for this place: somebody else made it, and it is left alone. "
        "Choose another place with ascend_env_name or ascend_env_root, or move it away; a virtual environment that "
        "belongs to %s can be taken over with ascend_take_over: [python] (take_over of python_environment)."
        % (path, place.what, place.owner, owner)
    )


def mounts_below(path, mountinfo):
    """The mount points strictly below a path, from the text of /proc/self/mountinfo."""
    found = []
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        if len(fields) > 4:
            point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), fields[4])
            if point.startswith(path + "/"):
                found.append(point)
    return found


def untrusted(path, own):
    """The first folder of a path, with those that links in it lead to, that an ordinary user can exchange; or None.

    Args:
        path: a folder; as much of it as exists is looked at.
        own: this process's uid, which is trusted like root's.

    Returns:
        (folder, why) or None. A sticky folder may be on the way: nobody can exchange what root has in it.
    """
    parts, done, links = path.split("/")[1:], "/", 0
    problem = _problem(done, own, last=not parts)
    while parts and not problem:
        step = os.path.join(done, parts[0]) if parts[0] != ".." else os.path.dirname(done)
        try:
            status = os.lstat(step)
        except OSError as exc:
            if exc.errno == errno.ENOENT:
                return _problem(done, own, last=True)
            raise
        if stat.S_ISLNK(status.st_mode):
            links += 1
            if status.st_uid not in (0, own) or links > 40:
                return step, "is a symbolic link of %s" % user_name(status.st_uid)
            target = os.readlink(step)
            done = "/" if target.startswith("/") else done
            parts = [part for part in target.split("/") if part not in ("", ".")] + parts[1:]
            continue
        done, parts = step, parts[1:]
        problem = _problem(done, own, last=not parts)
    return problem


def _problem(folder, own, last):
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode):
        return folder, "is no folder"
    if status.st_uid not in (0, own):
        return folder, "belongs to %s" % user_name(status.st_uid)
    writable = status.st_mode & stat.S_IWOTH or status.st_mode & stat.S_IWGRP and status.st_gid != 0
    if writable and (last or not status.st_mode & stat.S_ISVTX):
        return folder, "can be written by others than root"
    return None
