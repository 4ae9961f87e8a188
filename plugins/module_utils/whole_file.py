# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a small text file in its place so that a reader sees the old one or the new one, never half of it.

Touches the host, or the control node, unlike most of module_utils.
"""

import os
import tempfile


def put(path, text, mode=0o644):
    """Write text to path, with this mode whatever the umask is. What cannot be encoded is replaced.

    Raises:
        OSError: it cannot be written; then the old file is still there, and no draft.
    """
    handle, draft = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".%s." % os.path.basename(path))
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
        os.chmod(draft, mode)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
