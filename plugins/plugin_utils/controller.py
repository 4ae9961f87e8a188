# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of this run, for the lock and the journal of the hosts it changes."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import journal


def name() -> str:
    """Who runs the playbook where. Called in an action plugin, whose parent process is the playbook's."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{platform.node()}, pid {os.getppid()}"


def run_name(task_vars: Mapping[str, Any]) -> str:
    """The run's name in the journal; a plan that goes back says so, for a rollback is never rolled back."""
    target = (task_vars.get("ascend_plan") or {}).get("target")
    return journal.rollback_name(name()) if target in ("previous", "undo") else name()
