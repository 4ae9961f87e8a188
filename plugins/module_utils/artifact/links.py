# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Second names that cached files have in folders of the host, such as a model's, and which of them are ours.

A name is ours when it is a symbolic link into the cache, shares its inode with a file of the cache, or is the very file
that links.json in the state folder remembers: the cache may have let go of its own name since. Everything else is
somebody else's, and is never replaced or removed. Looks at the host through a view.
"""

import json
import os
import stat

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file

RECORD = "links.json"
# No folder of a model or of a channel has more names than that.
_NAMES = 10000


class Links(object):
    """What the cache below a state folder has given names to.

    Args:
        view: the host (host_view.HostView).
        state_dir: the state folder; the cache is C(cache/<sha256>/<file name>) in it.
    """

    def __init__(self, view, state_dir):
        self.view, self.state_dir = view, state_dir.rstrip("/")
        self.cache = self.state_dir + "/cache"
        self._cached, self._remembered = None, None

    def ours(self, target):
        """Whether what has this name is there because we put it there; False for a name that nothing has."""
        info = self.view.lstat(target)
        if info is None:
            return False
        if stat.S_ISLNK(info.st_mode):
            return os.path.normpath(self.view.readlink(target) or "").startswith(self.cache + "/")
        if not stat.S_ISREG(info.st_mode):
            return False
        return self._in_cache(info) or self._record().get(target) == _identity(info)

    def foreign(self, folder):
        """facts["models"]: {"path", "foreign" (the names in a folder that are not ours, sorted)}."""
        names = self.view.listdir(folder)[:_NAMES] if folder else []
        return {"path": folder, "foreign": [name for name in names if not self.ours(folder + "/" + name)]}

    def remember(self, target):
        """Keep what was put there; what is gone is forgotten. Raises OSError."""
        record = {path: value for path, value in self._record().items() if self.view.lstat(path)}
        info = self.view.lstat(target)
        if info and stat.S_ISREG(info.st_mode):
            record[target] = _identity(info)
        whole_file.put(os.path.join(self.state_dir, RECORD), json.dumps(record, sort_keys=True), 0o644)
        self._remembered = record

    def _in_cache(self, info):
        if info.st_nlink < 2:
            return False
        if self._cached is None:
            self._cached = set()
            for folder in self.view.listdir(self.cache):
                for name in self.view.listdir(self.cache + "/" + folder) if len(folder) == 64 else ():
                    found = self.view.lstat("/".join((self.cache, folder, name)))
                    if found and stat.S_ISREG(found.st_mode):
                        self._cached.add((found.st_dev, found.st_ino))
        return (info.st_dev, info.st_ino) in self._cached

    def _record(self):
        if self._remembered is None:
            try:
                value = json.loads(self.view.read(self.state_dir + "/" + RECORD) or "{}")
            except (ValueError, RecursionError):
                value = {}
            self._remembered = value if isinstance(value, dict) else {}
        return self._remembered


def what(info):
    """What a name stands for, in words."""
    if stat.S_ISDIR(info.st_mode):
        return "a folder"
    if stat.S_ISLNK(info.st_mode):
        return "a symbolic link"
    return "a file" if stat.S_ISREG(info.st_mode) else "a special file"


def _identity(info):
    """What tells the file that we put there from one that came after it."""
    return [info.st_ino, info.st_size, info.st_mtime_ns]
