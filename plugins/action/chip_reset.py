# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control-node half of chip_reset: names the run for the host's lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import controller, host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction


class ActionModule(HostAction):
    """Runs the module of the same name."""

    MODULE = "chip_reset"
    FROM_VARIABLES = host_variables.places("state_dir")

    @classmethod
    def completed(cls, args: Mapping[str, Any], templar: Any, task_vars: dict[str, Any]) -> dict[str, Any]:
        return {"controller": controller.run_name(task_vars), **args}
