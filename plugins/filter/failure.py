# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for what a host has said and a person is to read: a failed result, and a text."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import failure
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import text as screen


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"failure": failure.read, "printable": screen.clean}
