# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control-node half of python_environment: it can take long, and its host may be lost meanwhile."""

from __future__ import annotations

from ansible_collections.ascend.fleet.plugins.plugin_utils.long_action import LongAction


class ActionModule(LongAction):
    """Runs the module; everything is in its arguments."""
