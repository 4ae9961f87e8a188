# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Into which of a run's later plays hosts go: those that change, and those whose network or models are looked at.

A play that no host goes into costs nothing, while one that finds nothing to do costs a process for each of its tasks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Plan
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import part

NETWORKED, INFERRING = "networked", "inferring"


def memberships(plans: Mapping[str, Plan], facts: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The groups of hosts that a run's plays choose by.

    Args:
        plans: by host.
        facts: what host_facts saw, by host; hosts that were not observed may lack.

    Returns:
        rows of C(name) and C(groups): the status of every host that is not converged; C(networked) where a plan sets
        the network of the NPUs, and C(inferring) where a host is none that trains alone. Of these two one host stands
        for all, since the plays choose their hosts themselves.
    """
    groups = {host: [str(plan["status"])] for host, plan in plans.items() if plan["status"] != "converged"}
    for name, concerned in ((NETWORKED, _networked), (INFERRING, _inferring)):
        first = next((host for host, plan in plans.items() if concerned(plan, facts.get(host, {}))), None)
        if first is not None:
            groups.setdefault(first, []).append(name)
    return [{"name": host, "groups": names} for host, names in groups.items()]


def _networked(plan: Plan, _facts: Mapping[str, Any]) -> bool:
    return plan["status"] in ("converged", "pending") and bool(part(plan, "stack").get("device_network"))


def _inferring(_plan: Plan, facts: Mapping[str, Any]) -> bool:
    """Whether a host may turn out to be for inference: before there is a driver not every card tells."""
    return bool(facts) and part(facts, "accelerators").get("role") != "training"
