# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A working folder that root makes, hands over to another user, and later reads from as from a stranger.

Touches the host, unlike most of module_utils.
"""

import os
import shutil
import stat
import tempfile

_NAME = "work"
_ATTEMPTS = 5
_CHUNK = 1 << 20
_NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC


class PrivateFolder(object):
    """A folder of one run. Until hand_over() only this process's user can look into it.

    Attributes:
        path: where it is; nobody but this process's user can put something else there.
    """

    def __init__(self):
        # The user who gets the inner folder could rename it if it were in /tmp itself.
        self._outer = tempfile.mkdtemp(prefix="ascend-fleet-")
        self.path = os.path.join(self._outer, _NAME)
        os.mkdir(self.path, 0o700)
        self._handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._made = []
        self._uid = os.geteuid()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.remove()

    def put(self, name, text):
        """Write a new file, in folders that are made where they are missing."""
        self._make_above(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, 0o600, dir_fd=self._handle), "wb") as handle:
            handle.write(text.encode("utf-8"))
        self._made.append(name)

    def link(self, name, target):
        """Make a symbolic link, and the folders above it that are missing."""
        self._make_above(name)
        os.symlink(target, name, dir_fd=self._handle)
        self._made.append(name)

    def _make_above(self, name):
        above = name.split("/")[:-1]
        for number in range(1, len(above) + 1):
            folder = "/".join(above[:number])
            if folder not in self._made:
                os.mkdir(folder, 0o700, dir_fd=self._handle)
                self._made.append(folder)

    def hand_over(self, account):
        """Give everything in it to a user (run_as.Account); from here on nothing in it can be believed.

        Nobody else can look into it before the last line, so that no name here leads elsewhere.
        """
        os.chmod(self._outer, 0o711)
        for name in self._made:
            os.chown(name, account.uid, account.gid, dir_fd=self._handle, follow_symlinks=False)
        self._uid = account.uid
        os.fchown(self._handle, account.uid, account.gid)

    def read(self, name, limit):
        """The content of a file as bytes; None where there is no regular file of the user's of at most so many bytes.

        A link is not followed, a FIFO not waited for, and somebody else's file (by a hard link) not read.
        """
        stream = self._open(name)
        if stream is None:
            return None
        with stream:
            content = stream.read(limit + 1)
        return content if len(content) <= limit else None

    def copy(self, name, path):
        """Copy a file, as read() would read it, to a new one at path. Returns whether there was one. Raises OSError."""
        stream = self._open(name)
        if stream is None:
            return False
        with stream, open(path, "xb") as target:
            # Whatever the umask is: others read it, only its owner writes it.
            os.fchmod(target.fileno(), 0o644)
            shutil.copyfileobj(stream, target, _CHUNK)
        return True

    def _open(self, name):
        """A stream of a regular file of the user's, in folders that are none of anybody else's links; or None."""
        above, handles = self._handle, []
        try:
            *folders, last = name.split("/")
            for folder in folders:
                handles.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=above))
                above = handles[-1]
            handle = os.open(last, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | _NO_LINK, dir_fd=above)
        except OSError:
            return None
        finally:
            for one in handles:
                os.close(one)
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != self._uid:
            os.close(handle)
            return None
        return os.fdopen(handle, "rb")

    def remove(self):
        """Remove it with all that is in it.

        Raises:
            OSError: something in it cannot be removed, or a process still fills it.
        """
        # Whoever still works here finds no name any more.
        if os.geteuid() == 0:
            os.fchown(self._handle, 0, 0)
        os.fchmod(self._handle, 0o700)
        os.close(self._handle)
        for attempt in range(_ATTEMPTS):
            try:
                shutil.rmtree(self._outer)
                return
            except OSError:
                if attempt == _ATTEMPTS - 1:
                    raise
