# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of this run, for the lock and the journal of the hosts it changes."""

from __future__ import annotations

import getpass
import os
import platform


def name() -> str:
    """Who runs the playbook where. Called in an action plugin, whose parent process is the playbook's."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{platform.node()}, pid {os.getppid()}"
