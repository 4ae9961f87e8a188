# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control-node half of relay: what the host answers is data."""

from __future__ import annotations

import re
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.plugin_utils import host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction

_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._:-]*")


class ActionModule(HostAction):
    """Runs the module of the same name; the packages it names are names, for they are removed by them."""

    MODULE = "relay"
    FROM_VARIABLES = host_variables.places("state_dir")
    _supports_async = False

    def act(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        result = super().act(task_vars)
        packages = result.get("packages", [])
        good = isinstance(packages, list) and all(isinstance(one, str) and _PACKAGE.fullmatch(one) for one in packages)
        if not good:
            raise AnsibleActionFail(
                "The host named packages that are none; nothing is removed from it. Find out what answers there."
            )
        return result
