# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which CANN of a host compiles or runs a model, and how a program is started with it. Pure.

Sources: hiascend.com, ATC (environment variables, devlib where there is no driver); pyACL, application development.
"""

import os

from ansible_collections.ascend.fleet.plugins.module_utils import versions

COMPILERS = ("toolkit",)
RUNTIMES = ("nnrt", "toolkit", "nnae")
# The vendor's script, then libraries that it does not know, then programs that come before all others.
_STARTED_WITH = (
    '. "$1" >/dev/null 2>&1; LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$2"; PATH="${3:+$3:}$PATH"; '
    'export LD_LIBRARY_PATH PATH; shift 3; exec "$@"'
)


def choose(rows, products):
    """The row of the release that is in use, of the first product that there is; None without one.

    Args:
        rows: facts["cann"].
        products: the packages that will do, the best first.
    """
    for product in products:
        found = [
            row
            for row in rows
            if row["product"] == product and row.get("set_env") and row.get("version") and not row.get("damaged")
        ]
        found = [row for row in found if row.get("latest")] or found
        if found:
            return max(found, key=lambda row: versions.key(row["version"]))
    return None


def libraries(row, isdir):
    """Folders of the driver's libraries; of the toolkit's stand-ins for them where there is no driver.

    Args:
        row: of choose().
        isdir: os.path.isdir, or its like.
    """
    driver = row["install_path"].rstrip("/") + "/driver/lib64"
    found = [place for place in (driver + "/common", driver + "/driver", driver) if isdir(place)]
    if found:
        return found
    names = ["%s-linux/devlib" % row["arch"]] if row.get("arch") else []
    return [place for place in (os.path.join(row["path"], name) for name in names + ["devlib"]) if isdir(place)]


def command(row, words, folders, first=None):
    """The words that start a program in the release's environment.

    Args:
        row: of choose().
        words: program and arguments.
        folders: of libraries().
        first: folder whose programs come before all others, as the bin of a Python environment.
    """
    return ["/bin/bash", "-c", _STARTED_WITH, "bash", row["set_env"], ":".join(folders), first or ""] + list(words)
