# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where the collection's observing code touches a host.

Everything that looks at a host takes a view, so it can be shown any host: a real one, a folder that
stands for one (root=..., files only), or a dictionary in a test.
"""

import errno
import os
import stat

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file

_LIMIT = 1024 * 1024  # bytes; no file we read on a host is larger unless it is not what it should be


class HostView(object):
    """Read-only view of a host. Nothing raises: what cannot be read is None, [] or False."""

    def __init__(self, root="/"):
        self.root = root.rstrip("/")

    def _real(self, path):
        return self.root + path

    def read(self, path, limit=_LIMIT, tail=False):
        """The first (``tail``: the last) ``limit`` bytes of a regular file or /proc entry as text, or None.

        A FIFO or a device that somebody left here counts as empty and is not opened: it could block, or act.
        """
        try:
            mode = os.stat(self._real(path)).st_mode
            if not stat.S_ISREG(mode):
                return None if stat.S_ISDIR(mode) else ""
            # It may have become something else since.
            handle = os.open(self._real(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except (OSError, ValueError):
            return None
        try:
            chunks = []
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return ""
            if tail:
                size = os.fstat(handle).st_size
                os.lseek(handle, max(0, size - limit), os.SEEK_SET)
            while limit > 0:
                chunk = os.read(handle, min(limit, 65536))
                if not chunk:
                    break
                chunks.append(chunk)
                limit -= len(chunk)
        except OSError:
            return None
        finally:
            os.close(handle)
        return b"".join(chunks).decode("utf-8", "replace")

    def read_inside(self, folder, name, limit=_LIMIT, tail=False):
        """As read(), of a regular file below a folder that belongs to a user: no link is followed on the way to it."""
        flags, handles, text = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC, [], b""
        try:
            handles.append(os.open(self._real(folder), flags | os.O_DIRECTORY))
            parts = name.split("/")
            for part in parts[:-1]:
                handles.append(os.open(part, flags | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handles[-1]))
            handles.append(os.open(parts[-1], flags | os.O_NOFOLLOW, dir_fd=handles[-1]))
            if not stat.S_ISREG(os.fstat(handles[-1]).st_mode):
                return None
            if tail:
                os.lseek(handles[-1], max(0, os.fstat(handles[-1]).st_size - limit), os.SEEK_SET)
            while len(text) < limit:
                chunk = os.read(handles[-1], min(limit - len(text), 65536))
                if not chunk:
                    break
                text += chunk
        except (OSError, ValueError):
            return None
        finally:
            for handle in handles:
                os.close(handle)
        return text.decode("utf-8", "replace")

    def sha256(self, path):
        """SHA-256 of a file as hex digits, or None where it cannot be read."""
        try:
            return whole_file.sha256(self._real(path))
        except (OSError, ValueError):
            return None

    def listdir(self, path):
        """Sorted names in a folder; [] when it is not there or not readable."""
        try:
            return sorted(os.listdir(self._real(path)))
        except (OSError, ValueError):
            return []

    def exists(self, path):
        """Whether the path leads to something (a dangling link does not)."""
        return os.path.exists(self._real(path))

    def denied(self, path):
        """Whether this user may not even know if the path exists (a folder above it is closed)."""
        try:
            os.stat(self._real(path))
        except (OSError, ValueError) as exc:
            return getattr(exc, "errno", None) == errno.EACCES
        return False

    def isdir(self, path):
        """Whether the path is a folder, or a link to one."""
        return os.path.isdir(self._real(path))

    def isfile(self, path):
        """Whether the path is a regular file, or a link to one."""
        return os.path.isfile(self._real(path))

    def islink(self, path):
        """Whether the path itself is a symbolic link, dangling or not."""
        return os.path.islink(self._real(path))

    def readlink(self, path):
        """The target of a symbolic link as written, or None."""
        try:
            return os.readlink(self._real(path))
        except (OSError, ValueError):
            return None

    def executable(self, path):
        """Whether the path is a regular file with any execute bit set."""
        try:
            mode = os.stat(self._real(path)).st_mode
        except (OSError, ValueError):
            return False
        return stat.S_ISREG(mode) and bool(mode & 0o111)

    def realpath(self, path):
        """The path with every link followed, as seen from the view's root."""
        real = os.path.realpath(self._real(path))
        base = os.path.realpath(self.root or "/").rstrip("/")
        return real[len(base) :] or "/" if real.startswith(base + "/") or real == base else real

    def lstat(self, path):
        """os.lstat of the path: a link is not followed; None when it is not there."""
        try:
            return os.lstat(self._real(path))
        except (OSError, ValueError):
            return None

    def stat_owner(self, path):
        """{"owner", "group", "uid", "gid", "mode": "0755", "type": "dir|file|char|block|other"} or None.

        A user or group without a name is given by number, as text.
        """
        try:
            result = os.stat(self._real(path))
        except (OSError, ValueError):
            return None
        kind = "other"
        for name, test in _TYPES:
            if test(result.st_mode):
                kind = name
                break
        return {
            "owner": _user_name(result.st_uid),
            "group": _group_name(result.st_gid),
            "uid": result.st_uid,
            "gid": result.st_gid,
            "mode": "%04o" % stat.S_IMODE(result.st_mode),
            "type": kind,
        }

    def space(self, path):
        """{"free_mb", "total_mb"} of the file system that holds ``path``, in MiB, or None.

        free_mb is what an unprivileged process may still use.
        """
        try:
            result = os.statvfs(self._real(path))
        except (OSError, ValueError):
            return None
        return {
            "free_mb": result.f_bavail * result.f_frsize // 1048576,
            "total_mb": result.f_blocks * result.f_frsize // 1048576,
        }

    def privileged(self):
        """Whether this process is root's."""
        return os.geteuid() == 0

    def uname(self):
        """{"hostname", "release", "machine"} of the running kernel."""
        result = os.uname()
        return {"hostname": result[1], "release": result[2], "machine": result[4]}

    def glibc(self):
        """The C library as it names itself ("glibc 2.36"), or None where it is another one."""
        try:
            return os.confstr("CS_GNU_LIBC_VERSION")
        except (OSError, ValueError):
            return None

    def account(self, name):
        """{"uid", "group", "groups", "shell", "home"} of a user, local or from a directory, or None."""
        import pwd

        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        try:
            gids = os.getgrouplist(name, entry.pw_gid)
        except OSError:
            gids = [entry.pw_gid]
        return {
            "uid": entry.pw_uid,
            "group": _group_name(entry.pw_gid),
            "groups": sorted(_group_name(gid) for gid in set(gids)),
            "shell": entry.pw_shell,
            "home": entry.pw_dir,
        }

    def group_id(self, name):
        """The number of a group, or None."""
        import grp

        try:
            return grp.getgrnam(name).gr_gid
        except KeyError:
            return None

    def id_holder(self, number):
        """{"user", "group"} that have a number, None for nobody."""
        user, group = _user_name(number), _group_name(number)
        return {"user": user if user != str(number) else None, "group": group if group != str(number) else None}

    def run(self, argv, timeout=10, owner_of=None):
        """What a read-only command prints: (return code, stdout).

        None when it cannot run, takes longer than timeout (seconds), or prints more than any answer of a tool:
        then everything it started is killed.

        Args:
            owner_of: a path; root runs the command as its owner, for a command that looks into what an ordinary user
                can write.
        """
        from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded, run_as

        try:
            account = run_as.of_owner(self._real(owner_of)) if owner_of else None
            done = bounded.run(
                argv, timeout, env=dict(os.environ, LC_ALL="C", LANG="C"), stderr="nowhere", account=account
            )
        except (OSError, ValueError):
            return None
        return None if done.ended else (done.rc, done.stdout.decode("utf-8", "replace"))


_TYPES = (
    ("dir", stat.S_ISDIR),
    ("file", stat.S_ISREG),
    ("char", stat.S_ISCHR),
    ("block", stat.S_ISBLK),
)


def _user_name(uid):
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid):
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
