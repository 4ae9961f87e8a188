# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a program runs as that root starts, and what that user may do.

Root executes nothing that an ordinary user can write: a program in somebody's tree runs as that somebody.
Touches the host, unlike most of module_utils.
"""

import grp
import os
import pwd


class Account(object):
    """A user for a process: name, uid, gid and all of its groups.

    Attributes:
        note: why it is this one where that should be told, or None.
    """

    def __init__(self, name, uid, gid, groups=(), note=None):
        self.note = note
        self.name = name
        self.uid = uid
        self.gid = gid
        self.groups = sorted(set(groups) | {gid})

    def with_group(self, gid):
        """The same user with one more group for this process; root's group is given to nobody."""
        return Account(self.name, self.uid, self.gid, set(self.groups) | ({gid} if gid else set()))

    def become(self):
        """Make this process the user's, for good. Raises OSError when it may not."""
        if os.geteuid() == self.uid != 0:
            return
        os.setgroups(self.groups)
        os.setgid(self.gid)
        os.setuid(self.uid)

    def refused(self, needs):
        """The first path that this user may not use, or None. Asks the kernel: rights of folders above and ACLs count.

        Args:
            needs: [(path, os.R_OK | ...)].

        Raises:
            OSError: this process may not become the user.
        """
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            code = 255
            try:
                self.become()
                code = next((min(number, 253) for number, need in enumerate(needs) if not os.access(*need)), 254)
            finally:
                # Never back into the module, whatever happens here.
                os.write(writer, bytes((code,)))
                os._exit(0)
        os.close(writer)
        try:
            answer = os.read(reader, 1)
        finally:
            os.close(reader)
            os.waitpid(child, 0)
        if answer == b"\xff" or not answer:
            raise OSError(1, "this process may not become the user %s" % self.name)
        return None if answer == b"\xfe" else needs[ord(answer)][0]


def current(note=None):
    """The account this process has."""
    return Account(_name(os.geteuid()), os.geteuid(), os.getegid(), os.getgroups(), note)


def by_name(name):
    """The account of a name with the groups it has, or None."""
    try:
        entry = pwd.getpwnam(name)
    except (KeyError, ValueError, UnicodeError):
        return None
    return _of_entry(entry)


def by_uid(uid, gid):
    """The account of a number; with no more than its group where the host has no name for it."""
    try:
        return _of_entry(pwd.getpwuid(uid))
    except KeyError:
        return Account(str(uid), uid, gid)


def of_owner(path):
    """The owner of a path (of a link itself) where root has to become it; None where this process can stay what it is.

    Raises:
        OSError: the path is not there.
    """
    status = os.lstat(path)
    return by_uid(status.st_uid, status.st_gid) if os.geteuid() == 0 and status.st_uid != 0 else None


def group_name(gid):
    """The name of a group, or its number as text."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _of_entry(entry):
    try:
        groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    except OSError:
        groups = []
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, groups)


def _name(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
