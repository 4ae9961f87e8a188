# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file as it was before somebody changes it, so that it can be put back byte for byte. Touches the host."""

import base64
import os
import stat

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file

_LIMIT = 1 << 20


def keep(path):
    """What a file is now, as data for a record: {"path", "content" (base64, None where there is none), "mode", "uid",
    "gid"}. A link is followed.

    Raises:
        OSError: it cannot be read, or is no file of a sensible size.
    """
    path = os.path.realpath(path)
    try:
        facts = os.stat(path)
    except FileNotFoundError:
        return {"path": path, "content": None, "mode": None, "uid": None, "gid": None}
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LIMIT:
        raise OSError("%s is no file, or larger than %d bytes" % (path, _LIMIT))
    with open(path, "rb") as stream:
        content = base64.b64encode(stream.read(_LIMIT)).decode("ascii")
    mode = stat.S_IMODE(facts.st_mode)
    return {"path": path, "content": content, "mode": mode, "uid": facts.st_uid, "gid": facts.st_gid}


def text_of(kept):
    """The text of a kept file, "" where there was none. Raises UnicodeDecodeError."""
    return base64.b64decode(kept["content"]).decode("utf-8") if kept["content"] else ""


def with_text(kept, text):
    """A kept file with another text."""
    return dict(kept, content=base64.b64encode(text.encode("utf-8")).decode("ascii"))


def put_back(kept):
    """Make a file again what it was. Returns whether it was anything else.

    Raises:
        OSError: it cannot be written.
    """
    path = kept["path"]
    if keep(path) == kept:
        return False
    if kept["content"] is None:
        os.unlink(path)
        return True
    whole_file.put(path, base64.b64decode(kept["content"]), kept["mode"], durable=True)
    if os.stat(path).st_uid != kept["uid"] or os.stat(path).st_gid != kept["gid"]:
        os.chown(path, kept["uid"], kept["gid"])
    return True


def is_kept(value):
    """Whether a value of a record is a file that was kept."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("path"), str)
        and os.path.isabs(value["path"])
        and (value.get("content") is None or _is_whole(value))
    )


def _is_whole(value):
    numbers = [value.get(key) for key in ("mode", "uid", "gid")]
    return isinstance(value["content"], str) and all(isinstance(one, int) and one >= 0 for one in numbers)
