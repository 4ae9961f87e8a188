# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control-node half of om_check: what the host answers is data."""

from __future__ import annotations

from ansible_collections.ascend.fleet.plugins.plugin_utils import host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction


class ActionModule(HostAction):
    """Runs the module of the same name."""

    MODULE = "om_check"
    FROM_VARIABLES = host_variables.places("state_dir", "install_path")
