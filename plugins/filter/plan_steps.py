# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that pick from a plan what a role works with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import steps as planning
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Plan, Step


def plan_steps(plan: Plan, components: Iterable[str]) -> list[Step]:
    """The steps of the plan that belong to these components, in the plan's order."""
    wanted = set(components)
    return [step for step in plan["steps"] if step["component"] in wanted]


def stage_files(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """What ascend.fleet.stage takes, for the packages the steps name, with the hash that a saved plan holds them to."""
    return [
        {"name": step["package"], **({"sha256": step["sha256"]} if step.get("sha256") else {})}
        for step in steps
        if step["package"]
    ]


def unproven(steps: Iterable[Step], facts: dict[str, Any]) -> list[str]:
    """What a fresh observation does not prove of finished driver and firmware steps."""
    return [clean(said) for said in planning.unproven(facts, list(steps))]


def step_words(step: Step) -> str:
    """A step in words, which name a task."""
    return clean(planning.describe(step), 300)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"plan_steps": plan_steps, "stage_files": stage_files, "step_words": step_words, "unproven": unproven}
