# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which paths and names from variables may become folders of a host that we make, change and remove.

Pure. A typing error must not widen a folder: an empty name, "." or "../envs" would stand for every environment.
"""

import posixpath
import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_LONGEST_NAME, _LONGEST_PATH = 128, 1024


def name_problem(value):
    """Why a value cannot be the name of a folder or of an account, as a clause with the fix; None when it can."""
    if not isinstance(value, str) or not _NAME.match(value) or len(value) > _LONGEST_NAME:
        return "it takes a name of letters, digits, '.', '_' and '-' that begins with a letter or a digit"
    return None


def path_problem(value):
    """Why a value cannot be a folder of ours, as a clause with the fix; None when it can."""
    if not isinstance(value, str) or not value.startswith("/"):
        return "it takes an absolute path, such as /data/ascend"
    if any(ord(char) < 32 or ord(char) == 127 for char in value) or value != value.strip():
        return "it takes a path without line breaks, control characters and blanks around it"
    if len(value) > _LONGEST_PATH:
        return "it takes a path of at most %d characters" % _LONGEST_PATH
    plain = value[:-1] if value.endswith("/") else value
    if posixpath.normpath(value) != plain or value.startswith("//"):
        return "it takes a path without '..', '.' and '//'"
    if plain.count("/") < 2:
        return "it takes a folder inside one of the host's top folders, such as /data/ascend"
    return None
