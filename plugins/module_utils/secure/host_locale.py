# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in words when the host's Python cannot name a path that it is given.

Python 3.6 knows seven bits only where the locale is C, and ends with an exception at the first path that is written in
other letters. From 3.7 on it takes UTF-8 there.
"""

import os
import sys


def complaint(values, encode=os.fsencode, encoding=None):
    """Why a path cannot be used on this host and what to do, or None.

    Args:
        values: {name of the option: path, or list of them}; anything else in it is passed over.
        encode: os.fsencode, or its like.
        encoding: what this Python writes file names in.
    """
    encoding = encoding or sys.getfilesystemencoding()
    for name, value in sorted(values.items()):
        for path in value if isinstance(value, (list, tuple)) else (value,):
            if not isinstance(path, str):
                continue
            if "\0" in path:
                return "%s: a path holds no zero byte: %r. Look where the value comes from." % (name, path)
            try:
                encode(path)
            except UnicodeError:
                # ascii() because what is on the other end may be such a locale again.
                return (
                    "%s: this host's Python %s writes file names in %s and cannot name %s. Give it a locale, with "
                    "environment: {LC_ALL: C.UTF-8} of the play or task, take Python 3.7 or later "
                    "(ansible_python_interpreter), or choose a path of ASCII letters."
                    % (name, "%d.%d.%d" % sys.version_info[:3], encoding, ascii(path))
                )
    return None


def paths(spec, params):
    """{option: value} of the options that are paths, or lists of them."""
    return {
        name: params[name] for name, option in spec.items() if "path" in (option.get("type"), option.get("elements"))
    }


def check(module, **more):
    """End a module with that sentence when one of its paths, or of those given besides, is such a path."""
    said = complaint(dict(paths(module.argument_spec, module.params), **more))
    if said:
        module.fail_json(msg=said)
