# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a small text file in its place so that a reader sees the old one or the new one, never half of it.

Touches the host, or the control node, unlike most of module_utils.
"""

import os
import re
import stat
import tempfile
import time

# Seconds after which a draft is one that a killed process left.
_ABANDONED = 3600


def put(path, text, mode=0o644):
    """Write text to path, with this mode whatever the umask is. What cannot be encoded is replaced.

    Raises:
        OSError: it cannot be written; then the old file is still there, and no draft.
    """
    handle, draft = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".%s." % os.path.basename(path))
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as stream:
            # Of the file we have open: the name may lead elsewhere where somebody else can write the folder.
            os.fchmod(handle, mode)
            stream.write(text)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
    _clear(path)


def _clear(path):
    """Remove drafts of this file that were never finished. A draft that cannot be removed harms nobody."""
    folder, name = os.path.split(path)
    draft = re.compile(r"\.%s\.[a-z0-9_]{8}\Z" % re.escape(name))
    for entry in os.listdir(folder or "."):
        if not draft.match(entry):
            continue
        old = os.path.join(folder, entry)
        try:
            facts = os.lstat(old)
            if (
                stat.S_ISREG(facts.st_mode)
                and facts.st_uid == os.geteuid()
                and time.time() - facts.st_mtime > _ABANDONED
            ):
                os.unlink(old)
        except OSError:
            continue
