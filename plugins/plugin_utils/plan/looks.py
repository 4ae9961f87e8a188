# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that hosts make one by one (a second look, a role used alone), gathered to be shown as the plan of a fleet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import text

ACTION = "ascend.fleet.plan"


class Looks:
    """Gathers the plans of single hosts until somebody takes them as lines."""

    def __init__(self) -> None:
        self._plans: dict[str, Any] = {}
        self.said = ""  # what was taken last in each host's own words, to know a message that repeats them

    def add(self, action: str, host: str, result: Mapping[str, Any]) -> bool:
        """Keep a result when it is the plan of this one host.

        Args:
            action: full name of the task's action; only the planner's results are plans.
            host: the host whose task it was.
            result: the task's result.

        Returns:
            Whether it was kept; one that was not is to be shown as it is.
        """
        plans = result.get("plans") if action == ACTION else None
        if not isinstance(plans, Mapping) or set(plans) != {host} or not isinstance(plans[host], Mapping):
            return False
        self._plans[host] = plans[host]
        return True

    def take(self) -> list[str]:
        """Return the lines for what was gathered since the last time: none where there was nothing."""
        taken, self._plans = self._plans, {}
        alone = (
            line for host, plan in taken.items() if plan["status"] == "refused" for line in text.lines({host: plan})
        )
        self.said = " ".join(" ".join(alone).split())
        return text.lines(taken, again=True) if taken else []
